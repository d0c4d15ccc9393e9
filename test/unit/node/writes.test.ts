/** A write's ends: acknowledged, refused, indeterminate (guarantees, "three outcomes"). */
import { describe, expect, test } from "bun:test";
import { kvErrorOf } from "../../support/kv-error.ts";
import { MemoryCluster } from "../../support/memory-cluster.ts";

async function cluster(options: Partial<ConstructorParameters<typeof MemoryCluster>[0]> = {}) {
  const started = new MemoryCluster({ followers: 5, writeQuorum: 3, ...options });
  await started.start();
  return started;
}

describe("an acknowledged write", () => {
  test.each([1, 2, 3, 4, 5])("is settled by acknowledgement %i of 5, not later", async (quorum) => {
    const group = await cluster({ writeQuorum: quorum });
    for (let silent = quorum; silent < 5; silent++) {
      group.stall(silent);
    }
    const before = group.clock.nowMs();
    const answer = await group.outcome(group.write("key", "1"));
    expect(answer).toMatchObject({ acks: quorum, required: quorum });
    expect(group.clock.nowMs()).toBe(before);
    const holders = group.followers.slice(0, quorum).map(({ service }) => service.readLocal("key"));
    expect(holders).toEqual(Array(quorum).fill(answer.entry));
  });

  test("waits while one acknowledgement is missing", async () => {
    const group = await cluster({ writeQuorum: 3 });
    for (const silent of [2, 3, 4]) {
      group.stall(silent);
    }
    let settled = false;
    const write = group.write("key", "1").finally(() => {
      settled = true;
    });
    await group.clock.advance(500);
    expect(settled).toBe(false);
    group.resume(3);
    expect(await group.outcome(write)).toMatchObject({ acks: 3, required: 3 });
  });

  test("is settled one by one, in whatever order the acknowledgements come", async () => {
    const group = await cluster({ writeQuorum: 1, minDelayMs: 0.1, maxDelayMs: 1, seed: 3 });
    const settled: number[] = [];
    const writes = Array.from({ length: 50 }, (_, index) =>
      group.write(`key${index}`, "1").then(({ entry }) => settled.push(entry.sequence)),
    );
    await group.outcome(Promise.all(writes));
    const inOrder = settled.toSorted((a, b) => a - b);
    expect(inOrder).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
    expect(settled).not.toEqual(inOrder);
  });

  test("at quorum 0 waits for nobody", async () => {
    const group = await cluster({ writeQuorum: 0 });
    for (const silent of [0, 1, 2, 3, 4]) {
      group.stall(silent);
    }
    const before = group.clock.nowMs();
    expect(await group.outcome(group.write("key", "1"))).toMatchObject({ acks: 0, required: 0 });
    expect(group.clock.nowMs()).toBe(before);
  });

  test("without followers is the leader's own", async () => {
    const group = new MemoryCluster({ followers: 0, writeQuorum: 0 });
    await group.start();
    expect(await group.outcome(group.write("key", "1"))).toMatchObject({ acks: 0, required: 0 });
    expect(await group.outcome(group.leader.service.readLinearizable("key"))).toMatchObject({
      value: "1",
    });
  });

  test("waits no longer for a quorum that was forced down since", async () => {
    const group = await cluster({ writeQuorum: 5 });
    group.stall(4);
    const old = group.write("old", "1");
    await group.outcome(group.leader.service.configure({ writeQuorum: 1 }, { force: true }));
    const newer = await group.outcome(group.write("new", "1"));
    expect(newer.required).toBe(1);
    expect(await group.outcome(old)).toMatchObject({ required: 1 });
    group.resume(4);
    await group.untilEqual();
  });
});

describe("an indeterminate write", () => {
  test("is called so when the quorum does not answer in time, and arrives in the end", async () => {
    const group = await cluster({ replicationTimeoutMs: 1_000 });
    for (const silent of [2, 3, 4]) {
      group.stall(silent);
    }
    const before = group.clock.nowMs();
    const error = await group.outcome(kvErrorOf(() => group.write("key", "1")));
    expect(error).toMatchObject({ code: "quorum_timeout", outcome: "indeterminate" });
    expect(error.details).toEqual({ acks: 2, required: 3, version: "1.1" });
    const waitedMs = group.clock.nowMs() - before;
    expect(waitedMs).toBeGreaterThanOrEqual(1_000);
    expect(waitedMs).toBeLessThan(1_050);

    for (const silent of [2, 3, 4]) {
      group.resume(silent);
    }
    await group.untilEqual();
    expect(group.follower(4).service.readLocal("key")?.value).toBe("1");
    expect(group.leader.service.status().commitWatermark).toBe(1);
  });

  test("is called so at once when lost followers put the quorum out of reach", async () => {
    const group = await cluster({ writeQuorum: 4 });
    for (const silent of [2, 3, 4]) {
      group.stall(silent);
    }
    const before = group.clock.nowMs();
    const write = kvErrorOf(() => group.write("key", "1"));
    await group.clock.advance(10);
    group.cut(3);
    await group.clock.advance(10);
    group.cut(4);
    const error = await group.outcome(write);
    expect(error).toMatchObject({ code: "quorum_unreachable", outcome: "indeterminate" });
    expect(error.details).toEqual({ acks: 2, required: 4, version: "1.1" });
    expect(group.clock.nowMs() - before).toBeLessThan(30);
  });

  test("is not given up while a lost follower had acknowledged it before", async () => {
    const group = await cluster({ followers: 2, writeQuorum: 2 });
    group.stall(1);
    const write = group.write("key", "1");
    await group.clock.advance(10);
    group.follower(0).stop();
    await group.clock.advance(10);
    group.resume(1);
    expect(await group.outcome(write)).toMatchObject({ acks: 2 });
  });
});

describe("a refused write", () => {
  test("changes nothing when too few followers are connected and synced", async () => {
    const group = await cluster();
    await group.outcome(group.write("key", "1"));
    for (const stopped of [2, 3, 4]) {
      group.follower(stopped).stop();
    }
    await group.clock.advance(10);
    const before = [group.leader.service.status().watermark, ...group.digests()];
    const error = await kvErrorOf(() => group.write("key", "2"));
    expect(error).toMatchObject({ code: "not_enough_replicas", outcome: "refused" });
    expect(error.details).toEqual({ connected: 2, required: 3 });
    await group.clock.advance(5_000);
    expect([group.leader.service.status().watermark, ...group.digests()]).toEqual(before);
    expect(group.leader.service.readiness().ready).toBe(false);
  });

  test("is one that a follower is asked for", async () => {
    const group = await cluster();
    const error = await kvErrorOf(() => group.follower(0).service.write("key", "1"));
    expect(error).toMatchObject({ code: "not_leader", outcome: "refused" });
    expect(error.details).toEqual({ leader: "http://leader" });
  });
});

describe("a removal", () => {
  test("of a key that is there leaves a tombstone everywhere", async () => {
    const group = await cluster();
    await group.outcome(group.write("key", "1"));
    const answer = await group.outcome(group.leader.service.remove("key"));
    expect(answer).toMatchObject({ existed: true, acks: 3, required: 3 });
    await group.untilEqual();
    expect(group.follower(0).service.readLocal("key")).toMatchObject({ value: undefined });
  });

  test("of an absent key makes no entry", async () => {
    const group = await cluster();
    const answer = await group.outcome(group.leader.service.remove("key"));
    expect(answer).toEqual({ existed: false, entry: undefined, acks: 0, required: 0 });
    expect(group.leader.service.status().watermark).toBe(0);
  });

  test("of a key that another removal has just removed waits for that one", async () => {
    const group = await cluster({ writeQuorum: 5 });
    await group.outcome(group.write("key", "1"));
    group.stall(4);
    const first = group.leader.service.remove("key");
    let answered = false;
    const second = group.leader.service.remove("key").finally(() => {
      answered = true;
    });
    await group.clock.advance(500);
    expect(answered).toBe(false);
    group.resume(4);
    expect(await group.outcome(first)).toMatchObject({ existed: true });
    expect(await group.outcome(second)).toMatchObject({ existed: false, entry: { sequence: 2 } });
  });
});

describe("a linearizable read", () => {
  test("waits until what it gives is committed", async () => {
    const group = await cluster({ writeQuorum: 5 });
    await group.outcome(group.write("key", "1"));
    group.stall(4);
    const write = group.write("key", "2");
    expect(group.leader.service.readLocal("key")?.value).toBe("2");
    let answered = false;
    const read = group.leader.service.readLinearizable("key").finally(() => {
      answered = true;
    });
    await group.clock.advance(500);
    expect(answered).toBe(false);
    group.resume(4);
    expect(await group.outcome(read)).toMatchObject({ value: "2", sequence: 2 });
    await group.outcome(write);
  });

  test("fails when too few followers are connected", async () => {
    const group = await cluster();
    for (const stopped of [0, 1, 2, 3]) {
      group.follower(stopped).stop();
    }
    await group.clock.advance(10);
    const error = await kvErrorOf(() => group.leader.service.readLinearizable("key"));
    expect(error).toMatchObject({ code: "not_enough_replicas" });
  });

  test("fails in time when too few followers answer", async () => {
    const group = await cluster({ replicationTimeoutMs: 700 });
    for (const silent of [0, 1, 2, 3]) {
      group.stall(silent);
    }
    const before = group.clock.nowMs();
    const error = await group.outcome(
      kvErrorOf(() => group.leader.service.readLinearizable("key")),
    );
    expect(error.code).toBe("quorum_timeout");
    expect(group.clock.nowMs() - before).toBeLessThan(750);
  });

  test("is not served by an answer to an earlier question", async () => {
    const group = await cluster();
    await group.outcome(group.leader.service.readLinearizable("key"));
    for (const silent of [0, 1, 2, 3, 4]) {
      group.stall(silent);
    }
    const error = await group.outcome(
      kvErrorOf(() => group.leader.service.readLinearizable("key")),
    );
    expect(error.code).toBe("quorum_timeout");
  });
});
