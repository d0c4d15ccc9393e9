/**
 * A Clock whose time moves only when told, so that hours pass in a moment and each run is the same.
 *
 * What is due runs in order of time, then of insertion, one after the other; between two of them
 * all promises that can go on do so, as between two turns of the real event loop. `endOfTurn` is
 * due now, behind all that was already due now.
 *
 * The promises are drained by the engine itself, from within the loop: no turn of the real event
 * loop passes, so a step costs what its work costs (0.03 µs where no promise waits), and a whole
 * run may be one synchronous call.
 */
import { drainMicrotasks } from "bun:jsc";
import type { Cancel, Clock } from "../../src/base/clock.ts";
import { type Due, DueQueue } from "./due-queue.ts";

/** More steps than this without an end are a loop, not work. */
const STEPS_MAX = 5_000_000;

export class VirtualClock implements Clock {
  #nowMs = 0;
  #waiting = 0;
  readonly #due = new DueQueue();

  nowMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, run: () => void): Cancel {
    return this.#schedule(this.#nowMs + Math.max(0, delayMs), run, false);
  }

  at(deadlineMs: number, run: () => void): Cancel {
    return this.#schedule(Math.max(this.#nowMs, deadlineMs), run, false);
  }

  every(intervalMs: number, run: () => void): Cancel {
    let cancel: Cancel = () => {};
    const again = () => {
      cancel = this.#schedule(this.#nowMs + intervalMs, fire, true);
    };
    const fire = () => {
      again();
      run();
    };
    again();
    return () => cancel();
  }

  endOfTurn(run: () => void): void {
    this.#schedule(this.#nowMs, run, false);
  }

  /** How many calls wait for their time, those of `every` not counted. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Lets `ms` pass and runs all that comes due meanwhile. */
  async advance(ms: number): Promise<void> {
    this.advanceNow(ms);
  }

  /** Runs all that waits, whenever it is due, until nothing does but what `every` repeats. */
  async runUntilIdle(patienceMs = 3_600_000): Promise<void> {
    if (!this.runUntilNow(() => this.#waiting === 0, patienceMs)) {
      throw new Error(`still not idle after ${patienceMs} virtual ms`);
    }
  }

  /** Runs step by step until `holds` (true), or until nothing comes due within `patienceMs`. */
  async runUntil(holds: () => boolean, patienceMs: number): Promise<boolean> {
    return this.runUntilNow(holds, patienceMs);
  }

  /** As `advance`, in this call. */
  advanceNow(ms: number): void {
    const endMs = this.#nowMs + ms;
    this.runUntilNow(() => false, ms);
    this.#nowMs = endMs;
  }

  /** As `runUntil`, in this call. */
  runUntilNow(holds: () => boolean, patienceMs: number): boolean {
    const endMs = this.#nowMs + patienceMs;
    drainMicrotasks();
    for (let step = 0; step < STEPS_MAX; step++) {
      if (holds()) {
        return true;
      }
      const next = this.#due.take(endMs);
      if (next === undefined) {
        return false;
      }
      if (!next.repeating) {
        this.#waiting -= 1;
      }
      this.#nowMs = next.atMs;
      next.done = true;
      next.run();
      drainMicrotasks();
    }
    throw new Error(`${STEPS_MAX} steps without an end`);
  }

  #schedule(atMs: number, run: () => void, repeating: boolean): Cancel {
    const due: Due = { atMs, run, repeating, done: false };
    this.#due.add(due);
    if (!repeating) {
      this.#waiting += 1;
    }
    return () => {
      if (!due.done) {
        due.done = true;
        this.#waiting -= repeating ? 0 : 1;
      }
    };
  }
}
