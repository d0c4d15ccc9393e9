/**
 * A leader's state on its way to a follower, built beside what the follower holds until it is
 * complete.
 *
 * A *fresh* one starts from nothing: for a follower that remembers nothing. An *overlay* lies over
 * what a follower has from an earlier epoch. Up to its commit watermark that is the group's, as
 * every later leader has it too; above, it may hold writes that no leader knows of. So it takes
 * everything above that watermark from the new leader, and asks about each of its own keys that
 * stand above it: the leader answers with its own version, even if that is older, or knows nothing
 * of the key.
 */
import type { Entry } from "./entry.ts";
import type { Compared, Comparison, Holding, Jump, Target } from "./holding.ts";
import type { Replica } from "./replica.ts";
import { SHORTCUT } from "./shortcut.ts";
import { Watermark } from "./watermark.ts";

/** Keys that one comparison asks about; bounds the frame and its answer. */
const KEYS_AT_ONCE = 500;

/** For a follower that remembers nothing. */
export class FreshState implements Target {
  readonly epoch: number;
  readonly replica: Replica;
  readonly watermark = new Watermark();
  pagedTo = 0;
  commitWatermark = 0;
  jump: Jump | undefined;
  jumped = false;

  constructor(epoch: number, replica: Replica) {
    this.epoch = epoch;
    this.replica = replica;
  }

  /** The pages have ended and everything that they left out has come live. */
  get complete(): boolean {
    return this.jumped;
  }

  reconnected(): void {}

  takeComparison(): undefined {
    return undefined;
  }

  takeCompared(_compared: Compared): void {}
}

/** For a follower with a state of an earlier epoch. */
export class OverlayState implements Target {
  readonly epoch: number;
  /** What the new leader has given, and nothing else. */
  readonly replica: Replica;
  readonly watermark: Watermark;
  pagedTo: number;
  commitWatermark: number;
  jump: Jump | undefined;
  jumped = false;
  /** Own keys above the commit watermark. */
  readonly #doubtful: readonly string[];
  readonly #absent = new Set<string>();
  #answered = 0;
  #asked = 0;

  /** `replica` is an empty one. */
  constructor(epoch: number, replica: Replica, base: Holding) {
    const { commitWatermark } = base;
    this.epoch = epoch;
    this.replica = replica;
    this.watermark = new Watermark(commitWatermark);
    this.pagedTo = commitWatermark;
    this.commitWatermark = commitWatermark;
    const above = base.replica.above(commitWatermark, Number.POSITIVE_INFINITY, UNBOUNDED);
    this.#doubtful = above.map(({ key }) => key);
  }

  /** The pages have ended, their gaps are filled, and every doubtful key has its answer. */
  get complete(): boolean {
    return this.jumped && this.#answered === this.#doubtful.length;
  }

  reconnected(): void {
    this.#asked = this.#answered;
  }

  takeComparison(): Comparison | undefined {
    const from = this.#answered;
    if (this.#asked > from || from === this.#doubtful.length) {
      return undefined;
    }
    const keys = this.#doubtful.slice(from, from + KEYS_AT_ONCE);
    this.#asked = from + keys.length;
    return { from, keys };
  }

  takeCompared({ from, upTo, entries, absent }: Compared): void {
    if (from !== this.#answered || this.#asked === from) {
      return;
    }
    for (const entry of entries) {
      this.replica.apply(entry);
    }
    for (const key of absent) {
      this.#absent.add(key);
    }
    this.#answered = Math.min(this.#asked, Math.max(from, upTo));
    this.#asked = this.#answered;
  }

  /** Makes `base` the leader's state, and says what that changed. */
  layOver(base: Replica): { forgotten: string[]; entries: Entry[] } {
    const merging = SHORTCUT === "merge-all";
    const forgotten = [...this.#absent].filter(
      (key) => this.replica.get(key) === undefined && !merging,
    );
    for (const key of forgotten) {
      base.forget(key);
    }
    const entries = [...this.replica.all()];
    if (merging) {
      return { forgotten, entries: entries.filter((entry) => base.apply(entry)) };
    }
    for (const entry of entries) {
      base.replace(entry);
    }
    return { forgotten, entries };
  }

  /** As what is followed from now on, over `base`. */
  over(base: Replica): Target {
    const { epoch, watermark, pagedTo, commitWatermark, jump, jumped } = this;
    return { epoch, replica: base, watermark, pagedTo, commitWatermark, jump, jumped };
  }
}

const UNBOUNDED = Number.POSITIVE_INFINITY;
