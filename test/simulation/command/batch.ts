/** Seeds in a row, run one after the other, and what came of them together. */
import type { RunSums, SimulatedRun } from "../run.ts";
import type { Violation } from "../truth/violation.ts";

export interface Batch {
  readonly from: number;
  readonly count: number;
}

export interface BatchResult extends Batch {
  readonly sums: RunSums;
  /** The first seed in which a promise was broken; the batch ends there. */
  readonly failure: { readonly seed: number; readonly violation: Violation } | undefined;
}

/** What is simulated: a group, or a whole cluster. */
export type RunOne = (options: { readonly seed: number }) => SimulatedRun;

export function runBatch({ from, count }: Batch, runOne: RunOne): BatchResult {
  const sums = noSums();
  for (let seed = from; seed < from + count; seed++) {
    const { violation, sums: added } = runOne({ seed });
    addSums(sums, added);
    if (violation !== undefined) {
      return { from, count, sums, failure: { seed, violation } };
    }
  }
  return { from, count, sums, failure: undefined };
}

export function noSums(): RunSums {
  return {
    steps: 0,
    virtualMs: 0,
    misfortunes: 0,
    operations: 0,
    acknowledged: 0,
    refused: 0,
    unknown: 0,
    undecided: 0,
  };
}

export function addSums(sums: RunSums, added: RunSums): void {
  for (const name of Object.keys(sums) as (keyof RunSums)[]) {
    sums[name] += added[name];
  }
}
