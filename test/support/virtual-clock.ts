/**
 * A Clock whose time moves only when told, so that hours pass in a moment and each run is the same.
 *
 * What is due runs in order of time, then of insertion, one after the other; between two of them
 * all promises that can go on do so, as between two turns of the real event loop. `endOfTurn` is
 * due now, behind all that was already due now.
 */
import type { Cancel, Clock } from "../../src/base/clock.ts";

interface Due {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
  /** Comes again and again: it keeps nobody from being idle. */
  readonly repeating: boolean;
  cancelled: boolean;
}

/** More steps than this without an end are a loop, not work. */
const STEPS_MAX = 5_000_000;

export class VirtualClock implements Clock {
  #nowMs = 0;
  #order = 0;
  /** Latest first, so that the next one is the last. */
  readonly #due: Due[] = [];

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
    return this.#due.filter((due) => !due.cancelled && !due.repeating).length;
  }

  /** Lets `ms` pass and runs all that comes due meanwhile. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    await this.runUntil(() => false, ms);
    this.#nowMs = endMs;
  }

  /** Runs all that waits, whenever it is due, until nothing does but what `every` repeats. */
  async runUntilIdle(patienceMs = 3_600_000): Promise<void> {
    const idle = await this.runUntil(() => this.waiting === 0, patienceMs);
    if (!idle) {
      throw new Error(`still not idle after ${patienceMs} virtual ms`);
    }
  }

  /** Runs step by step until `holds` (true), or until nothing comes due within `patienceMs`. */
  async runUntil(holds: () => boolean, patienceMs: number): Promise<boolean> {
    const endMs = this.#nowMs + patienceMs;
    await drainMicrotasks();
    for (let step = 0; step < STEPS_MAX; step++) {
      if (holds()) {
        return true;
      }
      const next = this.#next(endMs);
      if (next === undefined) {
        return false;
      }
      this.#nowMs = next.atMs;
      next.run();
      await drainMicrotasks();
    }
    throw new Error(`${STEPS_MAX} steps without an end`);
  }

  #next(endMs: number): Due | undefined {
    for (;;) {
      const next = this.#due[this.#due.length - 1];
      if (next === undefined || next.atMs > endMs) {
        return undefined;
      }
      this.#due.pop();
      if (!next.cancelled) {
        return next;
      }
    }
  }

  #schedule(atMs: number, run: () => void, repeating: boolean): Cancel {
    const due: Due = { atMs, order: this.#order++, run, repeating, cancelled: false };
    let low = 0;
    let high = this.#due.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#due[middle] as Due).atMs > atMs) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    this.#due.splice(low, 0, due);
    return () => {
      due.cancelled = true;
    };
  }
}

/** A real turn of the event loop: whatever chain of promises can go on has gone on. */
function drainMicrotasks(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
