/**
 * One node's own clock: it runs a little too fast or too slow, jumps forward as after a suspend,
 * and stands still in the eyes of a process that is stopped.
 */
import type { Cancel, Clock } from "../../../src/base/clock.ts";
import type { VirtualClock } from "../../support/virtual-clock.ts";
import type { ProcessGate } from "./process-gate.ts";

const SHORTEST_WAIT_MS = 1e-5;

export class NodeClock implements Clock {
  readonly #shared: VirtualClock;
  readonly #gate: ProcessGate;
  /** It showed `zeroMs` when the shared clock, or the process, showed `sinceMs`. */
  #zeroMs: number;
  #sinceMs: number;
  #rate: number;

  constructor(options: {
    readonly shared: VirtualClock;
    readonly gate: ProcessGate;
    readonly offsetMs: number;
    /** Its seconds in one true second, above 0. */
    readonly rate: number;
  }) {
    this.#shared = options.shared;
    this.#gate = options.gate;
    this.#zeroMs = options.offsetMs;
    this.#sinceMs = options.shared.nowMs();
    this.#rate = options.rate;
  }

  nowMs(): number {
    return this.#zeroMs + (this.#gate.nowMs - this.#sinceMs) * this.#rate;
  }

  /** It shows so much more at once. */
  jump(ms: number): void {
    this.#zeroMs += ms;
  }

  changeRate(rate: number): void {
    this.#zeroMs = this.nowMs();
    this.#sinceMs = this.#gate.nowMs;
    this.#rate = rate;
  }

  after(delayMs: number, run: () => void): Cancel {
    return this.at(this.nowMs() + delayMs, run);
  }

  at(deadlineMs: number, run: () => void): Cancel {
    let cancelled = false;
    let cancel: Cancel = () => {};
    const wait = (leastMs = 0) => {
      const leftMs = Math.max(leastMs, (deadlineMs - this.nowMs()) / this.#rate);
      cancel = this.#shared.at(this.#gate.nowMs + leftMs, () => this.#gate.run(look));
    };
    const look = () => {
      if (cancelled) {
        return;
      }
      // Its rate may have changed meanwhile, or a rounding error has woken it too early.
      if (this.nowMs() < deadlineMs) {
        wait(SHORTEST_WAIT_MS);
      } else {
        cancelled = true;
        run();
      }
    };
    wait();
    return () => {
      cancelled = true;
      cancel();
    };
  }

  every(intervalMs: number, run: () => void): Cancel {
    let cancel: Cancel = () => {};
    const again = () => {
      cancel = this.after(intervalMs, () => {
        again();
        run();
      });
    };
    again();
    return () => cancel();
  }

  endOfTurn(run: () => void): void {
    this.#shared.at(this.#gate.nowMs, () => this.#gate.run(run));
  }
}
