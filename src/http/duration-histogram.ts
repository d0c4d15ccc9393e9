/**
 * A histogram for what happens at every write. That of the Prometheus client looks labels and
 * buckets up by name whenever it is told something; this one counts in plain numbers.
 */

export interface DurationHistogramOptions {
  readonly name: string;
  readonly help: string;
  /** Upper bounds of the buckets in seconds, in order. */
  readonly bucketsSeconds: readonly number[];
}

export class DurationHistogram {
  readonly #options: DurationHistogramOptions;
  /** By the first bound that is not below them; the last: beyond all bounds. */
  readonly #counts: number[];
  #sumSeconds = 0;

  constructor(options: DurationHistogramOptions) {
    this.#options = options;
    this.#counts = [...options.bucketsSeconds.map(() => 0), 0];
  }

  /** Counts one duration. */
  count(seconds: number): void {
    let bucket = 0;
    for (const bound of this.#options.bucketsSeconds) {
      if (seconds <= bound) break;
      bucket++;
    }
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#sumSeconds += seconds;
  }

  /** In Prometheus' text format. */
  render(): string {
    const { name, help, bucketsSeconds } = this.#options;
    let count = 0;
    const buckets = this.#counts.map((counted, bucket) => {
      count += counted;
      return `${name}_bucket{le="${bucketsSeconds[bucket] ?? "+Inf"}"} ${count}\n`;
    });
    return (
      `# HELP ${name} ${help}\n# TYPE ${name} histogram\n${buckets.join("")}` +
      `${name}_sum ${this.#sumSeconds}\n${name}_count ${count}\n`
    );
  }
}
