/**
 * What a replica knows of its group beside the entries, and keeps as long as they: promises given,
 * where its state comes from, up to where it is complete. With a disk it is stored in the same
 * transaction as the entries that it speaks of.
 *
 * Only grow while the memory lives: promised, led, synced. The watermarks grow too, except when the
 * replica is given another leader's state.
 */
import type { Version } from "./version.ts";

/**
 * Somebody's memory as somebody else has noted it (design, "Blank nodes"). Its version tells the
 * newer of two: the epoch of the leader that had it noted, and a number among that leader's
 * admissions. A candidate that lost its memory has its own noted, with its epoch and sequence 0.
 */
export interface Note extends Version {
  /** Which member that is: its place among them, or its worker's number. */
  readonly slot: number;
  /** The id of its memory. */
  readonly memory: string;
}

/** What holds for a group from its first day on, the same at every member. */
export interface GroupIdentity {
  /** Random, made when the group began; tells it from another one of the same members. */
  readonly life: string;
  /**
   * URLs of the members. Where nobody appoints, a node's place in here is its slot, slot 0 led
   * first, and they stay the same; else they are those of the last leader's generation.
   */
  readonly members: readonly string[];
  /** The write quorum with which it began; a quorum entry (see quorum-entry.ts) replaces it. */
  readonly firstQuorum: number;
}

export interface GroupRecord {
  /** Undefined as long as this node has not heard of a group. */
  readonly identity: GroupIdentity | undefined;
  /** Own slot, -1 while it is not known. */
  readonly slot: number;
  /** Random, new whenever this node starts blank, kept as long as what it remembers. */
  readonly memory: string;
  /** The number of this copy, see Copy; 0 where nobody appoints. */
  readonly copy: number;
  /** The highest epoch that it has promised or followed; 0 none. */
  readonly promised: number;
  /** What it had promised before that; tells a returning leader whether anybody led since. */
  readonly before: number;
  /** The epoch that it led last; 0 none. */
  readonly led: number;
  /** The epoch of the leader that its state comes from; 0: it is blank. */
  readonly synced: number;
  /** It holds everything up to this sequence. */
  readonly watermark: number;
  /** Everything up to here is committed, as far as it has heard; ≤ watermark. */
  readonly commitWatermark: number;
  readonly notes: readonly Note[];
  /**
   * The last epoch known to begin with fewer promises than the promise needs (a person forced it);
   * 0 none. What an older state calls committed may be gone from it, so nothing of one is kept.
   */
  readonly severed: number;
}

/** A node that remembers nothing, with a fresh memory. */
export function blankRecord(memory: string, copy = 0): GroupRecord {
  return {
    identity: undefined,
    slot: -1,
    memory,
    copy,
    promised: 0,
    before: 0,
    led: 0,
    synced: 0,
    watermark: 0,
    commitWatermark: 0,
    notes: [],
    severed: 0,
  };
}
