/** The counts of a whole run with partitioned clusters. */
import { Counts } from "../counts.ts";

export class ClusterTally extends Counts {
  workerKills = 0;
  /** Partitions that were led by a worker that was killed or stopped. */
  primaryKills = 0;
  controllerKills = 0;
  powerCuts = 0;
  stops = 0;
  controllerStops = 0;
  lostDirectories = 0;
  /** Workers between whom and the controller nothing passed. */
  cuts = 0;
  /** Workers that were told to stop. */
  leaves = 0;
  drains = 0;
  joins = 0;
  /** Generations beyond the first, of all partitions. */
  generations = 0;
  /** Writes that were made while nothing but planned changes went on, all acknowledged. */
  calmWrites = 0;
  /** Rounds in which none of them was to fail. */
  calmRounds = 0;
  /** Others in which some failed, while this machine was too busy to say anything of it. */
  disturbedRounds = 0;

  override describe(): readonly string[] {
    return [
      ...super.describe(),
      `kill -9: ${this.workerKills} workers, primaries of ${this.primaryKills} partitions, and ` +
        `${this.controllerKills} controllers; power cuts of everything: ${this.powerCuts}`,
      `SIGSTOP: ${this.stops} primaries, ${this.controllerStops} controllers; cut off from ` +
        `the controller: ${this.cuts}; empty directories: ${this.lostDirectories}`,
      `full disks: ${this.fullDisks}, answers to clients that said so: ${this.refusedByFullDisks}`,
      `SIGTERM: ${this.leaves} workers; drained: ${this.drains}; a fifth worker came: ` +
        `${this.joins} times; generations: ${this.generations}`,
      `writes while there were only planned changes: ${this.calmWrites} in ${this.calmRounds} ` +
        `rounds, none of them failed (in ${this.disturbedRounds} more this machine was too busy ` +
        "to say so)",
    ];
  }
}
