/** Followers that were away, restarted, slow, silent or of somebody else. */
import { describe, expect, test } from "bun:test";
import { kvErrorOf } from "../../support/kv-error.ts";
import { MemoryCluster } from "../../support/memory-cluster.ts";

async function cluster(options: Partial<ConstructorParameters<typeof MemoryCluster>[0]> = {}) {
  const started = new MemoryCluster({ followers: 3, writeQuorum: 1, ...options });
  await started.start();
  return started;
}

async function writeMany(group: MemoryCluster, count: number, value = "1"): Promise<void> {
  const writes = Array.from({ length: count }, (_, index) => group.write(`key${index}`, value));
  await group.outcome(Promise.all(writes));
}

const seen = (group: MemoryCluster, index: number) =>
  group.leader.service.status().followers[index];

describe("a follower that was away", () => {
  test("catches up by itself when its link is back", async () => {
    const group = await cluster();
    await writeMany(group, 10);
    group.stall(2);
    group.cut(2);
    await writeMany(group, 30, "2");
    await group.outcome(group.leader.service.remove("key0"));
    expect(group.follower(2).service.readLocal("key1")?.value).toBe("1");
    group.resume(2);
    await group.untilEqual();
    expect(group.follower(2).service.readLocal("key0")?.value).toBeUndefined();
    expect(seen(group, 2)).toMatchObject({ synced: true, watermark: 41, lagEntries: 0 });
  });

  test("confirms, when it is back, also what it had before the link broke", async () => {
    const group = await cluster({ followers: 1 });
    const write = kvErrorOf(() => group.write("key", "1"));
    // The entry gets there; the link breaks before the acknowledgement comes back.
    await group.untilHolds(() => group.follower(0).service.status().watermark === 1);
    group.cut(0);
    expect((await group.outcome(write)).outcome).toBe("indeterminate");
    await group.untilHolds(() => group.synced === 1);
    await group.clock.advance(100);
    expect(group.leader.service.status().commitWatermark).toBe(1);
    const read = await group.outcome(group.leader.service.readLinearizable("key"));
    expect(read).toMatchObject({ value: "1" });
  });

  test("catches up from nothing after a restart, and versions go on", async () => {
    const group = await cluster();
    await writeMany(group, 20);
    group.follower(1).stop();
    await writeMany(group, 20, "2");
    group.follower(1).start();
    const error = await kvErrorOf(() => group.follower(1).service.readLocal("key1"));
    expect(error.code).toBe("recovering");
    await group.untilEqual();
    const { entry } = await group.outcome(group.write("key1", "3"));
    expect(entry).toMatchObject({ epoch: 1, sequence: 41 });
    await group.untilEqual();
    expect(group.follower(1).service.readLocal("key1")).toEqual(entry);
  });
});

describe("a follower that keeps silent", () => {
  test("is dropped after 3 s and comes back", async () => {
    const group = await cluster();
    group.stall(2);
    await writeMany(group, 5);
    await group.clock.advance(2_900);
    expect(seen(group, 2)).toMatchObject({ connected: true, watermark: 0 });
    await group.clock.advance(1_200);
    expect(seen(group, 2)).toMatchObject({ connected: false });
    await group.clock.advance(20_000);
    group.resume(2);
    await group.untilEqual();
    expect(seen(group, 2)).toMatchObject({ connected: true, synced: true, watermark: 5 });
  });

  test("does not make the others seem silent", async () => {
    const group = await cluster();
    group.stall(0);
    let lost = 0;
    for (let second = 0; second < 20; second++) {
      await group.clock.advance(1_000);
      lost += group.synced < 2 ? 1 : 0;
    }
    expect(lost).toBe(0);
  });
});

describe("a follower that is too slow", () => {
  const LINK_QUEUE_BYTES = 20_000;
  const VALUE = JSON.stringify("x".repeat(1_000));

  test.each([
    ["without a delay", 0],
    ["with a delay", 5],
  ])("is left behind with bounded memory and catches up by pages, %s", async (_, delayMs) => {
    const group = await cluster({
      linkQueueBytes: LINK_QUEUE_BYTES,
      minDelayMs: delayMs,
      maxDelayMs: delayMs,
    });
    group.stall(2);
    let queueBytesMax = 0;
    for (let index = 0; index < 200; index++) {
      await group.outcome(group.write(`key${index}`, VALUE));
      queueBytesMax = Math.max(queueBytesMax, seen(group, 2)?.queueBytes ?? 0);
    }
    expect(queueBytesMax).toBeGreaterThan(LINK_QUEUE_BYTES);
    expect(queueBytesMax).toBeLessThan(LINK_QUEUE_BYTES + 3_000);
    group.resume(2);
    await group.untilEqual();
    expect(seen(group, 2)).toMatchObject({ synced: true, watermark: 200, lagEntries: 0 });
    await group.clock.advance(600);
    expect(seen(group, 2)?.queueBytes).toBeLessThan(200);
  });

  test("is told nothing new also when the simulated network holds all that it lacks", async () => {
    const group = await cluster({
      ...{ writeQuorum: 0, linkQueueBytes: LINK_QUEUE_BYTES },
      ...{ minDelayMs: 1_000, maxDelayMs: 1_000 },
    });
    let queueBytesMax = 0;
    for (let index = 0; index < 100; index++) {
      await group.outcome(group.write(`key${index}`, VALUE));
      queueBytesMax = Math.max(queueBytesMax, seen(group, 0)?.queueBytes ?? 0);
    }
    expect(queueBytesMax).toBeGreaterThan(LINK_QUEUE_BYTES);
    expect(queueBytesMax).toBeLessThan(LINK_QUEUE_BYTES + 3_000);
    await group.untilEqual();
    expect(seen(group, 0)).toMatchObject({ synced: true, watermark: 100 });
  });

  test("counts for no new write while it is behind", async () => {
    const group = await cluster({ writeQuorum: 3, linkQueueBytes: LINK_QUEUE_BYTES });
    group.stall(2);
    const writes = Array.from({ length: 30 }, (_, index) => group.write(`key${index}`, VALUE));
    await group.clock.advance(1);
    const error = await kvErrorOf(() => group.write("key", "1"));
    expect(error).toMatchObject({ code: "overloaded", outcome: "refused" });
    group.resume(2);
    await group.outcome(Promise.all(writes));
    await group.outcome(group.write("key", "1"));
    await group.untilEqual();
  });
});

describe("a follower of somebody else", () => {
  test("that belongs to another cluster is refused, and writes do not count on it", async () => {
    const group = new MemoryCluster({ followers: 3, writeQuorum: 2 });
    group.follower(0).start({ cluster: "other" });
    group.follower(1).start();
    group.leader.start();
    await group.clock.advance(5_000);
    expect(group.synced).toBe(0);
    expect(group.follower(0).service.status().leader).toBeNull();
    expect((await kvErrorOf(() => group.write("key", "1"))).code).toBe("not_enough_replicas");
    group.follower(2).start();
    await group.untilHolds(() => group.synced === 2);
    await group.outcome(group.write("key", "1"));
  });

  test("that leads a group of its own is left alone", async () => {
    const group = new MemoryCluster({ followers: 1, writeQuorum: 1 });
    group.follower(0).start({ role: "leader", writeQuorum: 0 });
    group.leader.start();
    await group.clock.advance(5_000);
    const error = await kvErrorOf(() => group.write("key", "1"));
    expect(error).toMatchObject({ code: "recovering", outcome: "refused" });
    expect(error.message).toContain("http://leader does not belong");
    expect(group.follower(0).service.status()).toMatchObject({ role: "leader", epoch: 1 });
  });

  test("that holds another group's data is left alone", async () => {
    const group = await cluster({ followers: 3, writeQuorum: 1 });
    await writeMany(group, 5);
    group.leader.stop();
    group.follower(0).stop();
    group.follower(1).stop();
    group.follower(0).start();
    group.follower(1).start();
    // The third is out of sight while the new group forms, and is found later.
    group.stall(2);
    group.leader.start();
    await group.untilHolds(() => group.synced === 2);
    await group.outcome(group.write("key0", "2"));
    group.resume(2);
    await group.clock.advance(30_000);
    expect(seen(group, 2)).toMatchObject({ connected: false, synced: false, watermark: 0 });
    expect(group.follower(2).service.readLocal("key0")?.value).toBe("1");
    expect(group.follower(2).service.status().keys).toBe(5);
    await group.outcome(group.leader.service.configure({ writeQuorum: 3 }));
    expect((await kvErrorOf(() => group.write("key", "1"))).code).toBe("not_enough_replicas");
    group.follower(2).stop();
    group.follower(2).start();
    await group.untilEqual();
    await group.outcome(group.write("key", "1"));
  });
});
