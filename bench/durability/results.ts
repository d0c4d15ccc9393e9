/** What the experiments have found: one cell for each mode, quorum and number of lost nodes. */
import { max, mean, min } from "simple-statistics";
import type { Mode, Outcome } from "./experiment.ts";
import { expectedLoss, isPromised, type LossModel } from "./theory.ts";

export interface Setting extends LossModel {
  readonly quorums: readonly number[];
  readonly repeats: number;
  readonly seed: number;
}

export interface Results {
  readonly setting: Setting;
  /** What was measured and on what, one line each: name and text. */
  readonly environment: ReadonlyMap<string, string>;
  readonly outcomes: readonly Outcome[];
}

export interface Cell {
  readonly mode: Mode;
  readonly writeQuorum: number;
  readonly nodesLost: number;
  readonly runs: number;
  /** Of all runs. */
  readonly acknowledged: number;
  /** Acknowledged writes lost in a run. */
  readonly lostMean: number;
  readonly lostMin: number;
  readonly lostMax: number;
  /** What theory says of lostMean. */
  readonly expected: number;
  /** The promise of the guarantees page covers it: nothing may be lost. */
  readonly promised: boolean;
  /** Runs in which the takeover was refused as unsafe. */
  readonly refusals: number;
}

/** One cell for each combination that was run, in the order of mode, quorum and nodes lost. */
export function cellsOf({ setting, outcomes }: Results, mode: Mode): Cell[] {
  const groups = Map.groupBy(
    outcomes.filter((outcome) => outcome.mode === mode),
    ({ writeQuorum, nodesLost }) => writeQuorum * 100 + nodesLost,
  );
  const sorted = [...groups].sort(([one], [other]) => one - other);
  return sorted.flatMap(([, runs]) => {
    const [first] = runs;
    return first === undefined ? [] : [toCell(setting, first, runs)];
  });
}

function toCell(setting: Setting, which: Outcome, runs: readonly Outcome[]): Cell {
  const { mode, writeQuorum, nodesLost } = which;
  const lost = runs.map((run) => run.lost);
  // A node that comes back with its disk has lost nothing.
  const reallyLost = mode === "disk-kept" ? 0 : nodesLost;
  return {
    mode,
    writeQuorum,
    nodesLost,
    runs: runs.length,
    acknowledged: runs.reduce((sum, run) => sum + run.acknowledged, 0),
    lostMean: mean(lost),
    lostMin: min(lost),
    lostMax: max(lost),
    expected: expectedLoss(setting, writeQuorum, reallyLost),
    promised: isPromised(writeQuorum, reallyLost),
    refusals: runs.filter(({ forced }) => forced).length,
  };
}

/** What must never be, a sentence each. */
export function brokenPromises(results: Results): string[] {
  return results.outcomes.flatMap((outcome) => {
    const { mode, writeQuorum, nodesLost, repeat, lost, refusedVisible, forced } = outcome;
    const promised = isPromised(writeQuorum, mode === "disk-kept" ? 0 : nodesLost);
    const where = `${mode}, quorum ${writeQuorum}, ${nodesLost} lost, repeat ${repeat}`;
    return [
      ...(promised && lost > 0 ? [`${where}: ${lost} acknowledged writes are gone.`] : []),
      ...(refusedVisible > 0 ? [`${where}: ${refusedVisible} refused writes are there.`] : []),
      ...(promised && forced ? [`${where}: promote refused although nothing could be lost.`] : []),
      ...(!promised && !forced ? [`${where}: promote did not refuse although it could lose.`] : []),
    ];
  });
}
