/**
 * Gives garbage back, a little with each write.
 *
 * Once garbage is more than a fifth of what is alive, the emptiest segment is walked from its
 * beginning and what is alive in it is moved behind the newest records; then it is empty and goes.
 * At least a sixth of it is garbage, so that to win one byte at most five are moved; each write
 * moves up to WORK times what it has made garbage or taken, and so the garbage never gets away.
 */
import type { Records } from "./records.ts";
import type { Segments } from "./segments.ts";

/** Garbage may be such a part of what is alive, and one segment. */
const GARBAGE_SHARE = 1 / 5;
/** Bytes moved for each that was written. */
const WORK = 6;
/** A write does at least and at most so much; in bytes. */
const WORK_MIN = 1_024;
const WORK_MAX = 262_144;
/** To look at a place with nothing alive costs about as much as to move so many bytes. */
const LOOK_COST = 32;

export class Reclaimer {
  readonly #segments: Segments;
  readonly #records: Records;
  /** How far the segment that is being emptied has been walked, in bytes. */
  #at = 0;

  constructor(segments: Segments, records: Records) {
    this.#segments = segments;
    this.#records = records;
  }

  /** To be called after each change, which has taken or freed so many bytes in segments. */
  work(changedBytes: number): void {
    const segments = this.#segments;
    if (changedBytes === 0) {
      return;
    }
    let left = Math.min(WORK_MAX, Math.max(WORK_MIN, WORK * changedBytes));
    while (left > 0 && (segments.victim >= 0 || this.#begin())) {
      const { victim } = segments;
      const size = this.#records.sizeAt(victim, this.#at);
      left -= this.#records.moveAway(victim, this.#at) ? size : LOOK_COST;
      this.#at += size;
    }
  }

  /** Chooses the next segment to empty; false where there is not enough garbage. */
  #begin(): boolean {
    const segments = this.#segments;
    const bound = segments.live * GARBAGE_SHARE + segments.fillingCapacity;
    if (segments.garbage <= bound) {
      return false;
    }
    segments.victim = segments.emptiest();
    this.#at = 0;
    return segments.victim >= 0;
  }
}
