/** What a worker knows after it has ended, and how it leaves. */
import { afterEach, describe, expect, test } from "bun:test";
import type { Assignment, ClusterIdentity } from "../../../src/core/assignment.ts";
import type { Entry } from "../../../src/core/entry.ts";
import type { GroupChange } from "../../../src/core/storage.ts";
import { MAP_GROUP, WorkerMap } from "../../../src/worker/worker-map.ts";
import { KeptStorages } from "../../support/kept-storages.ts";
import { MemoryPartitioned, type WorkerPlace } from "../../support/memory-partitioned.ts";
import { FAST_ROOT, temporaryDirectories } from "../../support/temporary-directory.ts";

const CLUSTER: ClusterIdentity = {
  id: "c",
  name: "test",
  partitions: 4,
  replicas: 3,
  writeQuorum: 2,
};

function assignment(partition: number, generation: number, revision: number): Assignment {
  const members = [{ worker: "w1", address: "http://w1", slot: 0, copy: 1 }];
  const rest = { primary: "w1", members, earlier: [], begun: true, learners: [], retained: [] };
  return { partition, generation, revision, ...rest };
}

describe("a worker's map", () => {
  const unscheduled = { schedule() {} };

  test("takes the newest of what comes, in whatever order", () => {
    const map = new WorkerMap(undefined, unscheduled);
    const take = (...assignments: Assignment[]) =>
      map.take({ cluster: CLUSTER, mapVersion: 1, assignments, wantsAll: false });
    expect(take(assignment(0, 2, 5))).toHaveLength(1);
    expect(take(assignment(0, 1, 4))).toEqual([]);
    expect(take(assignment(0, 2, 5))).toEqual([]);
    expect(take(assignment(0, 2, 6), assignment(1, 1, 1))).toHaveLength(2);
    expect(map.get(0)?.revision).toBe(6);
  });

  test("stores what has changed, once, and is the same when it is read again", () => {
    const map = new WorkerMap(undefined, unscheduled);
    const assignments = [assignment(0, 1, 1), assignment(3, 1, 2)];
    map.take({ cluster: CLUSTER, mapVersion: 7, assignments, wantsAll: false });
    const entries = new Map<string, Entry>();
    const keep = (changes: readonly GroupChange[]) => {
      for (const entry of changes.flatMap((change) => change.entries ?? [])) {
        entries.set(entry.key, entry);
      }
      return changes;
    };
    const [first] = keep(map.takeChanges());
    expect(first?.record).toBeDefined();
    expect(map.takeChanges()).toEqual([]);

    const newer = assignment(3, 2, 3);
    map.take({ cluster: CLUSTER, mapVersion: 8, assignments: [newer], wantsAll: false });
    const [second] = keep(map.takeChanges());
    expect(second?.entries?.map(({ key }) => key).toSorted()).toEqual(["3", "cluster"]);

    const record = first?.record;
    const stored = { group: MAP_GROUP, record: record!, entries: entries.values() };
    const again = new WorkerMap(stored, unscheduled);
    expect(again.cluster).toEqual(CLUSTER);
    expect(again.version).toBe(8);
    expect([...again.assignments.values()]).toEqual([assignments[0]!, newer]);
  });
});

describe("workers with disks", () => {
  const makeDirectory = temporaryDirectories(FAST_ROOT);
  let storages: KeptStorages | undefined;
  afterEach(() => storages?.closeAll());

  async function onDisks() {
    storages = new KeptStorages(makeDirectory());
    const group = new MemoryPartitioned({ workers: 3, createStorage: storages.create });
    await group.start();
    return group;
  }

  test("go on after a power cut of all, also when the controller does not come back", async () => {
    const group = await onDisks();
    const keys = Array.from({ length: 20 }, (_, index) => `key${index}`);
    const [first] = group.workers;
    await group.outcome(Promise.all(keys.map((key) => first!.service.write(key, "1"))));
    group.stopController();
    for (const place of group.workers) {
      place.stop();
    }
    for (const place of group.workers) {
      place.start();
    }
    await group.untilReady();
    for (const key of keys) {
      const read = await group.outcome(first!.service.readLinearizable(key));
      expect(read).toMatchObject({ value: "1" });
      await group.outcome(first!.service.write(key, "2"));
    }
  });

  test("refuse a directory of another CLUSTER, and other PARTITIONS that were given", async () => {
    const group = await onDisks();
    const [place] = group.workers;
    place!.stop();
    expect(() => place!.start({ cluster: "prod" })).toThrow(/CLUSTER="prod" .* cluster "test"/);
    expect(() => place!.start({ partitions: 8, partitionsGiven: true })).toThrow(
      /PARTITIONS="8" .* 4 partitions/,
    );
    place!.start({ partitions: 8 });
    await group.untilReady();
    expect(place!.worker.map.cluster?.partitions).toBe(4);
  });

  test("that are replaced while they are away throw away what they held", async () => {
    const group = await onDisks();
    const [place] = group.workers;
    expect(place!.worker.node.groups.size).toBe(4);
    place!.stop();
    await group.clock.advance(30_000);
    place!.start();
    await group.untilReady();
    expect(place!.worker.node.groups.size).toBe(4);
  });
});

describe("a worker that is told to stop", () => {
  test("hands its primaries over first, and no write fails meanwhile", async () => {
    const group = new MemoryPartitioned({ workers: 4, partitions: 16 });
    await group.start();
    const [leaving, other] = group.workers;
    const keys = Array.from({ length: 40 }, (_, index) => `key${index}`);
    let stopped = false;
    let failed = 0;
    let written = 0;
    const writeOn = async (key: string) => {
      while (!stopped) {
        await other!.service.write(key, "1").catch(() => {
          failed += 1;
        });
        written += 1;
        await new Promise<void>((resolve) => group.clock.after(3, resolve));
      }
    };
    const clients = Promise.all(keys.map(writeOn));
    await group.clock.advance(200);
    const leads = () =>
      [...leaving!.worker.node.groups.values()].filter(({ leader }) => leader !== undefined).length;
    expect(leads()).toBeGreaterThan(0);
    await group.outcome(leaving!.worker.leave(5_000));
    expect(leads()).toBe(0);
    await group.outcome(leaving!.worker.drain(1_500));
    leaving!.stop();
    await group.clock.advance(1_000);
    stopped = true;
    await group.outcome(clients);
    expect(failed).toBe(0);
    expect(written).toBeGreaterThan(1_000);
  });

  test("waits for nobody where the controller is gone", async () => {
    const group = new MemoryPartitioned({ workers: 3 });
    await group.start();
    group.stopController();
    await group.clock.advance(2_000);
    const before = group.clock.nowMs();
    await group.outcome(group.workers[0]!.worker.leave(5_000));
    expect(group.clock.nowMs() - before).toBeLessThan(100);
  });
});

describe("workers without disks", () => {
  /** All keep one partition; a write of it is acknowledged. */
  async function written() {
    const group = new MemoryPartitioned({ workers: 3, partitions: 1 });
    await group.start();
    await group.outcome(group.workers[0]!.service.write("key", "1"));
    await group.clock.advance(1_000);
    const primary = group.primaryOf("key");
    return { group, primary, last: group.workers.findLast((place) => place !== primary)! };
  }

  async function restartAllBut(group: MemoryPartitioned, spared: readonly WorkerPlace[]) {
    const restarted = group.workers.filter((place) => !spared.includes(place));
    for (const place of restarted) place.stop();
    for (const place of restarted) place.start();
    await group.untilReady();
  }

  async function lossesToldBy(group: MemoryPartitioned): Promise<string[]> {
    await group.clock.advance(2_000);
    const types = group.controller.events.map(({ type }) => type);
    return types.filter((type) => type === "began_anew" || type === "possible_loss");
  }

  async function valueAt(group: MemoryPartitioned) {
    const read = group.workers[0]!.service.readLinearizable("key");
    return (await group.outcome(read))?.value;
  }

  test("that lose more than covered go on with what one remembers, and say so", async () => {
    const { group, last } = await written();
    await restartAllBut(group, [last]);
    expect(await valueAt(group)).toBe("1");
    const said = group.workers.flatMap(({ service }) => service.status().possibleLoss);
    expect(said).toHaveLength(1);
    expect(await lossesToldBy(group)).toEqual(["possible_loss"]);
  });

  test("say nothing of the kind where the primary has lived on", async () => {
    const { group, primary } = await written();
    await restartAllBut(group, [primary]);
    expect(await valueAt(group)).toBe("1");
    const said = group.workers.flatMap(({ service }) => service.status().possibleLoss);
    expect(said).toEqual([]);
    expect(await lossesToldBy(group)).toEqual([]);
  });

  test("that all end at once begin anew, as the controller says alone", async () => {
    const { group } = await written();
    await restartAllBut(group, []);
    expect(await valueAt(group)).toBeUndefined();
    const said = group.workers.flatMap(({ service }) => service.status().possibleLoss);
    expect(said).toEqual([]);
    expect(await lossesToldBy(group)).toEqual(["began_anew"]);
  });
});
