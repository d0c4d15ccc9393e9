/**
 * Durations as people write them: `0.1ms`, `2s`. Milliseconds inside, with fractions.
 *
 * A strict reader of its own: what takes `1e3`, `-1s` or rubbish behind a number for a duration
 * would start a node with a setting that nobody meant.
 */

const UNIT_MS = { us: 0.001, µs: 0.001, ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;

type Unit = keyof typeof UNIT_MS;

const PATTERN = /^(\d+(?:\.\d+)?|\.\d+)\s?(us|µs|ms|s|m|h)?$/;

/** A duration as it was read; `unit` is undefined where only a bare number stood. */
export interface ReadDuration {
  readonly amount: number;
  readonly unit: Unit | undefined;
}

/** Reads `0.1ms`, `2s`, `1.5 m` or a bare number; undefined for everything else, negatives too. */
export function readDuration(text: string): ReadDuration | undefined {
  const match = PATTERN.exec(text.trim());
  const digits = match?.[1];
  if (digits === undefined) return undefined;
  const amount = Number(digits);
  if (!Number.isFinite(amount)) return undefined;
  return { amount, unit: match?.[2] as Unit | undefined };
}

/** Milliseconds of an amount in a unit, without the noise of binary fractions (0.1s is 100). */
export function durationMs(amount: number, unit: Unit): number {
  return Number((amount * UNIT_MS[unit]).toPrecision(12));
}

/** Milliseconds as people write them: 0 → `0ms`, 0.1 → `0.1ms`, 2000 → `2s`, 90000 → `90s`. */
export function formatDuration(ms: number): string {
  if (ms >= 3_600_000 && ms % 3_600_000 === 0) return `${ms / 3_600_000}h`;
  if (ms >= 1_000 && ms % 100 === 0) return `${ms / 1_000}s`;
  return `${Number(ms.toPrecision(12))}ms`;
}
