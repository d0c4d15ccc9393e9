/** One register's operations as columns of numbers, with what can be known before any search. */
import { counts, endOf, type Operation } from "./history.ts";

/** Values are numbers here, from 0; this is the value of a key that is absent. */
export const ABSENT = 0;

/** Column by column, the operations that count, by invocation. */
export interface RegisterHistory {
  readonly operations: readonly Operation[];
  /** Whether it must have a place; one of unknown outcome need not. */
  readonly required: readonly boolean[];
  readonly isRead: readonly boolean[];
  /** What it reads, or leaves behind. */
  readonly values: readonly number[];
  /** How many different values there are. */
  readonly valueCount: number;
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  /** No read that begins after this moment can see this write. */
  readonly lastSights: readonly number[];
}

/** Sorts, numbers the values, and leaves out what says nothing. */
export function toRegisterHistory(history: readonly Operation[]): RegisterHistory {
  const operations = history
    .filter(counts)
    .sort((one, other) => one.invokedAtMs - other.invokedAtMs);
  const numbers = new Map<string | undefined, number>([[undefined, ABSENT]]);
  const values = operations.map(({ kind, value }) => {
    if (kind === "write" && value === undefined) throw new Error("a write without a value");
    const text = kind === "delete" ? undefined : value;
    if (!numbers.has(text)) numbers.set(text, numbers.size);
    return numbers.get(text) as number;
  });
  const starts = operations.map(({ invokedAtMs }) => invokedAtMs);
  const ends = operations.map(endOf);
  return {
    operations,
    required: operations.map(({ outcome }) => outcome === "ok"),
    isRead: operations.map(({ kind }) => kind === "read"),
    values,
    valueCount: numbers.size,
    starts,
    ends,
    lastSights: lastSightsOf(starts, ends),
  };
}

/**
 * Behind a write comes every operation that begins after its end, and when the first of those has
 * ended, the write is out of sight: overwritten, or something else was read. (If that one reads the
 * write's own value it counts as able to see it, since it began before it ended.)
 */
function lastSightsOf(starts: readonly number[], ends: readonly number[]): number[] {
  const sights = ends.map(() => Number.POSITIVE_INFINITY);
  const fromLastEnd = [...ends.keys()].sort((one, other) => ends[other]! - ends[one]!);
  let earliestEnd = Number.POSITIVE_INFINITY;
  let later = starts.length - 1;
  for (const index of fromLastEnd) {
    for (; later >= 0 && starts[later]! > ends[index]!; later -= 1) {
      earliestEnd = Math.min(earliestEnd, ends[later]!);
    }
    sights[index] = earliestEnd;
  }
  return sights;
}
