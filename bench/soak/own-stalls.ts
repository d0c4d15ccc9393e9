/** The driver's own stalls: what its clients see then is not the leader's doing. */

const TICK_MS = 5;

export interface OwnStall {
  /** Epoch, in milliseconds. */
  readonly endedAtMs: number;
  readonly ms: number;
}

/** Notes each time at which this process's event loop did not turn for so long. */
export function watchOwnStalls(leastMs: number): {
  readonly stalls: readonly OwnStall[];
  stop(): void;
} {
  const stalls: OwnStall[] = [];
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    const ms = now - last;
    last = now;
    if (ms >= leastMs) stalls.push({ endedAtMs: performance.timeOrigin + now, ms });
  }, TICK_MS);
  return { stalls, stop: () => clearInterval(timer) };
}
