/** Memory of the nodes while a soak runs, and whether it is flat. */
import { linearRegression, mean } from "simple-statistics";
import { residentBytes } from "../cluster/process-use.ts";

export interface MemorySample {
  /** Epoch, in milliseconds. */
  readonly atMs: number;
  /** Writes made until then. */
  readonly writes: number;
  /** Resident bytes: of the leader first, then of each follower. */
  readonly nodes: readonly number[];
}

const EVERY_MS = 1_000;
const MANY_WRITES = 1e7;

/** Looks at the processes' memory once a second until it is stopped. */
export function watchMemory(
  processIds: readonly number[],
  writes: () => number,
): { readonly samples: readonly MemorySample[]; stop(): void } {
  const samples: MemorySample[] = [];
  const look = () => {
    const atMs = performance.timeOrigin + performance.now();
    samples.push({ atMs, writes: writes(), nodes: processIds.map(residentBytes) });
  };
  look();
  const timer = setInterval(() => {
    try {
      look();
    } catch {
      // A node has ended: the load sees that too, and says which.
      clearInterval(timer);
    }
  }, EVERY_MS);
  return { samples, stop: () => clearInterval(timer) };
}

/** The line of least squares through a node's samples of the last half of the writes. */
export interface Slope {
  readonly fromWrites: number;
  readonly toWrites: number;
  readonly fromBytes: number;
  readonly toBytes: number;
  /** Rise in 10,000,000 writes, in percent of the mean of these samples. */
  readonly percent: number;
}

/** Below so many writes a line through the last half says nothing of 10,000,000. */
const JUDGED_WRITES = 2_000_000;

/** NaN percent where there are too few writes for a line to say something. */
export function slopeOf(samples: readonly MemorySample[], node: number): Slope {
  const last = samples.at(-1)?.writes ?? 0;
  const half = samples.filter(({ writes }) => writes >= last / 2);
  const points = half.map(({ writes, nodes }) => [writes, nodes[node] ?? Number.NaN]);
  const { m, b } = linearRegression(points);
  const fromWrites = half[0]?.writes ?? 0;
  const usual = mean(points.map(([, bytes = 0]) => bytes));
  return {
    ...{ fromWrites, toWrites: last, fromBytes: b + m * fromWrites, toBytes: b + m * last },
    percent: last < JUDGED_WRITES ? Number.NaN : (100 * m * MANY_WRITES) / usual,
  };
}
