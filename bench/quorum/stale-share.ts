/** The share of stale reads by the time since the acknowledgement, with its uncertainty. */
import type { StaleRead } from "./results.ts";

export interface StaleBin {
  readonly fromMs: number;
  readonly toMs: number;
  /** The mean of its reads' times. */
  readonly sinceMs: number;
  readonly reads: number;
  readonly stale: number;
  /** Between 0 and 1. */
  readonly share: number;
  /** The Wilson interval at 95 %: true also near 0, where reads are many and stale ones none. */
  readonly low: number;
  readonly high: number;
}

const Z_95 = 1.96;

/** Into how many bins the plot and the table part the time up to the horizon. */
export const STALE_BINS = 15;

/** Up to what time after the acknowledgement reads are made: a while after the last copy is due. */
export function staleHorizonMs(setting: { maxDelayMs: number }): number {
  return 1.5 * (setting.maxDelayMs > 0 ? setting.maxDelayMs : 1);
}

/** Bins of equal width from 0; an empty bin is left out, reads behind the last one too. */
export function binStaleReads(
  reads: readonly StaleRead[],
  bins: { widthMs: number; count: number },
): StaleBin[] {
  const all: StaleBin[] = [];
  for (let place = 0; place < bins.count; place++) {
    const fromMs = place * bins.widthMs;
    const toMs = fromMs + bins.widthMs;
    const own = reads.filter((read) => read.sinceMs >= fromMs && read.sinceMs < toMs);
    if (own.length === 0) continue;
    const stale = own.filter((read) => read.stale).length;
    const sinceMs = own.reduce((sum, read) => sum + read.sinceMs, 0) / own.length;
    const share = stale / own.length;
    const interval = wilson(share, own.length);
    all.push({ fromMs, toMs, sinceMs, reads: own.length, stale, share, ...interval });
  }
  return all;
}

/** Edwin B. Wilson, 1927: the shares from which this one is within z standard errors. */
function wilson(share: number, reads: number): { low: number; high: number } {
  const z2 = Z_95 * Z_95;
  const middle = share + z2 / (2 * reads);
  const half = Z_95 * Math.sqrt((share * (1 - share)) / reads + z2 / (4 * reads * reads));
  const scale = 1 + z2 / reads;
  return { low: Math.max(0, (middle - half) / scale), high: Math.min(1, (middle + half) / scale) };
}
