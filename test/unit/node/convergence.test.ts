/** After writes stop, every node holds the same keys, values and versions (guarantees). */
import { describe, expect, test } from "bun:test";
import { createSeededRandom, randomBelow } from "../../../src/base/random.ts";
import type { RemoveAnswer, WriteAnswer } from "../../../src/http/service.ts";
import { MemoryCluster, type MemoryClusterOptions } from "../../support/memory-cluster.ts";

async function cluster(options: Partial<MemoryClusterOptions> = {}): Promise<MemoryCluster> {
  const started = new MemoryCluster({
    ...{ followers: 5, writeQuorum: 3, minDelayMs: 0.1, maxDelayMs: 1 },
    ...options,
  });
  await started.start();
  return started;
}

const QUORUMS = [0, 1, 2, 3, 4, 5];

describe("every node is equal after a pause", () => {
  test.each(QUORUMS)("when two writers share one key, at quorum %i", async (writeQuorum) => {
    const group = await cluster({ writeQuorum, seed: writeQuorum + 10 });
    const writer = async (name: string) => {
      for (let count = 0; count < 50; count++) {
        await group.write("shared", JSON.stringify(`${name} ${count}`));
      }
    };
    await group.outcome(Promise.all([writer("one"), writer("other")]));
    await group.clock.advance(1_000);
    expect(new Set(group.digests()).size).toBe(1);
    const held = group.followers.map(({ service }) => service.readLocal("shared"));
    expect(held).toEqual(Array(5).fill(group.leader.service.readLocal("shared")));
    expect(held[0]?.sequence).toBe(100);
  });

  test.each(QUORUMS)("when one follower was slow, at quorum %i", async (writeQuorum) => {
    const group = await cluster({ writeQuorum, seed: writeQuorum + 20 });
    const writes = [];
    for (let count = 0; count < 200; count++) {
      if (count === 20) {
        group.stall(4);
      }
      writes.push(group.write(`key${count % 7}`, String(count)));
      await group.clock.advance(0.2);
    }
    if (writeQuorum < 5) {
      // They are answered while the slow one still knows nothing of them.
      await group.outcome(Promise.all(writes));
      expect(group.follower(4).service.status().watermark).toBeLessThan(50);
    }
    group.resume(4);
    await group.outcome(Promise.all(writes));
    await group.clock.advance(1_000);
    expect(new Set(group.digests()).size).toBe(1);
    expect(group.leader.service.status()).toMatchObject({ commitWatermark: 200, watermark: 200 });
  });

  test("when the delay is turned off while copies are under way", async () => {
    const group = await cluster({ minDelayMs: 50, maxDelayMs: 100, writeQuorum: 1 });
    const writes: Promise<unknown>[] = [group.write("key", "1"), group.write("other", "1")];
    await group.clock.advance(1);
    await group.outcome(group.leader.service.configure({ minDelayMs: 0, maxDelayMs: 0 }));
    writes.push(group.write("key", "2"), group.leader.service.remove("other"));
    await group.outcome(Promise.all(writes));
    await group.clock.advance(1_000);
    expect(new Set(group.digests()).size).toBe(1);
    expect(group.follower(0).service.readLocal("key")?.value).toBe("2");
  });
});

describe("a write's latency", () => {
  test("at quorum 1 is below that at quorum 5", async () => {
    const meanMs = async (writeQuorum: number) => {
      const group = await cluster({ writeQuorum, seed: 5 });
      const startMs = group.clock.nowMs();
      for (let count = 0; count < 300; count++) {
        await group.outcome(group.write("key", String(count)));
      }
      return (group.clock.nowMs() - startMs) / 300;
    };
    // The k-th of 5 is due at 0.1 + 0.9·k/6 ms: 0.25 and 0.85.
    expect(await meanMs(1)).toBeCloseTo(0.25, 1);
    expect(await meanMs(5)).toBeCloseTo(0.85, 1);
  });
});

describe("a tombstone", () => {
  const tombstones = (group: MemoryCluster) =>
    [group.leader, ...group.followers].map(({ node }) => node.group.replica.tombstones);

  test("is forgotten everywhere once every follower has it", async () => {
    const group = await cluster();
    await group.outcome(group.write("key", "1"));
    await group.outcome(group.leader.service.remove("key"));
    await group.clock.advance(1_500);
    expect(tombstones(group)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(group.leader.service.readLocal("key")).toBeUndefined();
  });

  test("is kept while one follower is away, and the key does not come back with it", async () => {
    const group = await cluster();
    await group.outcome(group.write("key", "1"));
    await group.untilEqual();
    group.stall(4);
    group.cut(4);
    await group.outcome(group.leader.service.remove("key"));
    await group.clock.advance(10_000);
    expect(tombstones(group)).toEqual([1, 1, 1, 1, 1, 0]);
    expect(group.follower(4).service.readLocal("key")?.value).toBe("1");
    group.resume(4);
    await group.untilEqual();
    await group.clock.advance(1_500);
    expect(tombstones(group)).toEqual([0, 0, 0, 0, 0, 0]);
    for (const { service } of [group.leader, ...group.followers]) {
      expect(service.readLocal("key")).toBeUndefined();
    }
  });

  test("is not outlived by a copy that the network has kept for long", async () => {
    const group = await cluster({ writeQuorum: 0, minDelayMs: 20_000, maxDelayMs: 20_000 });
    await group.outcome(group.write("key", "1"));
    await group.clock.advance(10);
    await group.outcome(group.leader.service.configure({ minDelayMs: 0, maxDelayMs: 0 }));
    await group.outcome(group.leader.service.remove("key"));
    for (let second = 0; second < 40; second++) {
      await group.clock.advance(1_000);
      const held = group.followers.map(({ service }) => service.readLocal("key")?.value);
      expect(held).toEqual(Array(5).fill(undefined));
    }
    expect(tombstones(group)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(new Set(group.digests()).size).toBe(1);
  });

  test("is not undone by a copy of a lost connection at a follower that starts anew", async () => {
    const group = await cluster({
      ...{ followers: 1, writeQuorum: 0, minDelayMs: 5_000, maxDelayMs: 5_000 },
    });
    await group.outcome(group.write("late", "1"));
    await group.outcome(group.leader.service.configure({ minDelayMs: 0, maxDelayMs: 0 }));
    await group.outcome(group.leader.service.remove("late"));
    group.cut(0);
    await group.clock.advance(2_000);
    expect(tombstones(group)).toEqual([0, 0]);
    // So much that catch-up takes several pages.
    for (const key of ["a", "b", "c", "d"]) {
      await group.outcome(group.write(key, JSON.stringify("x".repeat(200_000))));
    }
    await group.clock.advance(2_500);
    group.follower(0).stop();
    group.follower(0).start();
    await group.untilHolds(
      () => group.leader.service.status().followers[0]?.connected === true && group.synced === 0,
    );
    // The first page is on its way; the late copy is due before the second.
    group.stall(0);
    await group.clock.advance(1_000);
    group.resume(0);
    await group.untilEqual();
    expect(group.follower(0).service.readLocal("late")).toBeUndefined();
  });
});

/** A few hundred random misfortunes while clients write; gives the group when all has healed. */
async function misfortunes(seed: number): Promise<MemoryCluster> {
  const random = createSeededRandom(seed);
  const below = (limit: number) => randomBelow(random, limit);
  const group = await cluster({
    ...{ followers: 3, writeQuorum: below(4), seed },
    ...{ minDelayMs: 0, maxDelayMs: below(3), replicationTimeoutMs: 300 },
    linkQueueBytes: 2_000,
  });
  const outcomes: Promise<unknown>[] = [];
  const write = () => {
    const key = `key${below(5)}`;
    const change = async (): Promise<WriteAnswer | RemoveAnswer> =>
      below(4) === 0
        ? group.leader.service.remove(key)
        : group.write(key, JSON.stringify("x".repeat(below(400))));
    const caught = change().then(
      ({ entry, acks, required }) => {
        expect(acks).toBeGreaterThanOrEqual(required);
        const standing = group.leader.service.readLocal(key)?.sequence;
        expect(standing ?? Number.POSITIVE_INFINITY).toBeGreaterThanOrEqual(entry?.sequence ?? 0);
      },
      (error) => expect(error).toHaveProperty("code"),
    );
    outcomes.push(caught);
  };
  for (let step = 0; step < 300; step++) {
    const index = below(3);
    const happens = below(20);
    if (happens < 12) {
      write();
    } else if (happens === 12) {
      group.stall(index);
    } else if (happens < 15) {
      group.resume(index);
    } else if (happens === 15) {
      group.cut(index);
    } else if (happens === 16) {
      group.follower(index).stop();
      group.follower(index).start();
    }
    await group.clock.advance(below(3) === 0 ? below(200) : random.next());
  }
  for (const index of [0, 1, 2]) {
    group.resume(index);
  }
  await group.outcome(Promise.all(outcomes));
  return group;
}

describe("after random misfortunes", () => {
  const seeds = Array.from({ length: Number(process.env.SEEDS ?? 12) }, (_, seed) => seed);
  test.each(seeds)("no client waits and all nodes end equal (seed %i)", async (seed) => {
    const group = await misfortunes(seed);
    await group.untilEqual();
    await group.clock.advance(2_000);
    expect(new Set(group.digests()).size).toBe(1);
    const { watermark, commitWatermark, followers } = group.leader.service.status();
    expect(commitWatermark).toBe(watermark);
    expect(followers).toMatchObject(Array(3).fill({ synced: true, watermark }));
    expect(group.leader.node.group.replica.tombstones).toBe(0);
  });
});
