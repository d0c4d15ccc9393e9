/** A primary is killed under load: how long its partitions take no writes, and what is lost. */
import { median } from "simple-statistics";
import type { Figure } from "../figures.ts";
import { BenchError } from "../quorum/bench-error.ts";
import { type Heartbeats, PartitionedCluster } from "./cluster.ts";
import { primariesOf } from "./cluster-map.ts";
import { countBySlice, longestGapMs } from "./gaps.ts";
import { type PartitionTold, PartitionWriters } from "./partition-writers.ts";
import { findLost } from "./read-back.ts";

/** Of load before anything counts: a worker that has just started is slow. */
const WARM_UP_MS = 1_500;
/** Of load before the kill, and after every partition is written again. */
const CALM_MS = 2_000;
const POLL_MS = 20;
/** A takeover may take so much longer than is wanted before the measurement gives up. */
const PATIENCE_MS = 20_000;
export const SLICE_MS = 100;

export interface FailoverCase {
  readonly name: string;
  readonly workers: number;
  readonly partitions: number;
  readonly replicas: number;
  readonly writeQuorum: number;
  readonly heartbeats: Heartbeats;
  /** Wanted: no partition goes without writes for longer. */
  readonly boundMs: number;
  readonly rounds: number;
  /** Between two writes of a partition. */
  readonly pauseMs: number;
}

export interface FailoverRound {
  readonly case: FailoverCase;
  readonly round: number;
  /** By partition: the longest time without an acknowledgement, from the kill on. */
  readonly affectedGapsMs: readonly number[];
  readonly otherGapsMs: readonly number[];
  readonly acknowledged: number;
  readonly lost: number;
  readonly unacknowledged: number;
  readonly timeline: Timeline;
}

/** Acknowledgements in each slice of 100 ms; the first one begins at `fromMs` from the kill. */
export interface Timeline {
  readonly fromMs: number;
  readonly affected: readonly number[];
  readonly others: readonly number[];
}

export interface FailoverOptions {
  readonly directory: string;
  readonly logDirectory: string;
  readonly said: (what: string) => void;
}

/** One cluster, whose workers are killed in turn; each comes back before the next one's turn. */
export async function measureFailover(
  which: FailoverCase,
  options: FailoverOptions,
): Promise<FailoverRound[]> {
  const { directory, logDirectory, said } = options;
  const cluster = await PartitionedCluster.start({
    ...{ ...which, directory, logDirectory },
    durable: true,
  });
  const rounds: FailoverRound[] = [];
  try {
    for (let round = 1; round <= which.rounds; round++) {
      const outcome = await runRound(cluster, which, round);
      rounds.push(outcome);
      said(
        `${which.name}, round ${round}: ${Math.round(median([...outcome.affectedGapsMs]))} ms ` +
          `without writes, ${outcome.lost} of ${outcome.acknowledged} lost`,
      );
    }
    return rounds;
  } finally {
    await cluster.stop();
  }
}

async function runRound(
  cluster: PartitionedCluster,
  which: FailoverCase,
  round: number,
): Promise<FailoverRound> {
  const { partitions, pauseMs } = which;
  const before = await cluster.map();
  const primaries = cluster.running.filter(
    (worker) => primariesOf(before, cluster.addressOf(worker)).length > 0,
  );
  const victim = primaries[(round - 1) % primaries.length] ?? 0;
  const affected = new Set(primariesOf(before, cluster.addressOf(victim)));
  const { addresses } = cluster;
  const writers = new PartitionWriters({
    ...{ addresses, partitions, pauseMs, prefix: `round-${round}` },
  });
  await Bun.sleep(WARM_UP_MS + CALM_MS);
  const killedAtMs = performance.now();
  await cluster.kill(victim);
  await untilWritten(writers.told, affected, killedAtMs, which);
  await Bun.sleep(CALM_MS);
  const told = await writers.end();
  const untilMs = performance.now();
  const keys = told.flatMap((each) => each.keys);
  const lost = await findLost(await cluster.map(), keys);
  await cluster.launch(victim);
  await cluster.settled();

  const gaps = (of: (partition: number) => boolean) =>
    told
      .filter(({ partition }) => of(partition))
      .map(({ atMs }) => longestGapMs(atMs, killedAtMs, untilMs));
  return {
    case: which,
    round,
    affectedGapsMs: gaps((partition) => affected.has(partition)),
    otherGapsMs: gaps((partition) => !affected.has(partition)),
    acknowledged: keys.length,
    lost: lost.length,
    unacknowledged: told
      .flatMap(({ failures }) => [...failures.values()])
      .reduce((sum, count) => sum + count, 0),
    timeline: timelineOf(told, affected, { killedAtMs, untilMs }),
  };
}

async function untilWritten(
  told: readonly PartitionTold[],
  affected: ReadonlySet<number>,
  killedAtMs: number,
  { name, boundMs }: FailoverCase,
): Promise<void> {
  // What was acknowledged on its way out of the dying worker does not count.
  const settledAtMs = killedAtMs + 10 * POLL_MS;
  for (;;) {
    const waiting = told.filter(({ partition, atMs }) => {
      return affected.has(partition) && (atMs.at(-1) ?? 0) < settledAtMs;
    });
    if (waiting.length === 0) return;
    if (performance.now() > killedAtMs + boundMs + PATIENCE_MS) {
      const which = waiting.map(({ partition }) => partition).join(", ");
      throw new BenchError(`${name}: nothing is written to partition ${which} any more.`);
    }
    await Bun.sleep(POLL_MS);
  }
}

function timelineOf(
  told: readonly PartitionTold[],
  affected: ReadonlySet<number>,
  { killedAtMs, untilMs }: { killedAtMs: number; untilMs: number },
): Timeline {
  const fromMs = -CALM_MS;
  const count = Math.floor((untilMs - killedAtMs + CALM_MS) / SLICE_MS);
  const slices = { fromMs: killedAtMs + fromMs, sliceMs: SLICE_MS, count };
  const of = (isAffected: boolean) => {
    const those = told.filter(({ partition }) => affected.has(partition) === isAffected);
    return countBySlice(
      those.flatMap(({ atMs }) => atMs),
      slices,
    );
  };
  return { fromMs, affected: of(true), others: of(false) };
}

/** What is wanted of each, of all rounds together. */
export function failoverFigures(rounds: readonly FailoverRound[]): Figure[] {
  const [first] = rounds;
  if (first === undefined) return [];
  const { name: part, boundMs } = first.case;
  const affected = rounds.flatMap(({ affectedGapsMs }) => affectedGapsMs);
  const others = rounds.flatMap(({ otherGapsMs }) => otherGapsMs);
  const sum = (of: (round: FailoverRound) => number) =>
    rounds.reduce((total, round) => total + of(round), 0);
  const seconds = { part, unit: "s", digits: 2 };
  return [
    { part, name: "acknowledged writes", value: sum((round) => round.acknowledged), unit: "" },
    { part, name: "of them lost", value: sum((round) => round.lost), unit: "", atMost: 0 },
    { part, name: "partitions of killed primaries", value: affected.length, unit: "" },
    { ...seconds, name: "without writes, median of them", value: median(affected) / 1000 },
    {
      ...{ ...seconds, name: "without writes, most of them" },
      ...{ value: Math.max(...affected) / 1000, atMost: boundMs / 1000 },
    },
    ...(others.length === 0
      ? []
      : [
          { ...seconds, name: "other partitions, median", value: median(others) / 1000 },
          { ...seconds, name: "other partitions, most", value: Math.max(...others) / 1000 },
        ]),
    { part, name: "writes without a yes", value: sum((round) => round.unacknowledged), unit: "" },
  ];
}

/** The rows of `failover.csv`, head first. */
export function failoverRows(rounds: readonly FailoverRound[]): (string | number)[][] {
  return [
    ["case", "round", "killed_primary", "longest_gap_ms"],
    ...rounds.flatMap(({ case: { name }, round, affectedGapsMs, otherGapsMs }) => [
      ...affectedGapsMs.map((gap) => [name, round, "yes", gap.toFixed(1)]),
      ...otherGapsMs.map((gap) => [name, round, "no", gap.toFixed(1)]),
    ]),
  ];
}

/** The rows of `timeline.csv`, head first. */
export function timelineRows(rounds: readonly FailoverRound[]): (string | number)[][] {
  return [
    ["case", "round", "from_ms", "acknowledged_of_killed_primary", "acknowledged_of_others"],
    ...rounds.flatMap(({ case: { name }, round, timeline: { fromMs, affected, others } }) =>
      affected.map((count, slice) => {
        return [name, round, fromMs + slice * SLICE_MS, count, others[slice] ?? 0];
      }),
    ),
  ];
}
