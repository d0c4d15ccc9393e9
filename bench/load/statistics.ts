/** Exact statistics of a load: from all rows, not from buckets. */
import { max, mean, min, quantileSorted, standardDeviation } from "simple-statistics";
import type { LoadRecord } from "./record.ts";

/** All in milliseconds but the count; NaN where there is no row. */
export interface LatencyStatistics {
  readonly count: number;
  readonly mean: number;
  readonly standardDeviation: number;
  readonly min: number;
  readonly p50: number;
  readonly p90: number;
  readonly p95: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** The statistics of these latencies; their order does not matter. */
export function summarize(latenciesMs: ArrayLike<number>): LatencyStatistics {
  const sorted = Array.from(Float64Array.from(latenciesMs).sort());
  if (sorted.length === 0) {
    const none = Number.NaN;
    return {
      count: 0,
      mean: none,
      standardDeviation: none,
      min: none,
      p50: none,
      p90: none,
      p95: none,
      p99: none,
      p999: none,
      max: none,
    };
  }
  return {
    count: sorted.length,
    mean: mean(sorted),
    standardDeviation: standardDeviation(sorted),
    min: min(sorted),
    p50: quantileSorted(sorted, 0.5),
    p90: quantileSorted(sorted, 0.9),
    p95: quantileSorted(sorted, 0.95),
    p99: quantileSorted(sorted, 0.99),
    p999: quantileSorted(sorted, 0.999),
    max: max(sorted),
  };
}

/** The latencies of the requests answered with this status, in the order of their start. */
export function latenciesWithStatus(record: LoadRecord, status: number): Float64Array {
  return record.latencyMs.filter((_, row) => record.status[row] === status);
}

/** How many requests were answered with this status. */
export function countStatus(record: LoadRecord, status: number): number {
  return record.status.reduce((count, each) => (each === status ? count + 1 : count), 0);
}
