/**
 * How long ago a sequence was written, without keeping a time for each: the leader notes a sample
 * every few milliseconds, and thins the samples out when there are too many. The answer is exact to
 * the distance between two samples, and never too small.
 */

const SAMPLE_EVERY_MS = 5;
const SAMPLES_MAX = 512;

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
      this.#samples = this.#samples.filter((_, index) => index % 2 === 0);
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
