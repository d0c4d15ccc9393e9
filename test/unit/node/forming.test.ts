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
    await group.untilHolds(() => group.leader.node.peers[1]?.peer !== undefined);
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

  test("stays recovering, overwrites nothing and says who remembers", async () => {
    const group = await remembering();
    group.leader.start();
    for (let second = 0; second < 60; second++) {
      await group.clock.advance(1_000);
      const error = await kvErrorOf(() => group.write("key", "2"));
      expect(error).toMatchObject({ code: "recovering", outcome: "refused" });
      expect(error.details.remembering).toContain("follower1");
    }
    expect(group.follower(3).service.readLocal("key")?.value).toBe("1");
  });

  test("does so also when enough others are blank, however long it takes", async () => {
    const group = await remembering();
    for (const index of [0, 1, 2]) {
      group.follower(index).stop();
      group.follower(index).start();
    }
    group.leader.start();
    for (let second = 0; second < 120; second++) {
      await group.clock.advance(1_000);
      const error = await kvErrorOf(() => group.write("key", "2"));
      expect(error.code).toBe("recovering");
      expect(error.details.remembering).toEqual(["follower4", "follower5"]);
    }
  });

  test("begins without one that remembers only when that one is gone", async () => {
    const group = await remembering();
    for (const index of [0, 1, 2, 3]) {
      group.follower(index).stop();
      group.follower(index).start();
    }
    group.leader.start();
    await group.clock.advance(10_000);
    expect((await kvErrorOf(() => group.write("key", "2"))).code).toBe("recovering");
    group.follower(4).stop();
    await group.clock.advance(1_000);
    expect(await group.outcome(group.write("key", "2"))).toMatchObject({ entry: { sequence: 1 } });
  });

  test("begins anew once they too have been restarted", async () => {
    const group = await remembering();
    group.leader.start();
    await group.clock.advance(10_000);
    for (const follower of group.followers) {
      follower.stop();
      follower.start();
    }
    await group.untilHolds(() => group.synced === 5, 5_000);
    expect(await group.outcome(group.write("key", "2"))).toMatchObject({ entry: { sequence: 1 } });
  });
});
