/** What waits at a leader is bounded: beyond it a write is refused at once, and nothing changes. */
import { expect, test } from "bun:test";
import { kvErrorOf } from "../../support/kv-error.ts";
import { MemoryCluster } from "../../support/memory-cluster.ts";

const PENDING_BYTES = 10_000;
const VALUE = JSON.stringify("x".repeat(1_000));

test("a write beyond PENDING_BYTES is refused at once and changes nothing", async () => {
  const group = new MemoryCluster({ followers: 2, writeQuorum: 2 });
  for (const member of group.followers) member.start();
  group.leader.start({ pendingBytes: PENDING_BYTES });
  await group.untilHolds(() => group.synced === 2);
  group.stall(1);
  const waiting: Promise<unknown>[] = [];
  const { service } = group.leader;
  while ((service.counters().pendingBytes ?? 0) < PENDING_BYTES) {
    waiting.push(group.write(`key${waiting.length}`, VALUE));
  }
  expect(waiting.length).toBeGreaterThan(4);
  const error = await kvErrorOf(() => group.write("key", "1"));
  expect(error).toMatchObject({ code: "overloaded", outcome: "refused", status: 503 });
  expect(service.readiness()).toMatchObject({ ready: false, error: "overloaded" });
  expect(service.status().watermark).toBe(waiting.length);
  expect(service.readLocal("key")).toBeUndefined();
  group.resume(1);
  await group.outcome(Promise.all(waiting));
  await group.outcome(group.write("key", "1"));
});

test("a write while too much is under way to the followers is refused as overload", async () => {
  const group = new MemoryCluster({ followers: 2, writeQuorum: 2 });
  for (const member of group.followers) member.start();
  group.leader.start({ linkQueueBytes: PENDING_BYTES });
  await group.untilHolds(() => group.synced === 2);
  group.stall(0);
  group.stall(1);
  const waiting: Promise<unknown>[] = [];
  for (let count = 0; count < 12; count++) waiting.push(group.write(`key${count}`, VALUE));
  await group.untilHolds(() => group.leader.service.readiness().ready === false);
  expect(group.leader.service.readiness()).toMatchObject({ ready: false, error: "overloaded" });
  const error = await kvErrorOf(() => group.write("key", "1"));
  expect(error).toMatchObject({ code: "overloaded", outcome: "refused", status: 503 });
  expect(error.message).toContain("LINK_QUEUE_BYTES");
  expect(group.leader.service.readLocal("key")).toBeUndefined();
  group.resume(0);
  group.resume(1);
  await group.outcome(Promise.all(waiting));
  await group.untilHolds(() => group.leader.service.readiness().ready);
  await group.outcome(group.write("key", "1"));
});

/** A leader of three; the first follower is connected and synced, and behind. */
async function withOneBehind(writeQuorum: number): Promise<MemoryCluster> {
  const group = new MemoryCluster({ followers: 3, writeQuorum, linkQueueBytes: PENDING_BYTES });
  await group.start();
  group.stall(0);
  for (let count = 0; count < 12; count++) {
    await group.outcome(group.write(`key${count}`, VALUE));
  }
  return group;
}

test("a follower that is behind is not one of those that are said to be missing", async () => {
  const group = await withOneBehind(2);
  group.follower(1).stop();
  group.follower(2).stop();
  await group.untilHolds(() => group.synced === 1);
  const error = await kvErrorOf(() => group.write("key", "1"));
  expect(error).toMatchObject({ code: "not_enough_replicas", details: { connected: 1 } });
});

test("a quorum is not lowered while it hangs on followers that are behind", async () => {
  const group = await withOneBehind(2);
  group.follower(1).stop();
  await group.untilHolds(() => group.synced === 2);
  const { service } = group.leader;
  const overloaded = await kvErrorOf(() => service.configure({ writeQuorum: 1 }));
  expect(overloaded).toMatchObject({ code: "overloaded", outcome: "refused" });
  group.follower(2).stop();
  await group.untilHolds(() => group.synced === 1);
  const missing = await kvErrorOf(() => service.configure({ writeQuorum: 1 }));
  expect(missing).toMatchObject({
    code: "not_enough_replicas",
    details: { connected: 1, missing: ["http://follower2", "http://follower3"] },
  });
});
