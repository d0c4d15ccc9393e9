/**
 * Versions order the writes of a group: (epoch, sequence), compared in that order.
 *
 * The epoch is a leadership generation and only rises; the sequence is dense within a group
 * (1, 2, 3 …), given by the leader and goes on across epochs. Epoch 0 is never led by anybody: it
 * belongs to entries made by hand through `/replicate`, which any leader's entry therefore beats.
 */
import { generationOf } from "./epoch.ts";

export interface Version {
  /** See epoch.ts; 0 for an entry made by hand. */
  readonly epoch: number;
  /** Position within the group, a whole number ≥ 1. */
  readonly sequence: number;
}

/** Negative if a is older than b, 0 if they are the same, positive if a is newer. */
export function compareVersions(a: Version, b: Version): number {
  return a.epoch - b.epoch || a.sequence - b.sequence;
}

/** `{ epoch: 1, sequence: 42 }` → `"1.42"`, as the API and ETags write it. */
export function formatVersion(version: Version): string {
  return `${generationOf(version.epoch)}.${version.sequence}`;
}
