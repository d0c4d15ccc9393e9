/** One example for each rule of the plan, with workers that do as they are told. */
import { describe, expect, test } from "bun:test";
import { heard } from "../../../src/controller/hear.ts";
import { ModelWorld, type WorldStep } from "./model-world.ts";

function settled(workers: number, options: { partitions?: number; joined?: number } = {}) {
  const world = new ModelWorld({ workers, partitions: options.partitions ?? 8 });
  for (const worker of world.workers.all.slice(options.joined ?? workers)) {
    worker.running = false;
  }
  rounds(world, 6);
  return world;
}

function rounds(world: ModelWorld, count: number): void {
  for (let round = 0; round < count; round++) {
    world.round();
  }
}

function assignments(world: ModelWorld) {
  return world.state.partitions.flatMap(({ assignment }) => assignment ?? []);
}

function membersOf(world: ModelWorld) {
  return assignments(world).map((one) => one.members.map((copy) => `${copy.worker} ${copy.copy}`));
}

function states(world: ModelWorld): string[] {
  return [...new Set(world.statuses().map((one) => one.state))];
}

describe("plan", () => {
  test("places each partition in generation 1 on as many workers as REPLICAS says", () => {
    const world = settled(4);
    for (const assignment of assignments(world)) {
      expect(assignment).toMatchObject({ generation: 1, earlier: [], learners: [], retained: [] });
      expect(assignment.members.map((copy) => copy.copy)).toEqual([1, 1, 1]);
      expect(assignment.members[0]?.worker).toBe(assignment.primary);
    }
    expect(states(world)).toEqual(["ok"]);
  });

  test("places nothing on fewer workers than WRITE_QUORUM says", () => {
    const world = settled(4, { joined: 1 });
    rounds(world, 10);
    expect(states(world)).toEqual(["unplaced"]);
  });

  test("two workers of REPLICAS 3 are enough after a while, and a third is added to them", () => {
    const world = settled(3, { joined: 2 });
    expect(states(world)).toEqual(["under-replicated"]);
    world.workers.start(world.worker("worker3"));
    rounds(world, 40);
    expect(states(world)).toEqual(["ok"]);
    expect(membersOf(world).every((members) => members.length === 3)).toBe(true);
  });

  test("a silent worker's primaries are taken over by members, and others learn its copies", () => {
    const world = settled(4);
    const before = assignments(world);
    world.workers.crash(world.worker("worker2"));
    rounds(world, 4);
    for (const [partition, assignment] of assignments(world).entries()) {
      expect(assignment.primary).not.toBe("worker2");
      const members = before[partition]?.members.map((copy) => copy.worker);
      expect(members).toContain(assignment.primary);
    }
    rounds(world, 40);
    expect(membersOf(world).flat().join()).not.toContain("worker2");
    expect(states(world)).toEqual(["ok"]);
  });

  test("who returns within RETAIN_MS keeps its copies' numbers and gets its share back", () => {
    const world = settled(4);
    const before = membersOf(world).map((members) => members.sort());
    world.workers.crash(world.worker("worker1"));
    rounds(world, 12);
    world.workers.start(world.worker("worker1"));
    rounds(world, 60);
    const names = (members: string[][]) => {
      return members.map((one) => one.filter((name) => name.startsWith("worker1")).join());
    };
    expect(names(membersOf(world))).toEqual(names(before));
    expect(states(world)).toEqual(["ok"]);
  });

  test("who has learned is made primary once it says itself that it remembers", () => {
    const world = settled(4);
    world.workers.crash(world.worker("worker4"));
    rounds(world, 60);
    world.workers.start(world.worker("worker4"));
    const primaries = new Map<number, string>();
    const step = (kind: WorldStep["kind"], a = 0, b = 0) => {
      world.step({ kind, a, b });
      for (const { partition, primary } of assignments(world)) {
        const replaced = primaries.get(partition) === "worker4" && primary !== "worker4";
        expect(replaced, `worker4 replaced as primary of partition ${partition}`).toBe(false);
        primaries.set(partition, primary);
      }
    };
    for (let round = 0; round < 120; round++) {
      // Its own word comes later than its primary's, which says at once that it is up to date.
      for (const worker of round % 3 === 0 ? [3, 0, 1, 2] : [0, 1, 2]) step("beat", worker);
      for (let partition = 0; partition < 8; partition++) step("turn", 0, partition);
      // So seldom that nobody is late.
      if (round % 9 === 0) step("pass");
    }
    expect([...primaries.values()]).toContain("worker4");
    expect(states(world)).toEqual(["ok"]);
  });

  test("who returns later begins anew, with a higher number", () => {
    const world = settled(4);
    world.workers.crash(world.worker("worker1"));
    rounds(world, 60);
    expect(assignments(world).every((one) => one.retained.length === 0)).toBe(true);
    world.workers.start(world.worker("worker1"));
    rounds(world, 60);
    const own = membersOf(world)
      .flat()
      .filter((name) => name.startsWith("worker1"));
    expect(own.length).toBeGreaterThan(0);
    expect(own).not.toContain("worker1 1");
  });

  test("a worker that is about to stop hands its primaries over at once and stays a member", () => {
    const world = settled(4);
    const before = membersOf(world);
    world.worker("worker3").stopping = true;
    rounds(world, 3);
    expect(assignments(world).map((one) => one.primary)).not.toContain("worker3");
    const sorted = (members: string[][]) => members.map((one) => [...one].sort());
    expect(sorted(membersOf(world))).toEqual(sorted(before));
  });

  test("a drained worker ends up with nothing, and never fewer copies are there meanwhile", () => {
    const world = settled(5);
    world.drain("worker4", true);
    rounds(world, 60);
    expect(world.state.byId.get("worker4")?.partitions.size).toBe(0);
    expect(states(world)).toEqual(["ok"]);
  });

  test("a primary that reaches nobody is replaced although its heartbeats come", () => {
    const world = settled(4);
    world.worker("worker1").cutFromPeers = true;
    rounds(world, 12);
    expect(assignments(world).map((one) => one.primary)).not.toContain("worker1");
  });

  test("with more members lost than the promise covers nothing changes, and they are named", () => {
    const world = settled(3);
    const before = assignments(world);
    world.workers.crash(world.worker("worker1"));
    world.workers.crash(world.worker("worker2"));
    rounds(world, 10);
    const lost = world.statuses().filter((one) => one.state === "lost");
    expect(lost.length).toBe(before.filter((one) => one.primary !== "worker3").length);
    for (const status of lost) {
      expect([...status.missing].sort()).toEqual(["worker1", "worker2"]);
    }
    const generations = (some: typeof before) => some.map((one) => one.generation);
    expect(generations(assignments(world))).toEqual(generations(before));
  });

  test("a controller that itself stood still takes nobody for down", () => {
    const world = settled(4);
    const { mapVersion } = world.state;
    world.step({ kind: "controller sleeps", a: 0, b: 0 });
    expect(world.state.workers.every((worker) => worker.life === "up")).toBe(true);
    expect(world.state.mapVersion).toBe(mapVersion);
  });

  test("after a restart the controller judges nobody for one time-out, and goes on", () => {
    const world = settled(4);
    const before = assignments(world);
    world.step({ kind: "controller restart", a: 0, b: 0 });
    expect(world.state.workers.map((worker) => worker.life)).toEqual(Array(4).fill("unheard"));
    rounds(world, 6);
    expect(assignments(world)).toEqual(before);
    expect(states(world)).toEqual(["ok"]);
  });

  test("at most so many partitions move at once for balance", () => {
    const world = settled(5, { joined: 4, partitions: 32 });
    world.workers.start(world.worker("worker5"));
    let most = 0;
    for (let round = 0; round < 200; round++) {
      world.round();
      most = Math.max(most, world.state.learning.size);
    }
    expect(most).toBe(2);
    expect(states(world)).toEqual(["ok"]);
  });

  test("a fifth worker is brought at most a fifth of the copies and 5 %", () => {
    const world = settled(5, { joined: 4, partitions: 64 });
    const before = membersOf(world);
    world.workers.start(world.worker("worker5"));
    rounds(world, 300);
    const moved = membersOf(world).flatMap((members, partition) => {
      return members.filter((name) => !before[partition]?.includes(name));
    });
    expect(moved.every((name) => name.startsWith("worker5"))).toBe(true);
    expect(moved.length).toBeLessThanOrEqual(64 * 3 * 0.25);
    expect(moved.length).toBeGreaterThan(0);
  });
});

describe("heard", () => {
  const world = settled(3);
  const heartbeat = world.workers.heartbeat(world.worker("worker1"));

  test.each([
    ["another protocol", { protocol: 2 }, "other_protocol"],
    ["another CLUSTER", { cluster: "other" }, "other_cluster"],
    ["data of another cluster", { clusterId: "d" }, "other_cluster"],
    ["an id that lives elsewhere", { address: "http://b:1" }, "id_taken"],
    ["an address that lives under another id", { id: "worker9" }, "address_taken"],
    ["decisions that the controller has forgotten", { mapVersion: 1_000 }, "controller_behind"],
  ] as const)("refuses %s and changes nothing", (_, change, code) => {
    const { dirty, facts, workers } = world.state;
    const before = [dirty.size, facts.length, workers.length];
    const answer = heard(world.state, { ...heartbeat, ...change }, world.state.nowMs);
    expect(answer.refused?.code).toBe(code);
    expect([dirty.size, facts.length, workers.length]).toEqual(before);
  });

  test("a process that was replaced is believed only when the newer one stays silent", () => {
    const { state } = world;
    const newer = { ...heartbeat, instance: "newer" };
    expect(heard(state, newer, state.nowMs).refused).toBeUndefined();
    expect(heard(state, heartbeat, state.nowMs).refused?.code).toBe("superseded");
    expect(heard(state, newer, state.nowMs).refused).toBeUndefined();
    expect(heard(state, heartbeat, state.nowMs).refused?.code).toBe("superseded");
    expect(heard(state, heartbeat, state.nowMs).refused).toBeUndefined();
  });
});
