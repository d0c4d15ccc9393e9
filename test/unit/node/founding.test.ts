/** How a leader without memory finds out whether this is a new group. */
import { describe, expect, test } from "bun:test";
import { kvErrorOf } from "../../support/kv-error.ts";
import { MemoryCluster } from "../../support/memory-cluster.ts";

describe("a new group", () => {
  test("starts at once when every follower answers", async () => {
    const group = new MemoryCluster({ followers: 5, writeQuorum: 3 });
    await group.start();
    expect(group.clock.nowMs()).toBeLessThan(10);
  });

  test("starts with those that are needed after a second", async () => {
    const group = new MemoryCluster({ followers: 5, writeQuorum: 3 });
    for (const index of [0, 1, 2]) {
      group.follower(index).start();
    }
    group.leader.start();
    await group.clock.advance(990);
    expect((await kvErrorOf(() => group.write("key", "1"))).outcome).toBe("refused");
    await group.clock.advance(50);
    await group.outcome(group.write("key", "1"));
  });

  test("waits for as many followers as the quorum, however long", async () => {
    const group = new MemoryCluster({ followers: 5, writeQuorum: 3 });
    group.follower(0).start();
    group.follower(1).start();
    group.leader.start();
    await group.clock.advance(60_000);
    const error = await kvErrorOf(() => group.write("key", "1"));
    expect(error).toMatchObject({ code: "not_enough_replicas", outcome: "refused" });
    expect(error.details).toEqual({ connected: 2, required: 3 });
    group.follower(2).start();
    await group.untilHolds(() => group.synced === 3, 5_000);
    await group.outcome(group.write("key", "1"));
  });

  test("has a follower that was just being asked as soon as the others", async () => {
    const group = new MemoryCluster({ followers: 2, writeQuorum: 1 });
    group.follower(0).start();
    group.leader.start();
    await group.clock.advance(300);
    // It is greeted and asked, and its answer is on its way when the group forms without it.
    group.follower(1).start();
    await group.untilHolds(() => group.leader.node.group.links?.peers[1]?.peer !== undefined);
    group.stall(1);
    await group.untilHolds(() => group.synced === 1);
    group.resume(1);
    await group.untilHolds(() => group.synced === 2, 600);
  });
});

describe("a leader without memory over followers that remember", () => {
  async function remembering(): Promise<MemoryCluster> {
    const group = new MemoryCluster({ followers: 5, writeQuorum: 3 });
    await group.start();
    await group.outcome(group.write("key", "1"));
    await group.untilEqual();
    group.leader.stop();
    return group;
  }

  test("takes over from their copies, in a new epoch", async () => {
    const group = await remembering();
    group.leader.start();
    await group.untilHolds(() => group.synced === 5, 5_000);
    expect(group.leader.service.readLocal("key")).toMatchObject({ value: "1" });
    expect(group.leader.service.status().epoch).toBeGreaterThan(1);
    const { entry } = await group.outcome(group.write("key", "2"));
    expect(entry.epoch).toBeGreaterThan(1);
    await group.untilEqual();
    expect(group.leader.service.status().possibleLoss).toEqual([]);
  });

  test("waits as long as too few of them answer, and says who is missing", async () => {
    const group = await remembering();
    for (const index of [0, 1, 2]) {
      group.follower(index).stop();
    }
    group.leader.start();
    for (let second = 0; second < 60; second++) {
      await group.clock.advance(1_000);
      const error = await kvErrorOf(() => group.write("key", "2"));
      expect(error.outcome).toBe("refused");
      if (second > 2) {
        expect(error.details.missing).toContain("http://follower1");
      }
    }
    expect(group.follower(3).service.readLocal("key")?.value).toBe("1");
  });

  test("goes on with what there is once all have answered, and says what may be lost", async () => {
    const group = await remembering();
    for (const index of [0, 1, 2]) {
      group.follower(index).stop();
      group.follower(index).start();
    }
    group.leader.start();
    await group.untilHolds(() => group.synced === 5, 10_000);
    expect(group.leader.service.readLocal("key")?.value).toBe("1");
    expect(group.leader.service.status().possibleLoss[0]).toContain("fewer nodes than");
  });

  test("begins anew once they too have been restarted", async () => {
    const group = await remembering();
    for (const follower of group.followers) {
      follower.stop();
      follower.start();
    }
    group.leader.start();
    await group.untilHolds(() => group.synced === 5, 5_000);
    expect(await group.outcome(group.write("key", "2"))).toMatchObject({ entry: { sequence: 1 } });
  });

  test("stands back when one of them leads", async () => {
    const group = await remembering();
    await group.outcome(group.follower(0).service.promote({ force: false }));
    group.leader.start();
    await group.untilHolds(() => group.leader.service.readiness().ready, 10_000);
    expect(group.leader.service.status()).toMatchObject({
      role: "follower",
      leader: "http://follower1",
      synced: true,
    });
    expect(group.leader.service.readLocal("key")?.value).toBe("1");
  });
});
