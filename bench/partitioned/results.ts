/** What a run has found; a part that was not asked for, or not come to, is not there. */

import type { Figure } from "../figures.ts";
import type { PlacementFigure } from "../placement/measure.ts";
import type { Away } from "./away.ts";
import type { FailoverRound } from "./failover.ts";
import type { Rebalance } from "./rebalance.ts";
import type { ThroughputRun } from "./throughput.ts";

export interface Results {
  /** What was measured and on what, one line each: name and text. */
  readonly environment: ReadonlyMap<string, string>;
  readonly figures: readonly Figure[];
  /** By case, in the order in which they were measured. */
  readonly failovers: readonly (readonly FailoverRound[])[];
  readonly rebalance: Rebalance | undefined;
  readonly throughput: readonly ThroughputRun[];
  readonly away: Away | undefined;
  readonly placement: readonly PlacementFigure[];
}

/** What must never be, a sentence each. */
export function brokenPromises({ failovers, rebalance }: Results): string[] {
  const lost = (what: string, count: number) => {
    return count > 0 ? [`${what}: ${count} acknowledged writes are gone.`] : [];
  };
  return [
    ...failovers
      .flat()
      .flatMap((kill) => lost(`${kill.case.name}, round ${kill.round}`, kill.lost)),
    ...lost("a worker joined", rebalance?.lost ?? 0),
  ];
}
