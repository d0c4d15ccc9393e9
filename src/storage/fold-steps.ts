/**
 * Brings the rows of a stretch of the log into the order of the tree, a few at a time, so that no
 * commit has to wait for all of them: keys are dealt out to buckets between keys drawn from among
 * them, and each bucket is sorted when its turn comes. Neighbours share pages: in order a million
 * random keys cost a fifth of what they cost as they came.
 */
import type { Rows, Unfolded } from "./unfolded.ts";

export interface FoldStep {
  readonly side: number;
  /** In the order of the tree or nearly so; none where the step was spent on dealing them out. */
  readonly keys: readonly string[];
  /** How much of `foldWeight` it was. */
  readonly weight: number;
}

/** About so many rows are folded at once, in less than a millisecond; twice as many at most. */
const BUCKET_KEYS = 128;
/** Fewer where their values have more text than this. */
const STEP_TEXT = 128 * 1024;
/** So many are dealt out at once. */
const DEALT_KEYS = 2_000;
/** Its multiples, without their whole part, are spread evenly over [0, 1). */
const GOLDEN_RATIO = (1 + Math.sqrt(5)) / 2;

/** All that `foldSteps` does: it takes each key twice. */
export function foldWeight({ rows }: Unfolded): number {
  let keys = 0;
  for (const { size } of rows.values()) keys += size;
  return 2 * keys;
}

/** Every key once. */
export function* foldSteps({ rows }: Unfolded): Generator<FoldStep> {
  for (const [side, bySide] of rows) {
    const keys = [...bySide.keys()];
    const bounds = boundsOf(keys, bucketsFor(keys.length));
    const buckets = Array.from({ length: bounds.length + 1 }, (): string[] => []);
    for (let dealt = 0; dealt < keys.length; dealt += DEALT_KEYS) {
      const some = keys.slice(dealt, dealt + DEALT_KEYS);
      for (const key of some) buckets[placeOf(key, bounds)]?.push(key);
      yield { side, keys: [], weight: some.length };
    }
    for (const bucket of buckets) {
      for (const some of parts(bucket.sort(), bySide)) {
        yield { side, keys: some, weight: some.length };
      }
    }
  }
}

/** Cut so that none has more keys, or much more text, than a step is to have. */
function* parts(keys: readonly string[], rows: Rows): Generator<string[]> {
  let part: string[] = [];
  let text = 0;
  for (const key of keys) {
    part.push(key);
    text += rows.get(key)?.value?.length ?? 0;
    if (text >= STEP_TEXT || part.length === 2 * BUCKET_KEYS) {
      yield part;
      part = [];
      text = 0;
    }
  }
  if (part.length > 0) yield part;
}

function bucketsFor(keys: number): number {
  return Math.ceil(keys / BUCKET_KEYS);
}

/** One fewer than there are buckets, ascending; what lies below the first is in bucket 0. */
function boundsOf(keys: readonly string[], buckets: number): string[] {
  const bounds: string[] = [];
  for (let bucket = 1; bucket < buckets; bucket++) {
    // At even distances, for keys in order; but never in step with keys that come by turns.
    const share = bucket - ((bucket * GOLDEN_RATIO) % 1);
    bounds.push(keys[Math.floor((share * keys.length) / buckets)] as string);
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
