/**
 * How long ago a sequence was written, without keeping a time for each: the leader notes a sample
 * every few milliseconds, and thins the samples out when there are too many, the old ones more than
 * the new: what matters of a lag is its size, not its last digit. The answer is never too small,
 * and too large by 5 ms or an eighth at most.
 */

const SAMPLE_EVERY_MS = 5;
const SAMPLES_MAX = 512;
/** Two samples may lie so far apart, as a share of how long ago they were taken. */
const DISTANCE_SHARE = 1 / 8;

interface Sample {
  /** Everything up to here was written … */
  readonly sequence: number;
  /** … at this time or before. */
  readonly atMs: number;
}

export class LagClock {
  #samples: Sample[] = [];

  /** A write with this sequence is accepted now. */
  note(sequence: number, nowMs: number): void {
    const last = this.#samples[this.#samples.length - 1];
    if (last !== undefined && nowMs - last.atMs < SAMPLE_EVERY_MS) {
      return;
    }
    this.#samples.push({ sequence, atMs: nowMs });
    if (this.#samples.length > SAMPLES_MAX) {
      this.#samples = thinned(this.#samples, nowMs);
    }
  }

  /** Milliseconds since the oldest write above `watermark`; 0 where `newest` is not above it. */
  lagMs(watermark: number, newest: number, nowMs: number): number {
    if (watermark >= newest) {
      return 0;
    }
    // The last sample at or below the first missing sequence is not later than its write.
    let low = 0;
    let high = this.#samples.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#samples[middle] as Sample).sequence <= watermark + 1) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    const sample = this.#samples[low - 1];
    return sample === undefined ? 0 : nowMs - sample.atMs;
  }
}

/** Drops each sample whose two neighbours are near enough to one another without it. */
function thinned(samples: readonly Sample[], nowMs: number): Sample[] {
  const kept: Sample[] = [];
  for (let at = samples.length - 1; at >= 0; at--) {
    const sample = samples[at] as Sample;
    const older = samples[at - 1];
    const newer = kept[kept.length - 1];
    const dispensable =
      older !== undefined &&
      newer !== undefined &&
      newer.atMs - older.atMs <= (nowMs - newer.atMs) * DISTANCE_SHARE;
    if (!dispensable) {
      kept.push(sample);
    }
  }
  return kept.reverse();
}
