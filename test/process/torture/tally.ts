/** The counts of a whole run. */
import type { Operation } from "../../linearizability/history.ts";

export class Tally {
  rounds = 0;
  acknowledged = 0;
  refused = 0;
  indeterminate = 0;
  reads = 0;
  unansweredReads = 0;
  leaderKills = 0;
  followerKills = 0;
  promotions = 0;
  refusedPromotions = 0;
  takeovers = 0;
  deposed = 0;
  deathsInCatchUp = 0;
  fullDisks = 0;
  noticedFullDisks = 0;
  refusedByFullDisks = 0;
  quorumChanges = 0;
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
      `kill -9: ${this.leaderKills} leaders, ${this.followerKills} followers, ` +
        `${this.deathsInCatchUp} of them in the middle of catch-up`,
      `takeovers: ${this.takeovers}, after ${this.promotions} promotions and ` +
        `${this.refusedPromotions} refused ones; leaders deposed: ${this.deposed}`,
      `full disks: ${this.fullDisks}, said so: ${this.noticedFullDisks}, answers to clients that ` +
        `did: ${this.refusedByFullDisks}; changes of the quorum: ${this.quorumChanges}`,
    ];
  }
}
