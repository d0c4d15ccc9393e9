/** What a replica holds, where that comes from, and the words that a follower says of it. */
import type { Entry } from "./entry.ts";
import type { Replica } from "./replica.ts";
import type { Watermark } from "./watermark.ts";

/** What a replica holds and where it comes from. */
export interface Holding {
  /** The epoch of the leader that it comes from; 0: blank. */
  readonly epoch: number;
  readonly replica: Replica;
  /** It holds everything up to here. */
  readonly watermark: number;
  /** Everything up to here is committed, as far as it has heard. */
  readonly commitWatermark: number;
}

/** What a follower says of itself when a leader connects. */
export interface FollowerStanding {
  /** The epoch of the leader that its state comes from; 0: blank. */
  readonly synced: number;
  readonly watermark: number;
  readonly commitWatermark: number;
  /** The state that it builds beside, if it does. */
  readonly building: Building | undefined;
}

export interface Building {
  readonly epoch: number;
  /** That state is complete up to here, but for what the pages still have to bring. */
  readonly watermark: number;
  /** Pages of catch-up were taken in up to here. */
  readonly pagedTo: number;
}

/** Some keys that a follower asks its new leader about, see incoming.ts. */
export interface Comparison {
  /** How many keys it has asked about before these. */
  readonly from: number;
  readonly keys: readonly string[];
}

/** What stands at the leader at those keys, or at the first of them. */
export interface Compared {
  readonly from: number;
  /** So many keys have their answer with this one. */
  readonly upTo: number;
  readonly entries: readonly Entry[];
  /** Keys that the leader knows nothing of. */
  readonly absent: readonly string[];
}

/** What follows a leader: the base, or a state that is to replace it. */
export interface Target {
  readonly epoch: number;
  readonly replica: Replica;
  readonly watermark: Watermark;
  pagedTo: number;
  commitWatermark: number;
  jump: Jump | undefined;
  /** The pages' end has been reached. */
  jumped: boolean;
}

/**
 * The pages are complete; the watermark may rise to `to` once all live entries ≤ `needs` are here.
 */
export interface Jump {
  readonly to: number;
  readonly needs: number;
}
