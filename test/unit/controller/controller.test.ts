/** The controller's shell: what is stored before anybody hears it, restarts, disks that fail. */
import { describe, expect, test } from "bun:test";
import { KvError } from "../../../src/base/errors.ts";
import { silentLogger } from "../../../src/base/log.ts";
import { createSeededRandom } from "../../../src/base/random.ts";
import { Controller, type ControllerOptions } from "../../../src/controller/controller.ts";
import {
  type ControllerStore,
  MemoryControllerStore,
  type RecordChange,
} from "../../../src/controller/store.ts";
import type { Assignment } from "../../../src/core/assignment.ts";
import { StorageError } from "../../../src/core/storage.ts";
import type { Heartbeat, HeartbeatAnswer } from "../../../src/node/heartbeat.ts";
import { openControllerStore } from "../../../src/storage/sqlite-controller.ts";
import { CONTROLLER_OPTIONS } from "../../support/http-controller.ts";
import { ScriptedWorker, SETTINGS } from "../../support/scripted-worker.ts";
import { FAST_ROOT, temporaryDirectories } from "../../support/temporary-directory.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

const newDirectory = temporaryDirectories(FAST_ROOT);

const HEARTBEAT_MS = 1_000;
const OPTIONS = { ...CONTROLLER_OPTIONS, heartbeatTimeoutMs: 6_000, checkIntervalMs: 2_000 };

/** A disk that takes nothing while it is broken. */
class BrittleStore implements ControllerStore {
  readonly inner: ControllerStore;
  broken = false;

  constructor(inner: ControllerStore = new MemoryControllerStore()) {
    this.inner = inner;
  }

  load() {
    return this.inner.load();
  }

  commit(changes: readonly RecordChange[]): void {
    if (this.broken) throw new StorageError("the disk is full; make room on it.");
    this.inner.commit(changes);
  }

  close(): void {
    this.inner.close();
  }
}

/** A controller and its workers, on a clock of their own. */
class World {
  readonly clock = new VirtualClock();
  readonly workers: ScriptedWorker[] = [];
  readonly dead = new Set<string>();
  store: ControllerStore;
  controller: Controller;
  readonly #options: ControllerOptions;

  constructor(options: Partial<ControllerOptions> & { readonly store?: ControllerStore }) {
    const { store = new MemoryControllerStore(), ...changed } = options;
    this.#options = { ...OPTIONS, ...changed };
    this.store = store;
    this.controller = this.#start();
  }

  #start(): Controller {
    const controller = new Controller({
      settings: this.#options,
      clock: this.clock,
      random: createSeededRandom(1),
      store: this.store,
      logger: silentLogger,
      timeOfDayMs: () => 1_700_000_000_000 + this.clock.nowMs(),
    });
    controller.start();
    return controller;
  }

  add(...ids: string[]): void {
    for (const id of ids) {
      const worker = new ScriptedWorker(id);
      worker.reaches = (other) => !this.dead.has(other);
      this.workers.push(worker);
    }
  }

  /** The controller's process ends, at once, and another begins with what is stored. */
  restart(): void {
    this.controller.stop();
    this.controller = this.#start();
  }

  /** One answer, or the error that it was refused with. */
  async say(worker: ScriptedWorker, change: Partial<Heartbeat> = {}) {
    const answer = this.controller.heartbeat(worker.heartbeat(change)).catch((error) => error);
    await this.clock.advance(0);
    return (await answer) as HeartbeatAnswer | KvError;
  }

  /** All who live say that they do, once a second. */
  async live(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second++) {
      for (const worker of this.workers.filter(({ id }) => !this.dead.has(id))) {
        const answer = await this.say(worker);
        if (!(answer instanceof KvError)) worker.heard(answer);
      }
      await this.clock.advance(HEARTBEAT_MS);
    }
  }

  assignments(): (Assignment | undefined)[] {
    return this.controller.state?.partitions.map(({ assignment }) => assignment) ?? [];
  }

  generations(): number[] {
    return this.assignments().map((assignment) => assignment?.generation ?? 0);
  }

  life(id: string): string | undefined {
    return this.controller.state?.byId.get(id)?.life;
  }
}

async function placed(options: { readonly store?: ControllerStore } = {}) {
  const world = new World(options);
  world.add("w1", "w2", "w3", "w4");
  await world.live(10);
  expect(world.generations().every((generation) => generation > 0)).toBe(true);
  return world;
}

describe("a restart", () => {
  test("goes on with the same cluster, slots, generations and map", async () => {
    const store = openControllerStore({ directory: newDirectory(), nodeId: "controller" });
    const world = await placed({ store });
    world.dead.add("w2");
    await world.live(12);
    expect(Math.max(...world.generations())).toBeGreaterThan(1);
    const before = world.assignments();
    const { identity, mapVersion } = world.controller.state ?? {};
    const slots = world.workers.map(({ id }) => world.controller.state?.byId.get(id)?.record.slot);
    const events = world.controller.events;
    world.restart();
    expect(world.assignments()).toEqual(before);
    expect(world.controller.state?.identity).toEqual(identity as never);
    expect(world.controller.state?.mapVersion).toBe(mapVersion as never);
    expect(
      world.workers.map(({ id }) => world.controller.state?.byId.get(id)?.record.slot),
    ).toEqual(slots);
    expect(world.controller.events).toEqual(events);
    store.close();
  });

  test("gives everybody a whole HEARTBEAT_TIMEOUT before it judges", async () => {
    const world = await placed();
    world.dead.add("w1");
    await world.live(5);
    world.restart();
    const before = world.generations();
    await world.live(5);
    expect(world.life("w1")).toBe("unheard");
    expect(world.generations()).toEqual(before);
    await world.live(4);
    expect(world.life("w1")).toBe("down");
    expect(world.generations()).not.toEqual(before);
    expect(world.life("w2")).toBe("up");
  });

  test("in the middle of moves never issues a generation twice", async () => {
    const world = await placed();
    const highest = new Map<number, number>();
    for (const [index, id] of ["w1", "w2", "w3", "w1"].entries()) {
      world.dead.clear();
      world.dead.add(id);
      for (let second = 0; second < 15; second++) {
        await world.live(1);
        // Soon after it was judged, in the midst of what follows from that.
        if (second === 7 + index) world.restart();
        for (const assignment of world.assignments()) {
          if (assignment === undefined) continue;
          const { partition, generation, revision } = assignment;
          const number = generation * 1_000_000 + revision;
          expect(number).toBeGreaterThanOrEqual(highest.get(partition) ?? 0);
          highest.set(partition, number);
        }
      }
    }
    expect(Math.max(...world.generations())).toBeGreaterThan(3);
  });

  test("asks for all reports again, and tells the map again to who has none", async () => {
    const world = await placed();
    world.restart();
    const [worker] = world.workers as [ScriptedWorker];
    const quiet = await world.say(worker, { copies: [], complete: false });
    expect(quiet).toMatchObject({ wantsAll: true, assignments: [] });
    const complete = (await world.say(worker, { mapVersion: 0 })) as HeartbeatAnswer;
    expect(complete.wantsAll).toBe(false);
    expect(complete.assignments).toHaveLength(SETTINGS.partitions);
  });
});

describe("while the disk takes nothing", () => {
  test("nobody hears of a decision, and it comes when the disk is back", async () => {
    const store = new BrittleStore();
    const world = await placed({ store });
    const before = world.generations();
    const heard = () => world.workers.map(({ mapVersion }) => mapVersion);
    store.broken = true;
    world.dead.add("w1");
    const heardBefore = heard();
    await world.live(12);
    expect(heard()).toEqual(heardBefore);
    expect(world.generations()).toEqual(before);
    expect(world.controller.failure?.message).toContain("the disk is full");
    const answer = await world.say(world.workers[1] as ScriptedWorker);
    expect(answer).toBeInstanceOf(KvError);
    expect(answer).toMatchObject({ code: "storage_failed", status: 503 });

    store.broken = false;
    await world.live(3);
    expect(world.controller.failure).toBeUndefined();
    expect(world.generations()).not.toEqual(before);
    expect(world.life("w2")).toBe("up");
    expect(world.controller.counters.failures).toBeGreaterThan(0);
  });

  test("the workers that go on saying that they live are not taken for down", async () => {
    const store = new BrittleStore();
    const world = await placed({ store });
    store.broken = true;
    world.add("w5");
    await world.live(20);
    expect(world.controller.failure).toBeDefined();
    store.broken = false;
    await world.live(2);
    expect(["w1", "w2", "w3", "w4", "w5"].map((id) => world.life(id))).toEqual(
      Array.from({ length: 5 }, () => "up"),
    );
  });

  test("no cluster begins, and the next heartbeat tries again", async () => {
    const store = new BrittleStore();
    const world = new World({ store });
    store.broken = true;
    world.add("w1");
    const [worker] = world.workers as [ScriptedWorker];
    expect(await world.say(worker)).toMatchObject({ code: "storage_failed" });
    expect(world.controller.state).toBeUndefined();
    store.broken = false;
    expect(await world.say(worker)).toMatchObject({ cluster: { name: "kvnode", ...SETTINGS } });
  });

  test("a drain is refused, and stored when the disk is back", async () => {
    const store = new BrittleStore();
    const world = await placed({ store });
    store.broken = true;
    const drained = world.controller.drain("w1", true).catch((error) => error);
    await world.clock.advance(0);
    expect(await drained).toMatchObject({ code: "storage_failed" });
    store.broken = false;
    await world.live(2);
    world.restart();
    expect(world.controller.state?.byId.get("w1")?.record.draining).toBe(true);
  });
});

describe("what holds for a cluster", () => {
  test("comes from the controller's settings, else from the first worker", async () => {
    const world = new World({ replicas: 2 });
    world.add("w1");
    const settings = { partitions: 16, replicas: 5, writeQuorum: 1 };
    const first = await world.say(world.workers[0] as ScriptedWorker, { settings });
    expect(first).toMatchObject({ cluster: { partitions: 16, replicas: 2, writeQuorum: 1 } });
    world.add("w2");
    const second = await world.say(world.workers[1] as ScriptedWorker);
    expect(second).toMatchObject({ cluster: { partitions: 16, replicas: 2, writeQuorum: 1 } });
  });

  test("is there before the first worker where the controller sets all of it", () => {
    const world = new World({ partitions: 4, replicas: 2, writeQuorum: 2 });
    const identity = world.controller.state?.identity;
    expect(identity).toMatchObject({ name: "kvnode", partitions: 4, replicas: 2, writeQuorum: 2 });
    world.restart();
    expect(world.controller.state?.identity).toEqual(identity as never);
  });

  test("is no quorum above the copies", async () => {
    const world = new World({ replicas: 2 });
    world.add("w1");
    const settings = { partitions: 16, replicas: 3, writeQuorum: 3 };
    const answer = await world.say(world.workers[0] as ScriptedWorker, { settings });
    expect(answer).toMatchObject({ code: "invalid_request" });
    expect((answer as KvError).message).toContain("WRITE_QUORUM=3 is above REPLICAS=2");
    expect(world.controller.state).toBeUndefined();
  });

  const CHANGED: readonly (readonly [string, Partial<ControllerOptions>])[] = [
    ['PARTITIONS="64" is not allowed: this cluster was begun with 8', { partitions: 64 }],
    ['REPLICAS="2" is not allowed: this cluster was begun with 3', { replicas: 2 }],
    ['WRITE_QUORUM="3" is not allowed: this cluster was begun with 2', { writeQuorum: 3 }],
    ['CLUSTER="other" is not allowed: this cluster was begun with kvnode', { cluster: "other" }],
  ];
  for (const [sentence, change] of CHANGED) {
    test(`can't be changed: ${sentence.split('"')[0]}`, async () => {
      const world = await placed();
      expect(() => new World({ ...change, store: world.store })).toThrow(sentence);
      const same = { ...SETTINGS, cluster: "kvnode" };
      expect(() => new World({ ...same, store: world.store })).not.toThrow();
    });
  }
});

describe("a directory that is an old copy", () => {
  async function restored() {
    const world = await placed();
    const backup = new MemoryControllerStore();
    backup.commit([...world.store.load()]);
    world.dead.add("w1").add("w2");
    await world.live(20);
    const newest = world.assignments();
    expect(newest).not.toEqual([...backup.load()].map(({ value }) => value) as never);
    world.dead.clear();
    world.store = backup;
    world.restart();
    return { world, newest };
  }

  test("gives out no number a second time, though some know of no newer map", async () => {
    const { world, newest } = await restored();
    const before = world.assignments();
    await world.live(30);
    expect(world.assignments()).toEqual(before);
    expect(newest).not.toEqual(before);
  });

  test("is told of by name to everybody, and no drain is taken", async () => {
    const { world } = await restored();
    await world.live(1);
    const behind = { code: "unsafe", details: { reason: "controller_behind" } };
    for (const worker of world.workers) {
      expect(await world.say(worker)).toMatchObject(behind);
    }
    expect(world.controller.drain("w1", true)).rejects.toMatchObject(behind);
    expect(world.controller.problem).toContain("newest directory");
  });
});

describe("a heartbeat is refused, and changes nothing,", () => {
  const REFUSED: readonly (readonly [string, Partial<Heartbeat>, string, string])[] = [
    ["of another cluster's name", { cluster: "other" }, "not_member", "CLUSTER=other"],
    ["with the data of another cluster", { clusterId: "abc" }, "not_member", "another cluster"],
    ["of another protocol", { protocol: 9 }, "invalid_request", "protocol 9"],
    ["of a taken id", { id: "w1", address: "http://else:1" }, "id_taken", "The id w1 belongs"],
    ["that has heard of a newer map", { mapVersion: 1e6 }, "unsafe", "newest directory"],
  ];
  for (const [what, change, code, sentence] of REFUSED) {
    test(what, async () => {
      const world = await placed();
      const before = world.assignments();
      const stranger = new ScriptedWorker("w9");
      const answer = await world.say(stranger, change);
      expect(answer).toMatchObject({ code, outcome: "refused" });
      expect((answer as KvError).message).toContain(sentence);
      await world.live(5);
      expect(world.assignments()).toEqual(before);
      expect(world.controller.state?.byId.has("w9")).toBe(false);
      expect(world.controller.refusals.all).toHaveLength(1);
      expect(world.controller.counters.heartbeats[code]).toBe(1);
    });
  }

  test("with data of a cluster, where none has begun", async () => {
    const world = new World({});
    world.add("w1");
    const answer = await world.say(world.workers[0] as ScriptedWorker, { clusterId: "abc" });
    expect(answer).toMatchObject({ code: "not_member" });
    expect(world.controller.state).toBeUndefined();
  });

  test("and what strangers are refused for does not fill memory", async () => {
    const world = await placed();
    for (let index = 0; index < 100; index++) {
      await world.say(new ScriptedWorker(`stranger${index}`), { cluster: "other" });
    }
    expect(world.controller.refusals.all).toHaveLength(20);
  });
});

describe("a claim makes nobody a copy:", () => {
  test("a worker that says it holds and leads everything is given what others are", async () => {
    const world = await placed();
    const before = world.assignments();
    const liar = new ScriptedWorker("w0");
    const copies = before.flatMap((assignment) => {
      if (assignment === undefined) return [];
      const { partition, generation } = assignment;
      const said = { open: true, founded: false, possibleLosses: 0 };
      const leads = { generation, epoch: generation, ...said, followers: [] };
      return [{ partition, copy: 1, blank: false, synced: generation, leads }];
    });
    for (let time = 0; time < 5; time++) {
      expect(await world.say(liar, { copies })).not.toBeInstanceOf(KvError);
      await world.clock.advance(100);
    }
    for (const assignment of world.assignments()) {
      expect(assignment?.members.map(({ worker }) => worker)).not.toContain("w0");
      expect(assignment?.primary).not.toBe("w0");
    }
  });
});

describe("events", () => {
  test("are numbered, timed, and bounded, also in the store", async () => {
    const world = await placed();
    for (let time = 0; time < 150; time++) {
      for (const draining of [true, false]) {
        const drained = world.controller.drain("w4", draining);
        await world.clock.advance(0);
        await drained;
      }
    }
    const numbers = world.controller.events.map(({ number }) => number);
    expect(numbers).toHaveLength(200);
    expect(numbers).toEqual(numbers.map((_, index) => (numbers[0] as number) + index));
    expect(Date.parse(world.controller.events[0]?.at ?? "")).toBeGreaterThan(1_700_000_000_000);
    world.restart();
    expect(world.controller.events.map(({ number }) => number)).toEqual(numbers);
    const stored = [...world.store.load()].filter(({ kind }) => kind === "event");
    expect(stored).toHaveLength(200);
  });
});
