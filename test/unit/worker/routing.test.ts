/** Any worker takes any call: it is answered by the primary, wherever that is. */
import { describe, expect, test } from "bun:test";
import { type ErrorCode, KvError, type Outcome } from "../../../src/base/errors.ts";
import { mayPass } from "../../../src/worker/router.ts";
import { kvErrorOf } from "../../support/kv-error.ts";
import { MemoryPartitioned, type WorkerPlace } from "../../support/memory-partitioned.ts";

async function cluster(options: Partial<ConstructorParameters<typeof MemoryPartitioned>[0]> = {}) {
  const started = new MemoryPartitioned({ workers: 4, partitions: 8, ...options });
  await started.start();
  return started;
}

/** Writes through one worker, and lets the clock run until it is answered. */
function write(group: MemoryPartitioned, place: WorkerPlace, key: string, value: string) {
  return group.outcome(place.service.write(key, value));
}

describe("a call at any worker", () => {
  test("is answered by the key's primary, which is named", async () => {
    const group = await cluster();
    for (const place of group.workers) {
      const key = `from-${place.id}`;
      const primary = group.primaryOf(key);
      const answer = await write(group, place, key, `"${place.id}"`);
      expect(answer).toMatchObject({ acks: 1, required: 1, entry: { key } });
      expect(primary.service.readLocal(key)).toMatchObject({ value: `"${place.id}"` });
      for (const reader of group.workers) {
        const read = await group.outcome(reader.service.readLinearizable(key));
        expect(read).toMatchObject({ key, value: `"${place.id}"` });
      }
    }
  });

  test("removes, and says whether there was something", async () => {
    const group = await cluster();
    const primary = group.primaryOf("gone");
    const other = group.otherThan(primary);
    await write(group, other, "gone", "1");
    expect(await group.outcome(other.service.remove("gone"))).toMatchObject({ existed: true });
    expect(await group.outcome(other.service.remove("gone"))).toMatchObject({ existed: false });
    const read = await group.outcome(other.service.readLinearizable("gone"));
    expect(read?.value).toBeUndefined();
  });

  test("reads locally at its own copy, and elsewhere where it has none", async () => {
    const group = await cluster();
    for (const [index, place] of group.workers.entries()) {
      const key = `local${index}`;
      await write(group, place, key, "1");
      await group.clock.advance(1_000);
      for (const reader of group.workers) {
        const found = reader.service.readLocal(key);
        const partition = reader.service.partitionOf(key);
        const hasCopy = reader.worker.node.groups.has(partition);
        expect(found instanceof Promise).toBe(!hasCopy);
        expect(await group.outcome(Promise.resolve(found))).toMatchObject({ value: "1" });
      }
    }
  });

  test("is not sent further by who is not the primary, which says who is", async () => {
    const group = await cluster();
    const primary = group.primaryOf("key");
    const { here } = group.otherThan(primary).service.partitioned;
    const error = await kvErrorOf(() => here.write("key", "1"));
    expect(error).toMatchObject({ code: "recovering", outcome: "refused" });
    expect(error.details).toMatchObject({ primary: primary.settings.address, generation: 1 });
  });
});

describe("a primary that is gone", () => {
  test("fails nothing: a write waits for the next one, and then is a refusal", async () => {
    const group = await cluster();
    const primary = group.primaryOf("key");
    const other = group.otherThan(primary);
    primary.stop();
    const error = await kvErrorOf(() => write(group, other, "key", "1"));
    expect(error).toMatchObject({ code: "recovering", outcome: "refused" });
    expect(error.message).toContain("can't be reached");

    await group.untilHolds(() => group.controllerSays("key") !== primary.id);
    const answer = await write(group, other, "key", "2");
    expect(answer.entry.epoch).toBeGreaterThanOrEqual(2);
    const read = await group.outcome(other.service.readLinearizable("key"));
    expect(read).toMatchObject({ value: "2" });
  });

  test("whose answer was lost leaves a write indeterminate and never tried again", async () => {
    const group = await cluster();
    const primary = group.primaryOf("key");
    const other = group.otherThan(primary);
    primary.answersLost = true;
    const error = await kvErrorOf(() => write(group, other, "key", "1"));
    expect(error).toMatchObject({ code: "forward_lost", outcome: "indeterminate", status: 504 });
    primary.answersLost = false;
    const read = await group.outcome(other.service.readLinearizable("key"));
    expect(read).toMatchObject({ value: "1" });
    expect(read?.sequence).toBe(1);
  });

  test("leaves an acknowledged write to the next one", async () => {
    const group = await cluster();
    const primary = group.primaryOf("kept");
    const other = group.otherThan(primary);
    await write(group, other, "kept", "1");
    primary.stop();
    await group.untilHolds(() => group.controllerSays("kept") !== primary.id);
    const read = await group.outcome(other.service.readLinearizable("kept"));
    expect(read).toMatchObject({ value: "1" });
  });
});

describe("a map that is out of date", () => {
  test("is corrected by the refusal of who is asked wrongly", async () => {
    const group = await cluster();
    const primary = group.primaryOf("key");
    // It keeps no copy, so the partition does well without it.
    const stale = group.workers.find(
      ({ service, worker }) => !worker.node.groups.has(service.partitionOf("key")),
    ) as WorkerPlace;
    stale.cutFromController = true;
    primary.stop();
    await group.untilHolds(() => group.controllerSays("key") !== primary.id);
    primary.start();
    await group.untilHolds(
      () => primary.worker.map.version >= (group.controller.state?.mapVersion ?? 0),
    );
    const answer = await write(group, stale, "key", "1");
    expect(answer.entry.epoch).toBeGreaterThanOrEqual(2);
    expect(stale.worker.map.get(stale.service.partitionOf("key"))?.generation).toBe(1);
  });
});

describe("writes that wait", () => {
  test("are bounded over all partitions of a worker together", async () => {
    const group = await cluster({ workers: 3, partitions: 16, pendingBytes: 100_000 });
    const [first] = group.workers as [WorkerPlace];
    for (const place of group.workers.slice(1)) {
      group.network.stall(place.settings.address);
    }
    const led = [...first.worker.node.groups.values()].filter(({ leader }) => leader).length;
    expect(led).toBeGreaterThan(2);
    const ends: Promise<unknown>[] = [];
    let overloaded = 0;
    for (let index = 0; index < 1_000; index++) {
      const key = `key${index}`;
      if (group.primaryOf(key) === first) {
        const value = JSON.stringify("x".repeat(5_000));
        const refused = (error: { code?: string }) => {
          overloaded += error.code === "overloaded" ? 1 : 0;
        };
        ends.push((async () => first.service.write(key, value))().catch(refused));
        await group.clock.advance(5);
      }
      if (overloaded > 0) {
        break;
      }
    }
    expect(overloaded).toBeGreaterThan(0);
    const waiting = first.service.counters().pendingBytes ?? 0;
    expect(waiting).toBeGreaterThanOrEqual(100_000);
    expect(waiting).toBeLessThan(120_000);
    await group.outcome(Promise.all(ends));
  });
});

test("a worker whose copies have too much under way refuses writes, and is ready", async () => {
  const group = await cluster({ workers: 3, partitions: 4, linkQueueBytes: 10_000 });
  const [first] = group.workers as [WorkerPlace];
  for (const place of group.workers.slice(1)) {
    group.network.stall(place.settings.address);
  }
  const key = ["a", "b", "c", "d", "e", "f", "g"].find((each) => group.primaryOf(each) === first);
  const value = JSON.stringify("x".repeat(5_000));
  const writeNow = async () => first.service.write(key ?? "", value);
  const waiting: Promise<unknown>[] = [];
  for (let count = 0; count < 2; count++) {
    waiting.push(writeNow());
    await group.clock.advance(1);
  }
  expect(await kvErrorOf(writeNow)).toMatchObject({ code: "overloaded", outcome: "refused" });
  expect(first.service.readiness()).toEqual({ ready: true });
  for (const place of group.workers.slice(1)) {
    group.network.resume(place.settings.address);
  }
  await group.outcome(Promise.all(waiting));
});

describe("without a controller", () => {
  test("reads and writes go on, and the worker says that it is lost", async () => {
    const group = await cluster();
    group.stopController();
    await group.untilHolds(() =>
      group.workers.every(({ service }) => service.partitioned.status().controllerState === "lost"),
    );
    await group.clock.advance(60_000);
    for (const place of group.workers) {
      await write(group, place, `key-${place.id}`, "1");
      expect(place.service.readiness()).toEqual({ ready: true });
    }
  });

  test("a worker that was never taken in says so", async () => {
    const group = new MemoryPartitioned({ workers: 1 });
    const [alone] = group.workers as [WorkerPlace];
    alone.start();
    await group.clock.advance(100);
    const error = await kvErrorOf(() => alone.service.write("key", "1"));
    expect(error).toMatchObject({ code: "recovering", outcome: "refused" });
    expect(error.message).toContain("controller");
    expect(alone.service.readiness()).toMatchObject({ ready: false, error: "recovering" });
  });
});

test("a call is made again where it has certainly changed nothing, and may succeed then", () => {
  const failed = (code: ErrorCode, outcome?: Outcome) =>
    new KvError({ code, message: "", ...(outcome === undefined ? {} : { outcome }) });
  const table = [
    // The third column is a write, the fourth a read.
    ["recovering", "refused", true, true],
    ["overloaded", "refused", false, false],
    ["leader_changed", "indeterminate", false, true],
    // The removal of an absent key has read, and not written.
    ["leader_changed", undefined, true, true],
    ["quorum_timeout", "indeterminate", false, false],
  ] as const;
  for (const [code, outcome, write, read] of table) {
    const error = failed(code, outcome);
    expect([code, mayPass(error, true), mayPass(error, false)]).toEqual([code, write, read]);
  }
});
