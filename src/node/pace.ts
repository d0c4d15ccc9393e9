/**
 * How fast this node brings new copies up to date: so many bytes a second for all of them together,
 * so that what is moved does not take the place of what clients do. Who has sent something waits
 * until its share of the time is over.
 */
import type { Clock } from "../base/clock.ts";

export class Pace {
  readonly #clock: Clock;
  readonly #bytesPerSecond: number;
  #freeAtMs = 0;

  constructor(clock: Clock, bytesPerSecond: number) {
    this.#clock = clock;
    this.#bytesPerSecond = bytesPerSecond;
  }

  /** How long to wait before the next page, in ms; 0 it may go now. */
  get waitMs(): number {
    return Math.max(0, this.#freeAtMs - this.#clock.nowMs());
  }

  sent(bytes: number): void {
    const from = Math.max(this.#freeAtMs, this.#clock.nowMs());
    this.#freeAtMs = from + (bytes / this.#bytesPerSecond) * 1_000;
  }
}
