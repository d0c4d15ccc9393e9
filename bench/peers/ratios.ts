/** Ratios of ours to theirs: always within one round, where both met the same machine. */
import { max, median, min } from "simple-statistics";
import type { Name } from "./contestants.ts";
import type { Point } from "./plan.ts";
import { percentilesOf, type Results, type Run, runsAt } from "./results.ts";

/** What is compared of two runs. */
export type Measure = "rate" | "p99" | "processor";

export interface Ratio {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly rounds: number;
}

export interface Pair {
  readonly ours: Name;
  readonly theirs: Name;
}

/** Undefined where no round has both. */
export function ratioAt(
  results: Pick<Results, "runs">,
  { ours, theirs }: Pair,
  point: Point,
  measure: Measure,
): Ratio | undefined {
  const others = new Map(runsAt(results, theirs, point).map((run) => [run.round, run]));
  const ratios = runsAt(results, ours, point).flatMap((run) => {
    const other = others.get(run.round);
    return other === undefined ? [] : [measured(run, measure) / measured(other, measure)];
  });
  return ratioOf(ratios);
}

/** Undefined where there is none that is a number. */
export function ratioOf(ratios: readonly number[]): Ratio | undefined {
  const known = ratios.filter(Number.isFinite);
  if (known.length === 0) return undefined;
  return { median: median(known), min: min(known), max: max(known), rounds: known.length };
}

/** The median of a measure over the rounds; undefined where nothing was measured. */
export function medianAt(
  results: Pick<Results, "runs">,
  name: string,
  point: Point,
  value: (run: Run) => number,
): Ratio | undefined {
  return ratioOf(runsAt(results, name, point).map(value));
}

function measured(run: Run, measure: Measure): number {
  switch (measure) {
    case "rate":
      return run.load.servedPerSecond;
    case "p99":
      return percentilesOf(run).p99;
    case "processor":
      return run.systemMicros;
  }
}
