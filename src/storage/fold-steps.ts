/**
 * Brings the rows of a stretch of the log into the order of the tree, a few at a time, so that no
 * commit has to wait for all of them: keys are dealt out to buckets between keys drawn from among
 * them, and each bucket is sorted when its turn comes. Neighbours share pages: in order a million
 * random keys cost a fifth of what they cost as they came.
 */
import type { Unfolded } from "./unfolded.ts";

/** Keys of one side, in the order of the tree or nearly so. */
export interface FoldStep {
  readonly side: number;
  readonly keys: readonly string[];
}

/** About so many rows are folded at once, in less than a millisecond. */
const BUCKET_KEYS = 128;
/** So many are dealt out at once. */
const DEALT_KEYS = 2_000;

/** How many steps `foldSteps` takes, nearly. */
export function countFoldSteps({ rows }: Unfolded): number {
  let steps = 0;
  for (const { size } of rows.values()) steps += bucketsFor(size) + Math.ceil(size / DEALT_KEYS);
  return steps;
}

/** Every key once; a step without keys was spent on dealing them out. */
export function* foldSteps({ rows }: Unfolded): Generator<FoldStep> {
  for (const [side, bySide] of rows) {
    const keys = [...bySide.keys()];
    const bounds = boundsOf(keys, bucketsFor(keys.length));
    const buckets = Array.from({ length: bounds.length + 1 }, (): string[] => []);
    for (const [index, key] of keys.entries()) {
      buckets[placeOf(key, bounds)]?.push(key);
      if (index % DEALT_KEYS === 0) yield { side, keys: [] };
    }
    for (const bucket of buckets) yield { side, keys: bucket.sort() };
  }
}

function bucketsFor(keys: number): number {
  return Math.ceil(keys / BUCKET_KEYS);
}

/** One fewer than there are buckets, ascending; what lies below the first is in bucket 0. */
function boundsOf(keys: readonly string[], buckets: number): string[] {
  const bounds: string[] = [];
  for (let bucket = 1; bucket < buckets; bucket++) {
    // Keys that come in order are spread evenly by this, and others by their own disorder.
    bounds.push(keys[Math.floor((bucket * keys.length) / buckets)] as string);
  }
  return bounds.sort();
}

/** How many of the bounds are not above the key. */
function placeOf(key: string, bounds: readonly string[]): number {
  let [low, high] = [0, bounds.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((bounds[middle] as string) <= key) low = middle + 1;
    else high = middle;
  }
  return low;
}
