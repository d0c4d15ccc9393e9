/**
 * What belongs to consecutive sequences, which come in order and go in any: a ring of slots from
 * the first that is still held to the newest.
 *
 * Not a `Map`, though it would do the same: each time one grows or is tidied it leaves a table
 * behind that points to the next, so that one old table keeps everything alive that was ever held,
 * until a full collection of garbage. In a leader that was most of what a write leaves behind.
 *
 * Cost: constant for each call, and a slot for each sequence between the first and the newest.
 */
import { invariant } from "../base/invariant.ts";

/** Powers of two, as every number of slots here. */
const SLOTS_MIN = 64;
/** The slots of a larger burst are given back after it; fewer would be made anew all the time. */
const SLOTS_KEPT_MAX = 4_096;

export class SequenceWindow<T extends object> {
  #slots: (T | undefined)[] = empty(SLOTS_MIN);
  #first: number;
  #newest: number;
  #size = 0;

  /** The first to be added has the sequence after this one. */
  constructor(sequence: number) {
    this.#first = sequence + 1;
    this.#newest = sequence;
  }

  /** How many are held. */
  get size(): number {
    return this.#size;
  }

  /** The lowest sequence that is held, or the one to be added next. */
  get first(): number {
    return this.#first;
  }

  /** The sequence that was added last. */
  get newest(): number {
    return this.#newest;
  }

  get(sequence: number): T | undefined {
    // The bits of a slot are the lowest of the sequence, however large that is.
    return sequence < this.#first || sequence > this.#newest
      ? undefined
      : this.#slots[sequence & (this.#slots.length - 1)];
  }

  /** Holds this for `sequence`, which is the one after the newest. */
  add(sequence: number, item: T): void {
    invariant(sequence === this.#newest + 1, "sequences in order");
    if (sequence - this.#first === this.#slots.length) {
      this.#resize(2 * this.#slots.length);
    }
    this.#newest = sequence;
    this.#slots[sequence & (this.#slots.length - 1)] = item;
    this.#size += 1;
  }

  /** Forgets what is held for this sequence. */
  delete(sequence: number): void {
    invariant(this.get(sequence) !== undefined, "a sequence that is held");
    const mask = this.#slots.length - 1;
    this.#slots[sequence & mask] = undefined;
    this.#size -= 1;
    while (this.#first <= this.#newest && this.#slots[this.#first & mask] === undefined) {
      this.#first += 1;
    }
    if (this.#size === 0 && this.#slots.length > SLOTS_KEPT_MAX) {
      this.#slots = empty(SLOTS_MIN);
    }
  }

  /** What is held, in the order of sequences. */
  *values(): IterableIterator<T> {
    for (let sequence = this.#first; sequence <= this.#newest; sequence++) {
      const item = this.get(sequence);
      if (item !== undefined) {
        yield item;
      }
    }
  }

  #resize(slots: number): void {
    const larger = empty<T>(slots);
    for (let sequence = this.#first; sequence <= this.#newest; sequence++) {
      larger[sequence & (slots - 1)] = this.get(sequence);
    }
    this.#slots = larger;
  }
}

function empty<T>(slots: number): (T | undefined)[] {
  return new Array<T | undefined>(slots).fill(undefined);
}
