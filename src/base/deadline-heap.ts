/**
 * A binary min-heap of items by deadline: the earliest on top, O(log n) in and out.
 *
 * Two parallel arrays rather than an array of pairs, since the delay line puts one item in for
 * every copy of every write. Items of the same deadline come out in no particular order.
 */
export class DeadlineHeap<T> {
  readonly #deadlines: number[] = [];
  readonly #items: T[] = [];

  get size(): number {
    return this.#items.length;
  }

  /** The earliest deadline, or Infinity while it is empty. */
  get earliest(): number {
    return this.#deadlines[0] ?? Number.POSITIVE_INFINITY;
  }

  push(deadline: number, item: T): void {
    const deadlines = this.#deadlines;
    const items = this.#items;
    let hole = items.length;
    deadlines.push(deadline);
    items.push(item);
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      const parentDeadline = deadlines[parent] as number;
      if (parentDeadline <= deadline) {
        break;
      }
      deadlines[hole] = parentDeadline;
      items[hole] = items[parent] as T;
      hole = parent;
    }
    deadlines[hole] = deadline;
    items[hole] = item;
  }

  /** Takes the item with the earliest deadline out; undefined while it is empty. */
  pop(): T | undefined {
    const top = this.#items[0];
    const lastDeadline = this.#deadlines.pop();
    const lastItem = this.#items.pop();
    if (this.#items.length > 0) {
      this.#sink(lastDeadline as number, lastItem as T);
    }
    return top;
  }

  clear(): void {
    this.#deadlines.length = 0;
    this.#items.length = 0;
  }

  #sink(deadline: number, item: T): void {
    const deadlines = this.#deadlines;
    const items = this.#items;
    const size = items.length;
    let hole = 0;
    for (;;) {
      let child = 2 * hole + 1;
      if (child >= size) {
        break;
      }
      if (child + 1 < size && (deadlines[child + 1] as number) < (deadlines[child] as number)) {
        child += 1;
      }
      if ((deadlines[child] as number) >= deadline) {
        break;
      }
      deadlines[hole] = deadlines[child] as number;
      items[hole] = items[child] as T;
      hole = child;
    }
    deadlines[hole] = deadline;
    items[hole] = item;
  }
}
