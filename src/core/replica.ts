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
import { Digest } from "./digest.ts";
import type { Entry } from "./entry.ts";
import { compareKeys } from "./key-order.ts";
import { QUORUM_KEY } from "./quorum-entry.ts";
import { SortedKeys } from "./sorted-keys.ts";
import { compareVersions } from "./version.ts";
import { VersionIndex } from "./version-index.ts";

export interface ListOptions {
  readonly prefix: string;
  /** Only keys behind this one; null from the start. */
  readonly after: string | null;
  /** At most this many entries, ≥ 1. */
  readonly limit: number;
}

export class Replica {
  readonly #entries = new Map<string, Entry>();
  /** Keys, tombstones' too, in key order. */
  readonly #keys = new SortedKeys();
  readonly #byVersion = new VersionIndex((entry) => this.#entries.get(entry.key) === entry);
  /** Tombstones in no particular order, to be dropped once every member holds them. */
  readonly #tombstones = new Set<Entry>();
  #newest = 0;

  /** How many keys have a value. */
  get keys(): number {
    const own = this.#entries.has(QUORUM_KEY) ? 1 : 0;
    return this.#entries.size - this.#tombstones.size - own;
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
    return this.#entries.get(key);
  }

  /** Merges one entry: true if it was newer than what stood there, and stands there now. */
  apply(entry: Entry): boolean {
    const standing = this.#entries.get(entry.key);
    if (standing !== undefined && compareVersions(entry, standing) <= 0) {
      return false;
    }
    this.#put(entry, standing);
    return true;
  }

  /** Puts an entry in whatever stands there: another leader's state replaces this one. */
  replace(entry: Entry): void {
    this.#put(entry, this.#entries.get(entry.key));
  }

  /** As if the key had never been there. */
  forget(key: string): void {
    const standing = this.#entries.get(key);
    if (standing !== undefined) {
      this.#tombstones.delete(standing);
      this.#entries.delete(key);
      this.#keys.delete(key);
    }
  }

  /** Every entry, tombstones and the group's own too, in no order. */
  all(): Iterable<Entry> {
    return this.#entries.values();
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

  /** As `list`, one by one and without an end; not to be held while the replica changes. */
  *ordered({ prefix, after }: Omit<ListOptions, "limit">): Generator<Entry> {
    const from = after !== null && compareKeys(after, prefix) >= 0 ? after : prefix;
    for (const key of this.#keys.from(from)) {
      if (!key.startsWith(prefix)) {
        break;
      }
      const entry = this.#entries.get(key);
      if (key !== after && entry?.value !== undefined) {
        yield entry;
      }
    }
  }

  /**
   * Entries of the group (none made by hand), tombstones too, with sequence < s ≤ upTo, oldest
   * first, about `budget` units of text: a page of catch-up.
   */
  above(sequence: number, upTo: number, budget: number): Entry[] {
    return this.#byVersion.above(sequence, upTo, budget);
  }

  /** Every live entry, in no order; what is written meanwhile may or may not be among them. */
  *live(): Generator<Entry> {
    for (const entry of this.#entries.values()) {
      if (entry.value !== undefined && entry.key !== QUORUM_KEY) {
        yield entry;
      }
    }
  }

  /**
   * Forgets tombstones of this sequence and below: every member holds them (see the top). Returns
   * their keys.
   */
  dropTombstones(upTo: number): string[] {
    const dropped: string[] = [];
    for (const { key, sequence } of this.#tombstones) {
      if (sequence <= upTo) {
        dropped.push(key);
        this.forget(key);
      }
    }
    return dropped;
  }

  /** A digest of all live entries; costs a walk over all of them. */
  digest(): Digest {
    const digest = new Digest();
    for (const entry of this.live()) {
      digest.add(entry);
    }
    return digest;
  }

  #put(entry: Entry, standing: Entry | undefined): void {
    if (standing === undefined) {
      if (entry.key !== QUORUM_KEY) {
        this.#keys.add(entry.key);
      }
    } else if (standing.value === undefined) {
      this.#tombstones.delete(standing);
    }
    this.#entries.set(entry.key, entry);
    if (entry.value === undefined) {
      this.#tombstones.add(entry);
    }
    if (entry.epoch > 0) {
      this.#byVersion.add(entry, this.#entries.size);
      this.#newest = Math.max(this.#newest, entry.sequence);
    }
  }
}
