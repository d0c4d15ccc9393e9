/** The counts of a whole run with groups. */
import { Counts } from "./counts.ts";

export class Tally extends Counts {
  leaderKills = 0;
  followerKills = 0;
  promotions = 0;
  refusedPromotions = 0;
  takeovers = 0;
  deposed = 0;
  deathsInCatchUp = 0;
  noticedFullDisks = 0;
  quorumChanges = 0;

  override describe(): readonly string[] {
    return [
      ...super.describe(),
      `kill -9: ${this.leaderKills} leaders, ${this.followerKills} followers, ` +
        `${this.deathsInCatchUp} of them in the middle of catch-up`,
      `takeovers: ${this.takeovers}, after ${this.promotions} promotions and ` +
        `${this.refusedPromotions} refused ones; leaders deposed: ${this.deposed}`,
      `full disks: ${this.fullDisks}, said so: ${this.noticedFullDisks}, answers to clients that ` +
        `did: ${this.refusedByFullDisks}; changes of the quorum: ${this.quorumChanges}`,
    ];
  }
}
