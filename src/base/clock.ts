/**
 * Time as an argument. Whoever needs the time or a timer gets a Clock; the simulator gives a virtual
 * one, so no file but this one names the runtime's timers.
 */

/** Calling it cancels the timer; calling it again, or after it fired, does nothing. */
export type Cancel = () => void;

export interface Clock {
  /** Milliseconds with fractions on a clock that only goes forward; its zero means nothing. */
  nowMs(): number;
  /** Runs once after at least `delayMs`; its grain is 1 ms (see delay-line.ts for finer ones). */
  after(delayMs: number, run: () => void): Cancel;
  /** Runs repeatedly, the first time after `intervalMs`. */
  every(intervalMs: number, run: () => void): Cancel;
  /** Runs when this turn of the event loop has taken in what the sockets held. */
  endOfTurn(run: () => void): void;
}

/** The runtime's own clock. */
export const systemClock: Clock = {
  nowMs: () => performance.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
  every(intervalMs, run) {
    const timer = setInterval(run, intervalMs);
    return () => clearInterval(timer);
  },
  endOfTurn(run) {
    setImmediate(run);
  },
};
