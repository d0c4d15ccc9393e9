/**
 * Groups of operations, each in an order of its own, that tell at any time which of their
 * operations is the first that has no place in the order yet.
 */

export interface GroupedOperation {
  readonly index: number;
  /** From 0. */
  readonly group: number;
  /** The smallest comes first in its group. */
  readonly rank: number;
}

/** See the file's head; linked lists as in open-entries.ts. */
export class FirstOpen {
  readonly #groups: number;
  /** The groups' heads, which are their ends too, and behind them the operations. */
  readonly #next: Int32Array;
  readonly #previous: Int32Array;

  constructor(operations: readonly GroupedOperation[], sizes: { groups: number; indexes: number }) {
    this.#groups = sizes.groups;
    this.#next = new Int32Array(sizes.groups + sizes.indexes).map((_, entry) => entry);
    this.#previous = this.#next.slice();
    const sorted = [...operations].sort((one, other) => one.rank - other.rank);
    for (const { index, group } of sorted) {
      const entry = this.#entryOf(index);
      this.#link(this.#previous[group] as number, entry);
      this.#link(entry, group);
    }
  }

  /** The index of the group's first operation without a place, or undefined. */
  of(group: number): number | undefined {
    const entry = this.#next[group] as number;
    return entry === group ? undefined : entry - this.#groups;
  }

  /** The operation has its place; one that is in no group is ignored. */
  take(index: number): void {
    const entry = this.#entryOf(index);
    this.#link(this.#previous[entry] as number, this.#next[entry] as number);
  }

  /** Undoes the last `take` that is not undone. */
  putBack(index: number): void {
    const entry = this.#entryOf(index);
    this.#next[this.#previous[entry] as number] = entry;
    this.#previous[this.#next[entry] as number] = entry;
  }

  #entryOf(index: number): number {
    return this.#groups + index;
  }

  #link(from: number, to: number): void {
    this.#next[from] = to;
    this.#previous[to] = from;
  }
}
