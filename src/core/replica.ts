/**
 * What a replica holds: for each key the newest entry it has heard of, merged by version.
 *
 * Merging by version is what makes the order of arrival unimportant: whatever order copies come in,
 * and however often, every replica that has heard the same entries holds the same. (Two of the lab
 * reports apply copies as they come, and two writes to one key then differ for ever.)
 *
 * A removed key leaves a tombstone, an entry without a value: without it an older copy that comes
 * late would bring the key back. It may go once every member of the group holds it.
 */
import type { Digest } from "./digest.ts";
import { DigestWalk } from "./digest-walk.ts";
import type { Entry } from "./entry.ts";
import { compareKeys } from "./key-order.ts";
import { QUORUM_KEY } from "./quorum-entry.ts";
import { EntryStore } from "./store/entry-store.ts";
import { NO_RECORD } from "./store/places.ts";
import { VersionIndex } from "./version-index.ts";

export interface ListOptions {
  readonly prefix: string;
  /** Only keys behind this one; null from the start. */
  readonly after: string | null;
  /** At most this many entries, ≥ 1. */
  readonly limit: number;
}

export class Replica {
  readonly #store = new EntryStore();
  /** The entries of the group by sequence: none that were made by hand. */
  readonly #byVersion = new VersionIndex();
  /** Tombstones by sequence, to be dropped once every member holds them. */
  readonly #tombstones = new VersionIndex();
  /** Digests that are being made. */
  readonly #walks = new Set<DigestWalk>();
  #newest = 0;

  /** How many keys have a value. */
  get keys(): number {
    const own = this.#store.find(QUORUM_KEY) === NO_RECORD ? 0 : 1;
    return this.#store.size - this.#tombstones.size - own;
  }

  /** The highest sequence that was ever put in; 0 where none was. */
  get newest(): number {
    return this.#newest;
  }

  /** How many removed keys are still remembered. */
  get tombstones(): number {
    return this.#tombstones.size;
  }

  /** The entry that stands at the key, a tombstone too. */
  get(key: string): Entry | undefined {
    const number = this.#store.find(key);
    return number === NO_RECORD ? undefined : this.#store.entry(number, key);
  }

  /** Merges one entry: true if it was newer than what stood there, and stands there now. */
  apply(entry: Entry): boolean {
    const standing = this.#store.findFor(entry);
    if (standing !== NO_RECORD) {
      const epoch = this.#store.epoch(standing);
      const isNewer =
        entry.epoch > epoch ||
        (entry.epoch === epoch && entry.sequence > this.#store.sequence(standing));
      if (!isNewer) {
        return false;
      }
    }
    this.#put(entry, standing);
    return true;
  }

  /** Puts an entry in whatever stands there: another leader's state replaces this one. */
  replace(entry: Entry): void {
    this.#put(entry, this.#store.findFor(entry));
  }

  /** As if the key had never been there. */
  forget(key: string): void {
    const standing = this.#store.find(key);
    if (standing !== NO_RECORD) {
      this.#takeOut(standing);
      this.#store.remove(standing);
    }
  }

  /** Every entry, tombstones and the group's own too, in no order. */
  *all(): Generator<Entry> {
    for (const number of this.#store.numbers()) {
      yield this.#store.entry(number);
    }
  }

  /** Live entries in key order, see key-order.ts. */
  list({ limit, ...range }: ListOptions): Entry[] {
    const page: Entry[] = [];
    for (const entry of this.ordered(range)) {
      page.push(entry);
      if (page.length === limit) {
        break;
      }
    }
    return page;
  }

  /**
   * As `list`, one by one and without an end; what is written meanwhile may or may not be among
   * them.
   */
  *ordered({ prefix, after }: Omit<ListOptions, "limit">): Generator<Entry> {
    const from = after !== null && compareKeys(after, prefix) >= 0 ? after : prefix;
    for (const entry of this.#store.from(from)) {
      const { key, value } = entry;
      if (!key.startsWith(prefix)) {
        break;
      }
      if (key !== after && key !== QUORUM_KEY && value !== undefined) {
        yield entry;
      }
    }
  }

  /**
   * Entries of the group (none made by hand), tombstones too, with sequence < s ≤ upTo, oldest
   * first, until their text passes `budget` UTF-16 units: a page of catch-up. The entry that passes
   * it is the last.
   */
  above(sequence: number, upTo: number, budget: number): Entry[] {
    const page: Entry[] = [];
    let spent = 0;
    for (const number of this.#byVersion.above(sequence)) {
      if (spent >= budget || this.#store.sequence(number) > upTo) {
        break;
      }
      const entry = this.#store.entry(number);
      page.push(entry);
      spent += sizeOf(entry);
    }
    return page;
  }

  /** Every live entry, in no order; what is written meanwhile may or may not be among them. */
  *live(): Generator<Entry> {
    for (const entry of this.all()) {
      if (entry.value !== undefined && entry.key !== QUORUM_KEY) {
        yield entry;
      }
    }
  }

  /**
   * Forgets tombstones of this sequence and below, oldest first: every member holds them (see the
   * top). Returns their keys. Where a great many may go at once, as when somebody has come back who
   * was away for long, a part of them is left for the next call.
   */
  dropTombstones(upTo: number): string[] {
    const { size } = this.#tombstones;
    if (size === 0) {
      return [];
    }
    const most = Math.max(DROPPED_AT_ONCE, Math.ceil(size * DROPPED_SHARE));
    const dropped: string[] = [];
    for (const number of this.#tombstones.above(0)) {
      if (dropped.length === most || this.#store.sequence(number) > upTo) {
        break;
      }
      dropped.push(this.#store.entry(number).key);
    }
    for (const key of dropped) {
      this.forget(key);
    }
    return dropped;
  }

  /** A digest of all live entries; costs a walk over all of them. */
  digest(): Digest {
    const steps = this.digesting();
    for (;;) {
      const step = steps.next();
      if (step.done) {
        return step.value;
      }
    }
  }

  /** As `digest`, in steps of a millisecond or so: of what stands when the last of them ends. */
  *digesting(): Generator<undefined, Digest> {
    const walk = new DigestWalk();
    this.#walks.add(walk);
    try {
      let left = DIGEST_STEP;
      for (const number of this.#store.numbers()) {
        const entry = this.#store.entry(number);
        walk.take(number, entry);
        left -= sizeOf(entry);
        if (left <= 0) {
          yield;
          left = DIGEST_STEP;
        }
      }
      return walk.digest;
    } finally {
      this.#walks.delete(walk);
    }
  }

  #put(entry: Entry, standing: number): void {
    if (standing !== NO_RECORD) {
      this.#takeOut(standing);
    }
    const number = this.#store.put(entry, standing);
    if (this.#walks.size > 0) {
      this.#toWalks((walk) => walk.came(number, entry));
    }
    if (this.#store.isTombstone(number)) {
      this.#tombstones.add(entry.sequence, number);
    }
    if (entry.epoch > 0) {
      this.#byVersion.add(entry.sequence, number);
      this.#newest = Math.max(this.#newest, entry.sequence);
    }
  }

  /** To be called only if there are any: even to look into an empty set costs each write. */
  #toWalks(tell: (walk: DigestWalk) => void): void {
    for (const walk of this.#walks) {
      tell(walk);
    }
  }

  /** Takes the entry of this number out of all but the store, before it goes. */
  #takeOut(number: number): void {
    const store = this.#store;
    if (this.#walks.size > 0) {
      const entry = store.entry(number);
      this.#toWalks((walk) => walk.gone(number, entry));
    }
    const sequence = store.sequence(number);
    if (store.isTombstone(number)) {
      this.#tombstones.remove(sequence, number);
    }
    if (store.epoch(number) > 0) {
      this.#byVersion.remove(sequence, number);
    }
  }
}

/** What an entry costs beside its text, so that a page of tiny entries is bounded too. */
const ENTRY_OVERHEAD = 24;
/** So many tombstones go in some 25 ms; a call comes with each beat, twice a second or oftener. */
const DROPPED_AT_ONCE = 16_384;
/** So much of them at least, so that they can't come faster than they go. */
const DROPPED_SHARE = 1 / 16;
/** As much of what `sizeOf` says is hashed at once. */
const DIGEST_STEP = 262_144;

/** In UTF-16 units, nearly. */
function sizeOf({ key, value }: Entry): number {
  return key.length + (value?.length ?? 0) + ENTRY_OVERHEAD;
}
