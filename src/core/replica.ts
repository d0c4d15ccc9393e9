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

  /** How many keys have a value. */
  get keys(): number {
    return this.#entries.size - this.#tombstones.size;
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
    if (standing === undefined) {
      this.#keys.add(entry.key);
    } else if (compareVersions(entry, standing) <= 0) {
      return false;
    } else if (standing.value === undefined) {
      this.#tombstones.delete(standing);
    }
    this.#entries.set(entry.key, entry);
    if (entry.value === undefined) {
      this.#tombstones.add(entry);
    }
    if (entry.epoch > 0) {
      this.#byVersion.add(entry, this.#entries.size);
    }
    return true;
  }

  /** Live entries in key order, see key-order.ts. */
  list({ prefix, after, limit }: ListOptions): Entry[] {
    const from = after !== null && compareKeys(after, prefix) >= 0 ? after : prefix;
    const page: Entry[] = [];
    for (const key of this.#keys.from(from)) {
      if (!key.startsWith(prefix)) {
        break;
      }
      const entry = this.#entries.get(key);
      if (key === after || entry?.value === undefined) {
        continue;
      }
      page.push(entry);
      if (page.length === limit) {
        break;
      }
    }
    return page;
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
      if (entry.value !== undefined) {
        yield entry;
      }
    }
  }

  /** Forgets tombstones of this sequence and below: every member holds them (see the top). */
  dropTombstones(upTo: number): void {
    for (const tombstone of this.#tombstones) {
      if (tombstone.sequence <= upTo) {
        this.#tombstones.delete(tombstone);
        this.#entries.delete(tombstone.key);
        this.#keys.delete(tombstone.key);
      }
    }
  }

  /** A digest of all live entries; costs a walk over all of them. */
  digest(): Digest {
    const digest = new Digest();
    for (const entry of this.live()) {
      digest.add(entry);
    }
    return digest;
  }
}
