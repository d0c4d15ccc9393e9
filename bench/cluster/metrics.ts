/** What a node says of itself at /metrics. */
import { BenchError } from "../quorum/bench-error.ts";

const CALL_MS_MAX = 20_000;

/** The samples of one scrape. */
export class Metrics {
  readonly #samples: readonly (readonly [name: string, value: number])[];

  private constructor(text: string) {
    this.#samples = text.split("\n").flatMap((line) => {
      const sample = /^([a-z_:]+)(?:\{[^}]*\})? (\S+)/i.exec(line);
      return sample === null ? [] : [[sample[1] ?? "", Number(sample[2])] as const];
    });
  }

  /** Throws BenchError where the node gives no metrics. */
  static async of(address: string): Promise<Metrics> {
    try {
      const signal = AbortSignal.timeout(CALL_MS_MAX);
      const response = await fetch(`${address}/metrics`, { signal });
      return new Metrics(await response.text());
    } catch (error) {
      throw new BenchError(`${address} gives no metrics: ${String(error)}`);
    }
  }

  /** Of all label sets; 0 where there is none. */
  sum(name: string): number {
    return this.#values(name).reduce((sum, value) => sum + value, 0);
  }

  /** Of all label sets; 0 where there is none. */
  max(name: string): number {
    return Math.max(0, ...this.#values(name));
  }

  #values(name: string): number[] {
    return this.#samples.filter(([each]) => each === name).map(([, value]) => value);
  }
}
