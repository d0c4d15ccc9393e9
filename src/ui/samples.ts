/** The latencies of the last writes, and the runs of writes under the same conditions. */

/** What held while a write was on its way. */
export interface Conditions {
  /** The write quorum, in followers. */
  readonly required: number;
  /** The simulated network, as in `0.1ms–1ms`. */
  readonly network: string;
}

export interface Sample extends Conditions {
  /** From the request to the answer, at the leader; of several writes the mean. */
  readonly ms: number;
  /** How many writes it stands for. */
  readonly writes: number;
}

/** Writes one after another under equal conditions. */
export interface Run extends Conditions {
  /** Index of the first one among the samples. */
  readonly from: number;
  readonly ms: readonly number[];
  /** How many writes they stand for. */
  readonly writes: number;
}

/** How many samples are kept. */
export const SAMPLES_MAX = 240;

/** The samples with one more, without the oldest where there are too many. */
export function addSample(samples: readonly Sample[], sample: Sample): readonly Sample[] {
  return [...samples, sample].slice(-SAMPLES_MAX);
}

/** Samples in their order, cut where the conditions change. */
export function toRuns(samples: readonly Sample[]): Run[] {
  const runs: (Conditions & { from: number; ms: number[]; writes: number })[] = [];
  for (const [index, { required, network, ms, writes }] of samples.entries()) {
    const last = runs.at(-1);
    if (last?.required === required && last.network === network) {
      last.ms.push(ms);
      last.writes += writes;
    } else {
      runs.push({ required, network, from: index, ms: [ms], writes });
    }
  }
  return runs;
}

/** The value below which a share of the numbers lies; 0 where there are none. */
export function quantile(numbers: readonly number[], share: number): number {
  const sorted = numbers.toSorted((one, other) => one - other);
  const index = Math.min(sorted.length - 1, Math.floor(share * sorted.length));
  return sorted[Math.max(0, index)] ?? 0;
}
