/**
 * What a takeover inherits: everything that the givers with the highest synced epoch hold, merged
 * by version. Where the candidate is one of them it needs only what lies above its own watermark;
 * where it is not, its own state is another leader's and is replaced as a whole.
 *
 * What stands above the commit watermark that they knew gets new versions in the new epoch, so that
 * nobody's uncommitted entry of an older epoch can win against it.
 */
import type { Entry } from "../core/entry.ts";
import type { Holding } from "../core/holding.ts";
import { Replica } from "../core/replica.ts";
import type { GroupChange } from "../core/storage.ts";
import type { FetchedMessage } from "./messages.ts";

export interface InheritanceOptions {
  readonly epoch: number;
  /** What the candidate holds, if that is to be merged with the others'. */
  readonly own: Holding | undefined;
  /** The other givers that count, in any order. */
  readonly sources: readonly Source[];
  readonly commitWatermark: number;
  /** The highest sequence that any of them has seen. */
  readonly sequence: number;
}

interface Source {
  readonly slot: number;
  readonly watermark: number;
}

/** What the new leader begins with. */
export interface Inherited {
  readonly replica: Replica;
  readonly sequence: number;
  /**
   * So many of the last sequences are not committed, those that no entry has any more among them:
   * a later leader may never hear of this one and use them again, so nobody may take them for
   * committed before a quorum knows of them.
   */
  readonly inherited: number;
  readonly change: Pick<GroupChange, "adopt" | "entries">;
}

const UNBOUNDED = Number.POSITIVE_INFINITY;

export class Inheritance {
  readonly #options: InheritanceOptions;
  readonly #replica: Replica;
  readonly #left: Source[];
  /** Fetched for a state that stands already: applied at the end, all or nothing. */
  readonly #collected: Entry[] = [];
  /** Above this the sources are asked. */
  #above: number;
  /** How far the source that is asked now has answered. */
  #upTo: number;

  constructor(options: InheritanceOptions) {
    const { own, sources } = options;
    this.#options = options;
    this.#replica = own?.replica ?? new Replica();
    this.#left = [...sources].sort((a, b) => b.watermark - a.watermark);
    this.#above = own?.watermark ?? 0;
    this.#upTo = this.#above;
  }

  /** What to fetch now, or undefined when nothing is left. */
  get next(): { readonly slot: number; readonly above: number } | undefined {
    const [source] = this.#left;
    return source === undefined ? undefined : { slot: source.slot, above: this.#upTo };
  }

  /** Takes a page; returns what to keep of it at once. */
  take(slot: number, page: FetchedMessage): Pick<GroupChange, "incoming"> | undefined {
    const [source] = this.#left;
    if (source?.slot !== slot || page.above !== this.#upTo) {
      return undefined;
    }
    this.#upTo = page.upTo;
    if (page.last) {
      this.#left.shift();
      // A state built from nothing is complete up to here now: the others only add to it.
      this.#above = Math.max(this.#above, source.watermark);
      this.#upTo = this.#above;
    }
    if (this.#options.own !== undefined) {
      this.#collected.push(...page.entries);
      return undefined;
    }
    return { incoming: page.entries.filter((entry) => this.#replica.apply(entry)) };
  }

  /** To be called once nothing is left to fetch. */
  finish(): Inherited {
    const { epoch, own, commitWatermark } = this.#options;
    const fetched = this.#collected.filter((entry) => this.#replica.apply(entry));
    const newest = Math.max(this.#options.sequence, this.#replica.newest, this.#above);
    const uncommitted = this.#replica.above(commitWatermark, UNBOUNDED, UNBOUNDED);
    const renamed = uncommitted.map(({ key, value }, index) => ({
      key,
      value,
      epoch,
      sequence: newest + 1 + index,
    }));
    for (const entry of renamed) {
      this.#replica.apply(entry);
    }
    const sequence = newest + renamed.length;
    return {
      replica: this.#replica,
      sequence,
      inherited: sequence - commitWatermark,
      change: { adopt: own === undefined, entries: [...fetched, ...renamed] },
    };
  }
}
