/** Resident memory of processes when it has fallen as far as it falls after a load. */
import { sum } from "simple-statistics";
import { residentBytes } from "./process-use.ts";

const LOOK_EVERY_MS = 250;
const SETTLE_MS_MAX = 40_000;
/** Less than this is no fall. */
const FALLEN_SHARE = 0.995;

/**
 * What has not fallen for so long falls no more: a runtime with a garbage collector looks for what
 * it can give back only some seconds after the last write; another gives back at once, or never.
 */
export const SETTLED_MS = { collected: 10_000, uncollected: 1_000 } as const;

/**
 * What each process holds when all of them together have given nothing back for `settledMs`, after
 * 40 seconds at the latest; what they hold then, at the signal.
 */
export async function settledResidentBytes(
  processIds: readonly number[],
  { settledMs, signal }: { readonly settledMs: number; readonly signal: AbortSignal },
): Promise<number[]> {
  let least = processIds.map(residentBytes);
  let fellAtMs = performance.now();
  const deadlineMs = fellAtMs + SETTLE_MS_MAX;
  while (performance.now() < Math.min(fellAtMs + settledMs, deadlineMs) && !signal.aborted) {
    await Bun.sleep(LOOK_EVERY_MS);
    const now = processIds.map(residentBytes);
    if (sum(now) < FALLEN_SHARE * sum(least)) fellAtMs = performance.now();
    if (sum(now) < sum(least)) least = now;
  }
  return least;
}
