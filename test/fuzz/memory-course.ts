/**
 * How the nodes' memory goes over a run. A node may take what it needs at first; afterwards more of
 * the same must not take more of it. So the first lap is left out, and the last is compared with
 * the second: ratios, since what a node needs is the machine's and the runtime's to say.
 */

export interface MemorySize {
  /** Resident, in bytes. */
  readonly rss: number;
  /** Of JavaScript objects, in bytes. */
  readonly heap: number;
}

export interface MemoryCourse {
  readonly node: string;
  readonly what: "rss" | "heap";
  /** Medians, in bytes, of the lap after the warm-up and of the last. */
  readonly early: number;
  readonly late: number;
}

/** What grows less than this in a run is no leak, however small it was before. */
const SLACK_BYTES = 32 * 1024 * 1024;

export class MemoryRecord {
  readonly #samples: { readonly lap: number; readonly sizes: ReadonlyMap<string, MemorySize> }[] =
    [];

  add(lap: number, sizes: ReadonlyMap<string, MemorySize>): void {
    this.#samples.push({ lap, sizes });
  }

  /** One line for each node and kind of memory; empty where there were fewer than three laps. */
  courses(): MemoryCourse[] {
    const laps = [...new Set(this.#samples.map(({ lap }) => lap))].sort((a, b) => a - b);
    const [, second] = laps;
    const last = laps.at(-1);
    if (laps.length < 3 || second === undefined || last === undefined) return [];
    const nodes = [...(this.#samples[0]?.sizes.keys() ?? [])];
    return nodes.flatMap((node) =>
      (["rss", "heap"] as const).map((what) => ({
        ...{ node, what },
        early: this.#median(second, node, what),
        late: this.#median(last, node, what),
      })),
    );
  }

  #median(lap: number, node: string, what: "rss" | "heap"): number {
    const values = this.#samples
      .filter((sample) => sample.lap === lap)
      .map(({ sizes }) => sizes.get(node)?.[what] ?? 0)
      .sort((a, b) => a - b);
    return values[Math.floor(values.length / 2)] ?? 0;
  }
}

/** Whether it grew by more than half, and by more than a little. */
export function hasGrown({ early, late }: MemoryCourse): boolean {
  return late > early * 1.5 && late - early > SLACK_BYTES;
}
