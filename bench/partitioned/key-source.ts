/** Keys that are dealt to the partitions to which they belong, each key once. */
import { partitionOf } from "../../src/core/placement.ts";

export class KeySource {
  readonly #prefix: string;
  readonly #dealt: string[][];
  #made = 0;

  constructor(prefix: string, partitions: number) {
    this.#prefix = prefix;
    this.#dealt = Array.from({ length: partitions }, () => []);
  }

  /** A key of this partition that it has not given yet. */
  next(partition: number): string {
    for (;;) {
      const key = this.#dealt[partition]?.pop();
      if (key !== undefined) return key;
      const made = `${this.#prefix}-${this.#made}`;
      this.#made += 1;
      this.#dealt[partitionOf(made, this.#dealt.length)]?.push(made);
    }
  }
}
