/**
 * The entries of a replica, packed: by key, in no order, and in key order.
 *
 * Nothing in here is an object or a string for each entry: a million of them are a few thousand
 * arrays of numbers and bytes, which the garbage collector does not look into. What is read is made
 * into an entry when it is read. No call does work that grows with how much there is, but for the
 * walks over all of it.
 */
import { invariant } from "../../base/invariant.ts";
import type { Entry } from "../entry.ts";
import { compareKeys } from "../key-order.ts";
import { KeyIndex } from "./key-index.ts";
import { KeyProbe, LONGEST_KEY_BYTES, TOO_LONG } from "./key-probe.ts";
import { KeyTable } from "./key-table.ts";
import { NO_RECORD, Places } from "./places.ts";
import { Reclaimer } from "./reclaimer.ts";
import { Records } from "./records.ts";
import { Segments } from "./segments.ts";

/** So many UTF-16 units fit into a probe, whatever they are. */
const LONGEST_FIRST = Math.floor(LONGEST_KEY_BYTES / 3);

/** The key that is looked for now: one for all stores, since none of them waits half-way. */
const probe = new KeyProbe();

export class EntryStore {
  readonly #places = new Places();
  readonly #segments = new Segments();
  readonly #records = new Records(this.#places, this.#segments);
  readonly #table = new KeyTable(this.#places);
  readonly #index = new KeyIndex(this.#records);
  readonly #reclaimer = new Reclaimer(this.#segments, this.#records);

  /** How many entries there are. */
  get size(): number {
    return this.#table.size;
  }

  /** Bytes that hold nothing and wait to be used again. */
  get garbage(): number {
    return this.#segments.garbage;
  }

  /** The number of the entry with this key, valid until it is removed; NO_RECORD: none. */
  find(key: string): number {
    probe.set(key);
    return this.#find();
  }

  /** As `find`, with the key of this entry. */
  findFor(entry: Entry): number {
    probe.setOf(entry);
    return this.#find();
  }

  #find(): number {
    if (probe.length === TOO_LONG) {
      return NO_RECORD;
    }
    const places = this.#places;
    let number = this.#table.first(probe.hash);
    while (number !== NO_RECORD) {
      if (places.hash(number) === probe.hash && this.#records.hasKey(number, probe)) {
        return number;
      }
      number = places.next(number);
    }
    return NO_RECORD;
  }

  sequence(number: number): number {
    return this.#records.sequence(number);
  }

  epoch(number: number): number {
    return this.#records.epoch(number);
  }

  isTombstone(number: number): boolean {
    return this.#records.isTombstone(number);
  }

  /** `key` is given where it is known. */
  entry(number: number, key?: string): Entry {
    return this.#records.entry(number, key);
  }

  /**
   * Puts the entry in, for `standing`, which `find` has just given for its key. Returns its number.
   */
  put(entry: Entry, standing: number): number {
    invariant(probe.length !== TOO_LONG, "a key that is not too long");
    let number = standing;
    if (number === NO_RECORD) {
      number = this.#places.take(probe.hash);
      this.#records.create(number, probe, entry);
      this.#table.add(number);
      this.#index.add(number, probe);
    } else {
      this.#reclaimer.work(this.#records.replace(number, probe, entry));
    }
    return number;
  }

  /** Removes the entry of this number, which `find` has just given. */
  remove(number: number): void {
    this.#index.remove(number, probe);
    this.#table.remove(number);
    const freed = this.#records.remove(number);
    this.#places.release(number);
    this.#reclaimer.work(freed);
  }

  /**
   * Every number. Entries may be put in and removed meanwhile: those that stand all the time are
   * given once.
   */
  *numbers(): Generator<number> {
    for (let number = 1; number <= this.#places.highest; number++) {
      if (this.#places.isTaken(number)) {
        yield number;
      }
    }
  }

  /** Entries whose key is `first` or comes behind it, in key order; see KeyIndex. */
  *from(first: string): Generator<Entry> {
    const isShort = first.length <= LONGEST_FIRST;
    for (const entry of this.#index.from(isShort ? first : first.slice(0, LONGEST_FIRST), probe)) {
      // What comes behind the beginning of a long one may still come before all of it.
      if (isShort || compareKeys(entry.key, first) >= 0) {
        yield entry;
      }
    }
  }
}
