/** What every run counts, whatever it tortures. */
import type { Operation } from "../../linearizability/history.ts";

export class Counts {
  rounds = 0;
  acknowledged = 0;
  refused = 0;
  indeterminate = 0;
  reads = 0;
  unansweredReads = 0;
  fullDisks = 0;
  refusedByFullDisks = 0;
  lost = 0;
  visibleRefused = 0;

  /** Takes in an operation that has ended. */
  count({ kind, outcome }: Operation): void {
    if (kind === "read") {
      if (outcome === "ok") this.reads += 1;
      else this.unansweredReads += 1;
    } else if (outcome === "ok") this.acknowledged += 1;
    else if (outcome === "refused") this.refused += 1;
    else this.indeterminate += 1;
  }

  /** Lines for people. */
  describe(): readonly string[] {
    return [
      `writes and deletes: ${this.acknowledged} acknowledged, ${this.refused} refused, ` +
        `${this.indeterminate} indeterminate`,
      `linearizable reads: ${this.reads} answered, ${this.unansweredReads} not`,
    ];
  }
}
