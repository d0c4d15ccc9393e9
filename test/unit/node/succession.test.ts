/** The leader is gone: who may lead, who may not, and what people are told that may be lost. */
import { describe, expect, test } from "bun:test";
import { type LogFields, silentLogger } from "../../../src/base/log.ts";
import { kvErrorOf } from "../../support/kv-error.ts";
import { MemoryCluster } from "../../support/memory-cluster.ts";

async function cluster(followers: number, writeQuorum: number): Promise<MemoryCluster> {
  const group = new MemoryCluster({ followers, writeQuorum });
  await group.start();
  await group.outcome(group.write("key", "1"));
  await group.untilEqual();
  return group;
}

describe("followers whose leader is gone", () => {
  test("go on answering local reads, refuse writes, and none of them leads by itself", async () => {
    const group = await cluster(5, 3);
    group.leader.stop();
    await group.clock.advance(600_000);
    for (const { service } of group.followers) {
      expect(service.status().role).toBe("follower");
      expect(service.readLocal("key")?.value).toBe("1");
      const error = await kvErrorOf(() => service.write("key", "2"));
      expect(error).toMatchObject({ code: "not_leader", outcome: "refused" });
      expect(service.readiness()).toMatchObject({ ready: false, error: "recovering" });
    }
  });

  test("one that remembers nothing is not promoted, forced or not", async () => {
    const group = await cluster(3, 2);
    group.leader.stop();
    group.follower(0).stop();
    group.follower(0).start();
    for (const force of [false, true]) {
      const error = await kvErrorOf(() => group.follower(0).service.promote({ force }));
      expect(error).toMatchObject({ code: "unsafe", outcome: "refused" });
    }
    await group.outcome(group.follower(1).service.promote({ force: false }));
    expect(group.follower(1).service.readLocal("key")?.value).toBe("1");
  });

  test("are promoted with N − W that remember, and not with one fewer (N=6, W=3)", async () => {
    const group = await cluster(5, 3);
    group.leader.stop();
    for (const index of [2, 3, 4]) group.follower(index).stop();
    const promote = () => group.follower(0).service.promote({ force: false });
    const error = await group.outcome(kvErrorOf(promote));
    expect(error).toMatchObject({ code: "unsafe", outcome: "refused" });
    const missing = ["leader", "follower3", "follower4", "follower5"];
    expect(error.details.missing).toEqual(missing.map((node) => `http://${node}`));
    expect(group.follower(0).service.status()).toMatchObject({ role: "follower", epoch: 1 });
    // A node that was never there is as good as one that lost all: it holds nothing.
    group.follower(2).start();
    expect((await group.outcome(kvErrorOf(promote))).code).toBe("unsafe");
    group.follower(2).stop();

    const others = await cluster(5, 3);
    others.leader.stop();
    for (const index of [3, 4]) others.follower(index).stop();
    await others.outcome(others.follower(0).service.promote({ force: false }));
    expect(others.follower(0).service.readLocal("key")?.value).toBe("1");
    expect(others.follower(0).service.status().possibleLoss).toEqual([]);
  });
});

describe("what may be lost is said", () => {
  const lossAt = (member: MemoryCluster["leader"]) => member.service.status().possibleLoss;

  test("where a new group begins without nodes that do not answer, which it names", async () => {
    const group = new MemoryCluster({ followers: 3, writeQuorum: 1 });
    for (const index of [0, 1]) group.follower(index).start();
    group.leader.start();
    await group.untilHolds(() => group.leader.service.readiness().ready);
    expect(lossAt(group.leader)).toHaveLength(1);
    expect(lossAt(group.leader)[0]).toContain("without http://follower3:");
  });

  test("where a takeover is forced, with who did not answer, in the log too", async () => {
    const logged: string[] = [];
    const error = (event: string, fields?: LogFields) => {
      if (event === "possible.loss") logged.push(String(fields?.reason));
    };
    const logger = { ...silentLogger, error };
    const group = new MemoryCluster({ followers: 2, writeQuorum: 1, logger });
    await group.start();
    group.leader.stop();
    group.follower(1).stop();
    await group.outcome(group.follower(0).service.promote({ force: true }));
    expect(lossAt(group.follower(0))).toHaveLength(1);
    expect(lossAt(group.follower(0))[0]).toContain("only http://leader, http://follower2 held");
    expect(logged).toEqual([...lossAt(group.follower(0))]);
  });

  test("where a lower quorum is forced", async () => {
    const group = await cluster(2, 2);
    group.follower(0).stop();
    await group.untilHolds(() => group.synced === 1);
    const lower = (force: boolean) => group.leader.service.configure({ writeQuorum: 1 }, { force });
    expect(await group.outcome(kvErrorOf(() => lower(false)))).toMatchObject({
      ...{ code: "not_enough_replicas", outcome: "refused" },
    });
    expect(lossAt(group.leader)).toEqual([]);
    await group.outcome(lower(true));
    expect(lossAt(group.leader)[0]).toContain("forced down to 1");
    await group.outcome(group.write("key", "2"));
  });

  test("where more nodes than W lose their memory at once and another is silent", async () => {
    const group = await cluster(5, 2);
    group.stall(4);
    for (const index of [0, 1, 2, 3]) {
      group.follower(index).stop();
      group.follower(index).start();
    }
    const blank = () => group.followers.filter(({ service }) => service.status().blank).length;
    expect(blank()).toBe(4);
    await group.untilHolds(() => blank() === 0);
    const losses = lossAt(group.leader);
    expect(losses.length).toBeGreaterThan(0);
    expect(losses[0]).toContain("http://follower5");
    // The leader lives, so everything is still there.
    expect(group.follower(0).service.readLocal("key")?.value).toBe("1");
  });

  test("and nothing is said where no more was lost than the promise covers", async () => {
    const group = await cluster(5, 3);
    group.leader.stop();
    for (const index of [0, 1]) {
      group.follower(index).stop();
      group.follower(index).start();
    }
    await group.outcome(group.follower(2).service.promote({ force: false }));
    // Fewer than W + 1 remember: who does not is let in again when every node has answered.
    await group.clock.advance(60_000);
    expect(group.follower(2).service.readiness().ready).toBe(false);
    expect(group.follower(0).service.status().blank).toBe(true);
    group.leader.start();
    await group.untilHolds(() => group.follower(2).service.readiness().ready);
    await group.untilHolds(() => group.leader.service.readiness().ready);
    await group.untilHolds(() => group.follower(0).service.readiness().ready);
    for (const member of [group.leader, ...group.followers]) {
      expect(lossAt(member)).toEqual([]);
      expect(member.service.readLocal("key")?.value).toBe("1");
    }
  });
});
