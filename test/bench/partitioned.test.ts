/** The pure parts of the partitioned cluster's measurement. */
import { describe, expect, test } from "bun:test";
import { clusterCases, groupCases } from "../../bench/partitioned/cases.ts";
import {
  type ClusterMap,
  copiesIn,
  copiesMoved,
  isAsPlanned,
  isSyncedEverywhere,
  type MemberPlace,
  primariesOf,
  statesIn,
} from "../../bench/partitioned/cluster-map.ts";
import { countBySlice, longestGapMs } from "../../bench/partitioned/gaps.ts";
import { targetFor } from "../../bench/partitioned/key-load.ts";
import { KeySource } from "../../bench/partitioned/key-source.ts";
import { type PartitionedOptions, readOptions } from "../../bench/partitioned/options.ts";
import { slicesOf } from "../../bench/partitioned/rebalance.ts";
import { brokenPromises } from "../../bench/partitioned/results.ts";
import { Candidates, partitionOf } from "../../src/core/placement.ts";

const PARTITIONS = 16;

function member(id: string, role: MemberPlace["role"], state = "synced"): MemberPlace {
  return { id, address: `http://${id}:1`, role, state };
}

/** The map of a cluster in which all is as rendezvous hashing has it. */
function mapOf(ids: readonly string[], replicas: number, state = "ok"): ClusterMap {
  const candidates = new Candidates(ids.map((id, slot) => ({ id, slot })));
  const slots = new Int32Array(replicas);
  const scores = new Float64Array(replicas);
  const partitions = Array.from({ length: PARTITIONS }, (_, partition) => {
    candidates.best(partition, replicas, { slots, scores, at: 0 });
    const names = [...slots].filter((slot) => slot >= 0).map((slot) => ids[slot] ?? "");
    const members = names.map((id, place) => member(id, place === 0 ? "primary" : "replica"));
    return { partition, primary: members[0]?.address ?? null, members, state };
  });
  return { mapVersion: 1, partitions };
}

/** The same map with other members in each partition. */
function changed(
  map: ClusterMap,
  change: (members: readonly MemberPlace[]) => readonly MemberPlace[],
): ClusterMap {
  const partitions = map.partitions.map((each) => ({ ...each, members: change(each.members) }));
  return { ...map, partitions };
}

const FOUR = ["worker1", "worker2", "worker3", "worker4"];

describe("the longest time without an acknowledgement", () => {
  test("counts from the last one before the kill, and up to the end", () => {
    expect(longestGapMs([10, 20, 80, 90], 50, 100)).toBe(60);
    expect(longestGapMs([10, 20, 30], 25, 100)).toBe(70);
    expect(longestGapMs([60, 70], 50, 75)).toBe(10);
  });

  test("is the whole time where nothing was acknowledged", () => {
    expect(longestGapMs([], 50, 90)).toBe(40);
  });

  test("leaves out pauses that were over before the kill, and what came behind the end", () => {
    expect(longestGapMs([0, 40, 50, 60, 200], 45, 70)).toBe(10);
  });
});

test("moments are counted by slice, and those outside of them are not", () => {
  const slices = { fromMs: 100, sliceMs: 10, count: 3 };
  expect(countBySlice([99, 100, 109, 110, 129, 130], slices)).toEqual([2, 1, 1]);
});

describe("the map", () => {
  test("of a cluster that has settled is as planned, and only for its own workers", () => {
    expect(isAsPlanned(mapOf(FOUR, 3), FOUR, 3)).toBe(true);
    expect(isAsPlanned(mapOf(FOUR, 3), FOUR.slice(0, 3), 3)).toBe(false);
    expect(isAsPlanned({ mapVersion: 0, partitions: [] }, FOUR, 3)).toBe(false);
  });

  test("of fewer workers than copies is as planned although copies are missing", () => {
    const two = FOUR.slice(0, 2);
    expect(isAsPlanned(mapOf(two, 2, "under-replicated"), two, 3)).toBe(true);
    expect(isAsPlanned(mapOf(two, 2, "taking over"), two, 3)).toBe(false);
  });

  test("is not as planned while somebody catches up, or another one leads", () => {
    const map = mapOf(FOUR, 3);
    const lagging = changed(map, ([first, ...rest]) => [
      ...(first === undefined ? [] : [{ ...first, state: "catching up" }]),
      ...rest,
    ]);
    expect(isAsPlanned(lagging, FOUR, 3)).toBe(false);
    const others = changed(map, (members) => {
      const roles = ["replica", "primary", "replica"] as const;
      return members.map((each, place) => ({ ...each, role: roles[place] ?? "replica" }));
    });
    expect(isAsPlanned(others, FOUR, 3)).toBe(false);
  });

  test("is as planned while one who is away may still come back", () => {
    const three = FOUR.slice(0, 3);
    const map = changed(mapOf(three, 3), (members) => [
      ...members,
      member("worker4", "away", "down"),
    ]);
    expect(isAsPlanned(map, three, 3)).toBe(true);
  });

  test("counts as moved each copy that stands where none stood, whatever its role", () => {
    const before = mapOf(FOUR, 3);
    const after = mapOf([...FOUR, "worker5"], 3);
    const gained = [...copiesIn(after)].filter((copy) => copy.endsWith(" worker5"));
    expect(gained.length).toBeGreaterThan(0);
    expect(copiesMoved(before, after)).toBe(gained.length);
    expect(copiesMoved(before, before)).toBe(0);
    expect(copiesIn(before).size).toBe(3 * PARTITIONS);
    const learning = changed(before, (members) => [...members, member("worker5", "learner")]);
    expect(copiesMoved(before, learning)).toBe(0);
  });

  test("says whether a worker is synced everywhere, with as many copies as it should have", () => {
    const map = mapOf(FOUR, 3);
    const copies = [...copiesIn(map)].filter((copy) => copy.endsWith(" worker1")).length;
    expect(isSyncedEverywhere(map, "worker1", copies)).toBe(true);
    expect(isSyncedEverywhere(map, "worker1", copies + 1)).toBe(false);
    const away = changed(map, (members) =>
      members.map((each) => (each.id === "worker1" ? { ...each, role: "away" } : each)),
    );
    expect(isSyncedEverywhere(away, "worker1", 0)).toBe(false);
  });

  test("says whose primaries are where, and how many partitions are how", () => {
    const map = mapOf(FOUR, 3);
    const counts = FOUR.map((id) => primariesOf(map, `http://${id}:1`).length);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(PARTITIONS);
    expect(statesIn(map)).toBe(`${PARTITIONS} ok`);
  });
});

test("keys are dealt to their own partitions, each once", () => {
  const keys = new KeySource("dealt", PARTITIONS);
  const dealt = Array.from({ length: 10 * PARTITIONS }, (_, turn) => {
    const partition = turn % PARTITIONS;
    const key = keys.next(partition);
    expect(partitionOf(key, PARTITIONS)).toBe(partition);
    return key;
  });
  expect(new Set(dealt).size).toBe(dealt.length);
});

describe("a route", () => {
  const turns = Array.from({ length: 12 }, (_, turn) => turn);
  const targetsOf = (route: "direct" | "any" | "forwarded", targets: number) =>
    new Set(turns.map((turn) => targetFor(route, { primary: 1 % targets, turn, targets })));

  test("goes to the primary, to every worker, or to every other one", () => {
    expect(targetsOf("direct", 4)).toEqual(new Set([1]));
    expect(targetsOf("any", 4)).toEqual(new Set([0, 1, 2, 3]));
    expect(targetsOf("forwarded", 4)).toEqual(new Set([0, 2, 3]));
    expect(targetsOf("forwarded", 1)).toEqual(new Set([0]));
  });
});

test("writes of a rebalance lie in slices by their acknowledgement, with what had moved", () => {
  const slices = slicesOf({
    ...{ keys: 0, copies: 12, moved: 2, tookMs: 600, acknowledged: 3, lost: 0, unacknowledged: 0 },
    writes: [
      { atMs: -10, latencyMs: 1 },
      { atMs: 20, latencyMs: 2 },
      { atMs: 30, latencyMs: 4 },
      { atMs: 510, latencyMs: 8 },
    ],
    progress: [
      { atMs: 100, moved: 0 },
      { atMs: 400, moved: 1 },
      { atMs: 600, moved: 2 },
    ],
  });
  expect(slices.map(({ fromMs, moved, writes, max }) => [fromMs, moved, writes, max])).toEqual([
    [-500, 0, 1, 1],
    [0, 1, 2, 4],
    [500, 2, 1, 8],
  ]);
});

describe("the options", () => {
  test("measure everything at length by default, and less with --quick", () => {
    const whole = readOptions([]);
    const quick = readOptions(["--quick", "--keys", "2000"]);
    expect(whole?.keys).toBe(1_000_000);
    expect(whole?.only).toContain("placement");
    expect(quick?.keys).toBe(2_000);
    expect(quick?.rounds).toBeLessThan(whole?.rounds ?? 0);
  });

  test("refuse a part that there is not, by name", () => {
    expect(readOptions(["--only", "away,idle"])?.only).toEqual(["away", "idle"]);
    expect(() => readOptions(["--only", "sleep"])).toThrow(/--only "sleep": allowed is a list of/);
  });
});

test("an acknowledged write that is gone is named, and nothing else is", () => {
  const [which] = clusterCases(readOptions(["--quick"]) as PartitionedOptions);
  if (which === undefined) throw new Error("a kill is always asked for");
  const kill = (round: number, lost: number) => ({
    ...{ case: which, round, lost, affectedGapsMs: [1], otherGapsMs: [1], acknowledged: 10 },
    ...{ unacknowledged: 3, timeline: { fromMs: 0, affected: [], others: [] } },
  });
  const nothing = { environment: new Map(), figures: [], throughput: [], placement: [] };
  const results = { ...nothing, rebalance: undefined, away: undefined };
  expect(brokenPromises({ ...results, failovers: [[kill(1, 0)]] })).toEqual([]);
  expect(brokenPromises({ ...results, failovers: [[kill(1, 0), kill(2, 4)]] })).toEqual([
    "a worker is killed, 1s/6s/2s, round 2: 4 acknowledged writes are gone.",
  ]);
});

test("a kill that is not asked for in any round is no case", () => {
  const quick = readOptions(["--quick"]);
  if (quick === undefined) throw new Error("no help was asked for");
  expect(groupCases(quick).map(({ boundMs }) => boundMs)).toEqual([1_500]);
});

test("what is wanted of a failover follows from the heartbeats", () => {
  const extent = readOptions(["--rounds", "2", "--short-rounds", "4"]);
  if (extent === undefined) throw new Error("no help was asked for");
  const bounds = [...clusterCases(extent), ...groupCases(extent)].map(({ boundMs, rounds }) => {
    return [boundMs, rounds];
  });
  expect(bounds).toEqual([
    [9_000, 2],
    [1_500, 4],
    [9_000, 2],
    [1_500, 3],
  ]);
});
