/**
 * The entries of a replica in the order of their sequence: the map as its own compacted log.
 *
 * Catch-up asks for "what is newer than 42, in pages". An array in sequence order answers that with
 * a binary search. An entry that another one replaced stays in the array as rubbish until half of
 * it is rubbish; then it is swept, which costs each write two look-ups on average.
 *
 * At a leader sequences only rise, so the array is sorted by construction. At a follower copies
 * overtake one another, so it is sorted when somebody asks: only a follower that becomes a leader,
 * or promises to one, is ever asked.
 */
import type { Entry } from "./entry.ts";

/** Below this size a sweep is not worth its call. */
const SMALLEST_SWEEP = 1_024;

export class VersionIndex {
  #log: Entry[] = [];
  #sorted = true;
  readonly #isCurrent: (entry: Entry) => boolean;

  /** `isCurrent` says whether the entry still stands in the replica. */
  constructor(isCurrent: (entry: Entry) => boolean) {
    this.#isCurrent = isCurrent;
  }

  /** Adds an entry that has just become current; `currentCount` is how many are, with this one. */
  add(entry: Entry, currentCount: number): void {
    const last = this.#log[this.#log.length - 1];
    if (last !== undefined && last.sequence > entry.sequence) {
      this.#sorted = false;
    }
    this.#log.push(entry);
    if (this.#log.length > SMALLEST_SWEEP + 2 * currentCount) {
      this.#log = this.#log.filter(this.#isCurrent);
    }
  }

  /**
   * Current entries with a sequence above `sequence` and at most `upTo`, oldest first, until their
   * text passes `budget` UTF-16 units (the entry that passes it is the last).
   */
  above(sequence: number, upTo: number, budget: number): Entry[] {
    this.#sort();
    const page: Entry[] = [];
    let spent = 0;
    for (let at = this.#firstAbove(sequence); at < this.#log.length; at++) {
      const entry = this.#log[at] as Entry;
      if (entry.sequence > upTo || spent >= budget) {
        break;
      }
      if (this.#isCurrent(entry)) {
        page.push(entry);
        spent += entry.key.length + (entry.value?.length ?? 0) + ENTRY_OVERHEAD;
      }
    }
    return page;
  }

  #sort(): void {
    if (!this.#sorted) {
      this.#log.sort((a, b) => a.sequence - b.sequence);
      this.#sorted = true;
    }
  }

  #firstAbove(sequence: number): number {
    let low = 0;
    let high = this.#log.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#log[middle] as Entry).sequence <= sequence) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }
}

/** What an entry costs beside its text, so that a page of tiny entries is bounded too. */
const ENTRY_OVERHEAD = 24;
