/** How a leader ends that another one, or itself in a later generation, is to follow. */
import type { Clock } from "../base/clock.ts";

/** So long it may take to settle what it has accepted; nothing new is accepted meanwhile. */
export const HANDOVER_MS = 750;
/** If nobody has followed it after so long it accepts writes again. */
const RESUME_AFTER_MS = 2_000;

export class Handover {
  readonly #clock: Clock;
  readonly #busy: () => boolean;
  #waiting: (() => void)[] = [];
  #resumesAtMs = Number.NEGATIVE_INFINITY;

  /** `busy`: does it have accepted writes that are not committed? */
  constructor(options: { readonly clock: Clock; readonly busy: () => boolean }) {
    this.#clock = options.clock;
    this.#busy = options.busy;
  }

  /** No writes are to be accepted now. */
  get underWay(): boolean {
    const never = this.#resumesAtMs === Number.NEGATIVE_INFINITY;
    return !never && this.#clock.nowMs() < this.#resumesAtMs;
  }

  begin(settled: () => void): void {
    this.#resumesAtMs = this.#clock.nowMs() + RESUME_AFTER_MS;
    this.#waiting.push(settled);
    if (this.#busy()) {
      this.#clock.after(HANDOVER_MS, () => this.#tell());
    } else {
      this.#tell();
    }
  }

  /** To be called whenever accepted writes may have been committed. */
  settled(): void {
    if (this.#waiting.length > 0 && !this.#busy()) {
      this.#tell();
    }
  }

  #tell(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const tell of waiting) {
      tell();
    }
  }
}
