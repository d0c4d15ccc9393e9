/** How true the delay line is: the error of each delay of 0.1–1 ms on an idle event loop, in ms. */
import { quantileSorted } from "simple-statistics";
import { sharpenSleeps, systemClock } from "../../src/base/clock.ts";
import { DelayLine } from "../../src/base/delay-line.ts";

const ITEMS = 5_000;
const MIN_DELAY_MS = 0.1;
const SPREAD_MS = 0.9;

export interface DelayLineAccuracy {
  readonly items: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** Share of a core that the process used while one delay after another was under way. */
  readonly busyShare: number;
  /** The same in a second in which nothing was due. */
  readonly idleShare: number;
}

/** Holds one item after another, so that nothing but the line itself can be late. */
export async function measureDelayLine(): Promise<DelayLineAccuracy> {
  sharpenSleeps();
  // As in a node: without an open socket the event loop has nothing to wait for, and spins.
  const server = Bun.serve({ port: 0, fetch: () => new Response() });
  const errorsMs: number[] = [];
  let next = () => {};
  const line = new DelayLine<number>(systemClock, (due) => {
    const nowMs = systemClock.nowMs();
    for (const deadlineMs of due) {
      errorsMs.push(nowMs - deadlineMs);
    }
    next();
  });
  const share = cpuShare();
  for (let item = 0; item < ITEMS; item++) {
    const deadlineMs = systemClock.nowMs() + MIN_DELAY_MS + Math.random() * SPREAD_MS;
    await new Promise<void>((resolve) => {
      next = resolve;
      line.hold(deadlineMs, deadlineMs);
    });
  }
  const busyShare = share();
  const sorted = errorsMs.sort((a, b) => a - b);
  const idle = cpuShare();
  await Bun.sleep(1_000);
  const idleShare = idle();
  await server.stop(true);
  return {
    items: ITEMS,
    p50Ms: quantileSorted(sorted, 0.5),
    p99Ms: quantileSorted(sorted, 0.99),
    maxMs: sorted[sorted.length - 1] ?? 0,
    busyShare,
    idleShare,
  };
}

/** Starts to measure; calling the result says the share of a core used since. */
function cpuShare(): () => number {
  const before = process.cpuUsage();
  const startedAtMs = performance.now();
  return () => {
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1_000 / (performance.now() - startedAtMs);
  };
}
