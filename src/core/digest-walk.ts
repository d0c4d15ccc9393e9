/**
 * A digest that is made while others write: a walk over all records by their numbers, in steps.
 *
 * What lies behind the walk is in its digest already; a write there takes the old entry out and
 * puts the new one in. What lies before it the walk will come to. So the digest is that of the
 * moment in which the walk ends, whatever was written since it began.
 */
import { Digest } from "./digest.ts";
import type { Entry } from "./entry.ts";
import { QUORUM_KEY } from "./quorum-entry.ts";

export class DigestWalk {
  readonly digest = new Digest();
  /** The last record that it has come to. */
  #number = 0;

  /** The walk comes to this record, whose number is the next higher one. */
  take(number: number, entry: Entry): void {
    this.#number = number;
    this.#count(entry, "add");
  }

  /** This entry is about to go from the record of this number. */
  gone(number: number, entry: Entry): void {
    if (number <= this.#number) {
      this.#count(entry, "remove");
    }
  }

  /** This entry stands in the record of this number now. */
  came(number: number, entry: Entry): void {
    if (number <= this.#number) {
      this.#count(entry, "add");
    }
  }

  #count(entry: Entry, how: "add" | "remove"): void {
    if (isCounted(entry)) {
      this.digest[how](entry);
    }
  }
}

/** Tombstones go at different times at different nodes, and the group's own entry is no key. */
function isCounted({ key, value }: Entry): boolean {
  return value !== undefined && key !== QUORUM_KEY;
}
