/**
 * The simulated network: holds each item until its own deadline and hands over what is due.
 *
 * Each copy of each write gets its own independent delay, so copies overtake one another, as
 * separate requests do. Deadlines that come due together are handed over together, earliest first.
 * While nothing is held it costs nothing.
 */
import type { Cancel, Clock } from "./clock.ts";
import { DeadlineHeap } from "./deadline-heap.ts";

export class DelayLine<T> {
  readonly #clock: Clock;
  readonly #deliver: (due: T[]) => void;
  readonly #held = new DeadlineHeap<T>();
  #wakeAtMs = Number.POSITIVE_INFINITY;
  #cancelWake: Cancel = () => {};

  /** `deliver` gets what is due, earliest deadline first; never an empty list. */
  constructor(clock: Clock, deliver: (due: T[]) => void) {
    this.#clock = clock;
    this.#deliver = deliver;
  }

  /** How many items are held. */
  get size(): number {
    return this.#held.size;
  }

  /** Holds the item until the clock shows `deadlineMs`. */
  hold(deadlineMs: number, item: T): void {
    this.#held.push(deadlineMs, item);
    if (deadlineMs < this.#wakeAtMs) {
      this.#wakeAt(deadlineMs);
    }
  }

  /** Drops all that is held. */
  clear(): void {
    this.#held.clear();
    this.#cancelWake();
    this.#wakeAtMs = Number.POSITIVE_INFINITY;
  }

  #wakeAt(deadlineMs: number): void {
    this.#cancelWake();
    this.#wakeAtMs = deadlineMs;
    this.#cancelWake = this.#clock.at(deadlineMs, () => this.#release());
  }

  #release(): void {
    this.#wakeAtMs = Number.POSITIVE_INFINITY;
    const nowMs = this.#clock.nowMs();
    const due: T[] = [];
    while (this.#held.earliest <= nowMs) {
      due.push(this.#held.pop() as T);
    }
    if (this.#held.size > 0) {
      this.#wakeAt(this.#held.earliest);
    }
    if (due.length > 0) {
      this.#deliver(due);
    }
  }
}
