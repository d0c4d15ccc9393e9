/** A node that stops finishes what is under way, takes nothing new and leaves no timer behind. */
import { describe, expect, test } from "bun:test";
import { kvErrorOf } from "../../support/kv-error.ts";
import { MemoryCluster } from "../../support/memory-cluster.ts";

async function cluster(): Promise<MemoryCluster> {
  const group = new MemoryCluster({ followers: 2, writeQuorum: 2 });
  await group.start();
  return group;
}

describe("a leader that drains", () => {
  test("waits for the writes that are under way and refuses new ones", async () => {
    const group = await cluster();
    group.stall(1);
    const write = group.write("key", "1");
    let drained = false;
    const drain = group.leader.node.drain(1_500).then(() => {
      drained = true;
    });
    await group.clock.advance(100);
    expect(drained).toBe(false);
    const error = await kvErrorOf(() => group.write("key", "2"));
    expect(error).toMatchObject({ code: "stopping", outcome: "refused" });
    group.resume(1);
    expect(await group.outcome(write)).toMatchObject({ acks: 2 });
    await group.outcome(drain, 10);
  });

  test("gives up after its patience", async () => {
    const group = await cluster();
    group.stall(1);
    const write = kvErrorOf(() => group.write("key", "1"));
    const before = group.clock.nowMs();
    await group.outcome(group.leader.node.drain(300));
    expect(group.clock.nowMs() - before).toBeLessThan(320);
    expect((await group.outcome(write)).outcome).toBe("indeterminate");
  });

  test("that has nothing under way is done at once", async () => {
    const group = await cluster();
    const before = group.clock.nowMs();
    await group.outcome(group.leader.node.drain(1_500));
    expect(group.clock.nowMs()).toBe(before);
  });
});

describe("a stopped leader", () => {
  test("leaves nothing waiting, also with a write that was never committed", async () => {
    const group = await cluster();
    group.stall(1);
    await group.outcome(kvErrorOf(() => group.write("key", "1")));
    for (const member of [group.leader, ...group.followers]) {
      member.stop();
    }
    await group.clock.runUntilIdle(0);
  });

  test("leaves nothing waiting, also with a write and a read under way", async () => {
    const group = await cluster();
    group.stall(0);
    group.stall(1);
    const write = kvErrorOf(() => group.write("key", "1"));
    const read = kvErrorOf(() => group.leader.service.readLinearizable("key"));
    await group.clock.advance(10);
    for (const member of [group.leader, ...group.followers]) {
      member.stop();
    }
    expect((await write).outcome).toBe("indeterminate");
    expect((await read).code).toBe("stopping");
    await group.clock.runUntilIdle(0);
  });

  test("leaves nothing waiting when it had just started", async () => {
    const group = new MemoryCluster({ followers: 2, writeQuorum: 2 });
    group.leader.start();
    group.leader.stop();
    await group.clock.runUntilIdle(0);
  });

  test("leaves nothing waiting while copies are delayed", async () => {
    const group = new MemoryCluster({
      followers: 1,
      writeQuorum: 0,
      minDelayMs: 50_000,
      maxDelayMs: 60_000,
    });
    await group.start();
    await group.outcome(group.write("key", "1"));
    group.leader.stop();
    group.follower(0).stop();
    await group.clock.runUntilIdle(0);
  });
});
