/**
 * What everybody's states are held against in takeover-world.ts, without a look into them: what
 * each leader began with and accepted, and which writes were committed.
 *
 * A takeover gives uncommitted entries new versions. Here each version has a *root*, the version
 * under which its leader accepted the write, so that a write can be followed through any number of
 * takeovers.
 */
import type { Entry } from "../../../src/core/entry.ts";
import type { Replica } from "../../../src/core/replica.ts";
import { compareVersions, type Version } from "../../../src/core/version.ts";

interface Lineage {
  /** Everything that belongs to this leader's state, by key, oldest first. */
  readonly byKey: Map<string, Entry[]>;
  readonly bySequence: Map<number, Entry>;
}

export class Truth {
  /** By epoch. */
  readonly #lineages = new Map<number, Lineage>();
  readonly #roots = new Map<string, Version>();
  /** Roots of committed writes, by key and as text. */
  readonly #committed = new Map<string, Map<string, Version>>();
  /** The newest root of a tombstone that may be forgotten, by key. */
  readonly #dropped = new Map<string, Version>();
  readonly keys = new Set<string>();

  /** Somebody leads from now on, and holds this. */
  began(epoch: number, start: Iterable<Entry>): void {
    this.#lineages.set(epoch, { byKey: new Map(), bySequence: new Map() });
    for (const entry of start) {
      this.accepted(epoch, entry);
    }
  }

  /** This entry is another one under a new version. */
  renamed(entry: Entry, original: Entry): void {
    this.#roots.set(name(entry), this.root(original));
  }

  accepted(epoch: number, entry: Entry): void {
    const { byKey, bySequence } = this.#lineage(epoch);
    this.keys.add(entry.key);
    byKey.set(entry.key, [...(byKey.get(entry.key) ?? []), entry]);
    bySequence.set(entry.sequence, entry);
  }

  committed(epoch: number, sequence: number): void {
    const entry = this.#lineage(epoch).bySequence.get(sequence);
    if (entry !== undefined) {
      const root = this.root(entry);
      const ofKey = this.#committed.get(entry.key) ?? new Map<string, Version>();
      this.#committed.set(entry.key, ofKey.set(name(root), root));
    }
  }

  /** A leader lets everybody forget tombstones up to here. */
  dropping(epoch: number, upTo: number): void {
    for (const entry of this.#lineage(epoch).bySequence.values()) {
      if (entry.value === undefined && entry.sequence <= upTo) {
        const root = this.root(entry);
        const known = this.#dropped.get(entry.key);
        if (known === undefined || compareVersions(known, root) < 0) {
          this.#dropped.set(entry.key, root);
        }
      }
    }
  }

  /** The newest of these is what a takeover must begin with. */
  root(version: Version): Version {
    return this.#roots.get(name(version)) ?? version;
  }

  /** A tombstone of this version, or a newer one of its key, may have been forgotten. */
  wasDropped(key: string, root: Version): boolean {
    const dropped = this.#dropped.get(key);
    return dropped !== undefined && compareVersions(dropped, root) >= 0;
  }

  isCommitted(key: string, root: Version): boolean {
    return this.#committed.get(key)?.has(name(root)) ?? false;
  }

  /** A committed write that this state knows nothing of; undefined: there is none. */
  lostIn(replica: Replica): string | undefined {
    for (const [key, roots] of this.#committed) {
      const standing = replica.get(key);
      for (const root of roots.values()) {
        const known =
          standing === undefined
            ? this.wasDropped(key, root)
            : compareVersions(this.root(standing), root) >= 0;
        if (!known) {
          return `"${key}" of ${name(root)}`;
        }
      }
    }
    return undefined;
  }

  /** Is an entry of this sequence, or a newer one of its key, in this state? */
  holds(epoch: number, replica: { get(key: string): Entry | undefined }, sequence: number) {
    const entry = this.#lineage(epoch).bySequence.get(sequence);
    if (entry === undefined) {
      return true;
    }
    const standing = replica.get(entry.key);
    return standing === undefined
      ? this.wasDropped(entry.key, this.root(entry))
      : compareVersions(standing, entry) >= 0;
  }

  sequences(epoch: number): Iterable<number> {
    return this.#lineage(epoch).bySequence.keys();
  }

  /** What is wrong with a state that comes from this epoch's leader, complete up to `watermark`. */
  faultOf(epoch: number, replica: Replica, watermark: number): string | undefined {
    for (const key of this.keys) {
      const standing = replica.get(key);
      const known = this.#lineage(epoch).byKey.get(key) ?? [];
      if (standing !== undefined && !known.some((entry) => name(entry) === name(standing))) {
        const forgotten = standing.value === undefined && this.wasDropped(key, this.root(standing));
        if (!forgotten) {
          return `dead: "${key}" of ${name(standing)} is not the leader's`;
        }
      }
      const due = known.findLast(({ sequence }) => sequence <= watermark);
      if (due !== undefined && !this.holds(epoch, replica, due.sequence)) {
        return `missing: "${key}" of ${name(due)}`;
      }
    }
    return undefined;
  }

  #lineage(epoch: number): Lineage {
    const lineage = this.#lineages.get(epoch);
    if (lineage === undefined) {
      throw new Error(`nobody led ${epoch}`);
    }
    return lineage;
  }
}

function name({ epoch, sequence }: Version): string {
  return `${epoch}.${sequence}`;
}
