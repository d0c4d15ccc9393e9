/** What the analysis has measured, and what a reader wants of it: one row for each quorum. */
import { mean, standardDeviation } from "simple-statistics";
import type { Differences } from "../../src/cli/compare-dumps.ts";
import { type LatencyStatistics, summarize } from "../load/statistics.ts";
import { type DelayModel, meanLatencyMs } from "./theory.ts";

/**
 * Which question a run belongs to: `quorum` is the analysis itself, `few-clients` the same with few
 * clients, so that little but the network's delay is left, `no-delay` the nodes' own speed.
 */
export type Series = "quorum" | "few-clients" | "no-delay";

/** One run: some thousand writes at one quorum. */
export interface Run {
  readonly series: Series;
  readonly quorum: number;
  /** Counts from 1. */
  readonly repeat: number;
  readonly clients: number;
  /** Of the acknowledged writes, in the order of their start. */
  readonly latenciesMs: Float64Array;
  readonly statistics: LatencyStatistics;
  readonly throughputPerSecond: number;
  readonly success: number;
  readonly failures: number;
  /** What the failures were, for people: `504 quorum_timeout`, and how often. */
  readonly failureKinds: ReadonlyMap<string, number>;
  /** Followers that had confirmed by the answer, on average; NaN where no write succeeded. */
  readonly acknowledgementsMean: number;
  /** Whether all nodes held the same after it. */
  readonly equal: boolean;
}

/** One read at a random follower after an acknowledged write. */
export interface StaleRead {
  readonly quorum: number;
  /** From the acknowledgement to the middle of the read's round trip. */
  readonly sinceMs: number;
  readonly stale: boolean;
}

/** How a follower's keys differ from its leader's. */
export interface FollowerDifference {
  readonly follower: string;
  readonly differences: Differences;
}

export interface Setting extends DelayModel {
  readonly writes: number;
  readonly keys: number;
  readonly clients: number;
  readonly quorums: readonly number[];
  readonly repeats: number;
  readonly seed: number;
}

export interface Results {
  readonly setting: Setting;
  /** What was measured and on what, one line each: name and text. */
  readonly environment: ReadonlyMap<string, string>;
  readonly runs: readonly Run[];
  readonly staleReads: readonly StaleRead[];
  /** Undefined where the analysis was ended before it. */
  readonly differences: readonly FollowerDifference[] | undefined;
  readonly interrupted: boolean;
}

/** The repeats of one quorum taken together. */
export interface QuorumRow {
  readonly quorum: number;
  readonly repeats: number;
  /** The mean of the repeats' means, and their standard deviation; 0 for one repeat. */
  readonly meanMs: number;
  readonly meanSpreadMs: number;
  /** Of all the repeats' latencies together. */
  readonly pooled: LatencyStatistics;
  readonly theoryMs: number;
  readonly throughputPerSecond: number;
  readonly throughputSpread: number;
  readonly success: number;
  readonly failures: number;
  readonly acknowledgementsMean: number;
  /** Whether all nodes were equal after each repeat. */
  readonly equal: boolean;
}

/** A row for each quorum of the series that was measured, in the order of the quorums. */
export function quorumRows(results: Results, series: Series): QuorumRow[] {
  const runs = results.runs.filter((run) => run.series === series);
  const quorums = [...new Set(runs.map((run) => run.quorum))].sort((one, other) => one - other);
  return quorums.map((quorum) => {
    const own = runs.filter((run) => run.quorum === quorum);
    const answered = own.filter((run) => run.success > 0);
    const means = answered.map((run) => run.statistics.mean);
    const rates = own.map((run) => run.throughputPerSecond);
    return {
      quorum,
      repeats: own.length,
      meanMs: meanOf(means),
      meanSpreadMs: spreadOf(means),
      pooled: summarize(pool(own.map((run) => run.latenciesMs))),
      theoryMs: meanLatencyMs(results.setting, quorum),
      throughputPerSecond: meanOf(rates),
      throughputSpread: spreadOf(rates),
      success: own.reduce((sum, run) => sum + run.success, 0),
      failures: own.reduce((sum, run) => sum + run.failures, 0),
      acknowledgementsMean: meanOf(answered.map((run) => run.acknowledgementsMean)),
      equal: own.every((run) => run.equal),
    };
  });
}

/** All the latencies of a quorum in a series, in the order of the runs. */
export function pooledLatenciesMs(
  results: Results,
  of: { series: Series; quorum: number },
): Float64Array {
  const own = results.runs.filter((run) => run.series === of.series && run.quorum === of.quorum);
  return pool(own.map((run) => run.latenciesMs));
}

function pool(parts: readonly Float64Array[]): Float64Array {
  const whole = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function meanOf(values: number[]): number {
  return values.length === 0 ? Number.NaN : mean(values);
}

function spreadOf(values: number[]): number {
  return values.length < 2 ? 0 : standardDeviation(values);
}
