/** A worker joins: what moves, how long it takes, and what the writes feel of it. */
import { max } from "simple-statistics";
import type { Figure } from "../figures.ts";
import { summarize } from "../load/statistics.ts";
import { PartitionedCluster } from "./cluster.ts";
import { type ClusterMap, copiesIn, copiesMoved } from "./cluster-map.ts";
import { fill, keysOf } from "./key-load.ts";
import { type PartitionTold, PartitionWriters } from "./partition-writers.ts";
import { findLost } from "./read-back.ts";

const WORKERS = 4;
const PARTITIONS = 64;
const REPLICAS = 3;
const WRITE_QUORUM = 2;
/** Writes without a change, before and after it. */
export const CALM_MS = 4_000;
const PAUSE_MS = 25;
const LOOK_EVERY_MS = 100;
/** A fifth of the copies, which is the share of the new worker, and five hundredths. */
const SHARE_MAX = 1 / (WORKERS + 1) + 0.05;
const PART = "a fifth worker joins four";

export interface RebalanceOptions {
  readonly keys: number;
  readonly directory: string;
  readonly logDirectory: string;
  readonly said: (what: string) => void;
}

export interface Rebalance {
  readonly keys: number;
  readonly copies: number;
  readonly moved: number;
  readonly tookMs: number;
  readonly acknowledged: number;
  readonly lost: number;
  readonly unacknowledged: number;
  /** Of every write: when it was acknowledged, from the start of the new worker, and how late. */
  readonly writes: readonly { readonly atMs: number; readonly latencyMs: number }[];
  /** Copies that have moved by then. */
  readonly progress: readonly { readonly atMs: number; readonly moved: number }[];
}

/** On disk, with a light load of writes all the time. */
export async function measureRebalance(options: RebalanceOptions): Promise<Rebalance> {
  const { keys, directory, logDirectory, said } = options;
  const cluster = await PartitionedCluster.start({
    ...{ workers: WORKERS, partitions: PARTITIONS, replicas: REPLICAS, writeQuorum: WRITE_QUORUM },
    ...{ directory, durable: true, logDirectory },
  });
  try {
    const before = await cluster.map();
    const filled = { prefix: "filled", count: keys };
    await fill(before, cluster.addresses, filled);
    said(`wrote ${keys} keys`);
    const { addresses } = cluster;
    const writers = new PartitionWriters({
      ...{ addresses, partitions: PARTITIONS, pauseMs: PAUSE_MS, prefix: "meanwhile" },
    });
    await Bun.sleep(CALM_MS);
    const joinedAtMs = performance.now();
    await cluster.launch(WORKERS);
    const progress = await watch(cluster, before, joinedAtMs);
    const tookMs = performance.now() - joinedAtMs;
    said(`moved in ${Math.round(tookMs)} ms`);
    await Bun.sleep(CALM_MS);
    const told = await writers.end();
    const after = await cluster.map();
    const written = told.flatMap((each) => each.keys);
    const lost = await findLost(after, [...keysOf(filled), ...written]);
    return {
      ...{ keys, copies: copiesIn(before).size, moved: copiesMoved(before, after), tookMs },
      ...{ acknowledged: keys + written.length, lost: lost.length, progress },
      unacknowledged: told
        .flatMap(({ failures }) => [...failures.values()])
        .reduce((sum, count) => sum + count, 0),
      writes: writesOf(told, joinedAtMs),
    };
  } finally {
    await cluster.stop();
  }
}

/** Looks at the map until everything is where it should be. */
async function watch(
  cluster: PartitionedCluster,
  before: ClusterMap,
  joinedAtMs: number,
): Promise<Rebalance["progress"]> {
  const progress: { atMs: number; moved: number }[] = [];
  let over = false;
  const watching = (async () => {
    while (!over) {
      const moved = copiesMoved(before, await cluster.map());
      progress.push({ atMs: performance.now() - joinedAtMs, moved });
      await Bun.sleep(LOOK_EVERY_MS);
    }
  })();
  try {
    await cluster.settled();
  } finally {
    over = true;
    await watching;
  }
  return progress;
}

function writesOf(told: readonly PartitionTold[], joinedAtMs: number): Rebalance["writes"] {
  return told
    .flatMap(({ atMs, latencyMs }) =>
      atMs.map((at, row) => ({ atMs: at - joinedAtMs, latencyMs: latencyMs[row] ?? 0 })),
    )
    .sort((one, other) => one.atMs - other.atMs);
}

/** With what is wanted of them. */
export function rebalanceFigures(rebalance: Rebalance): Figure[] {
  const { copies, moved, tookMs, writes } = rebalance;
  const latencies = (so: (atMs: number) => boolean) =>
    writes.filter(({ atMs }) => so(atMs)).map(({ latencyMs }) => latencyMs);
  const during = latencies((atMs) => atMs >= 0 && atMs < tookMs);
  const without = latencies((atMs) => atMs < 0 || atMs >= tookMs);
  const fine = { part: PART, digits: 2 };
  return [
    { part: PART, name: "keys before it joins", value: rebalance.keys, unit: "" },
    { part: PART, name: "copies of partitions", value: copies, unit: "" },
    { part: PART, name: "of them moved", value: moved, unit: "", atMost: copies * SHARE_MAX },
    { ...fine, name: "share moved", value: (100 * moved) / copies, unit: "%" },
    { ...fine, name: "start to all moved", value: tookMs / 1000, unit: "s" },
    { part: PART, name: "acknowledged writes lost", value: rebalance.lost, unit: "", atMost: 0 },
    {
      ...{ part: PART, name: "writes not acknowledged", unit: "", atMost: 0 },
      value: rebalance.unacknowledged,
    },
    { ...fine, name: "writes' p99 meanwhile", value: summarize(during).p99, unit: "ms" },
    { ...fine, name: "writes' p99 before and after", value: summarize(without).p99, unit: "ms" },
    { ...fine, name: "slowest write meanwhile", value: max(during), unit: "ms" },
  ];
}

/** The rows of `rebalance.csv`, head first: the writes in slices of half a second. */
export function rebalanceRows(rebalance: Rebalance): (string | number)[][] {
  return [
    ["from_ms", "copies_moved", "writes", "p50_ms", "p99_ms", "max_ms"],
    ...slicesOf(rebalance).map(({ fromMs, moved, writes, p50, p99, max: most }) => [
      ...[fromMs, moved, writes, p50.toFixed(3), p99.toFixed(3), most.toFixed(3)],
    ]),
  ];
}

export interface RebalanceSlice {
  readonly fromMs: number;
  /** Copies that have moved by its end. */
  readonly moved: number;
  readonly writes: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

const SLICE_MS = 500;

/** The writes by the time of their acknowledgement. */
export function slicesOf({ writes, progress }: Rebalance): RebalanceSlice[] {
  const bySlice = Map.groupBy(writes, ({ atMs }) => Math.floor(atMs / SLICE_MS));
  return [...bySlice]
    .sort(([one], [other]) => one - other)
    .map(([slice, all]) => {
      const { count, p50, p99, max: most } = summarize(all.map(({ latencyMs }) => latencyMs));
      const fromMs = slice * SLICE_MS;
      const moved = progress.findLast(({ atMs }) => atMs < fromMs + SLICE_MS)?.moved ?? 0;
      return { fromMs, moved, writes: count, p50, p99, max: most };
    });
}
