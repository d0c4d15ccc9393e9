/**
 * The calls and returns of the operations that have no place in the order yet, by time: Lowe's
 * doubly linked list. Taking an operation out and putting it back cost the same few steps however
 * long the history is.
 *
 * Whatever is called before the first return in the list may come next in the order: no open
 * operation ended before it began.
 */

/** Head and end of the list. */
const HEAD = 0;

/** See the file's head; operations are known by their index. */
export class OpenEntries {
  readonly #count: number;
  readonly #next: Int32Array;
  readonly #previous: Int32Array;
  readonly #hasReturn: readonly boolean[];

  /** By operation; one that ends at Infinity has no return, and need not be taken. */
  constructor(starts: readonly number[], ends: readonly number[]) {
    this.#count = starts.length;
    this.#next = new Int32Array(2 * starts.length + 1);
    this.#previous = new Int32Array(2 * starts.length + 1);
    this.#hasReturn = ends.map((end) => end !== Number.POSITIVE_INFINITY);
    const calls = starts.map((at, index) => ({ entry: this.#callOf(index), at }));
    const returns = ends
      .map((at, index) => ({ entry: this.#returnOf(index), at }))
      .filter((_, index) => this.#hasReturn[index]);
    // The sort is stable: at the same time calls come first. What touches is concurrent, so that a
    // coarse clock accuses nobody.
    const entries = [...calls, ...returns].sort((one, other) => one.at - other.at);
    let last = HEAD;
    for (const { entry } of entries) {
      this.#link(last, entry);
      last = entry;
    }
    this.#link(last, HEAD);
  }

  /** The first operation that may come next, or undefined. */
  first(): number | undefined {
    return this.#callAt(this.#next[HEAD] as number);
  }

  /** The next one that may come next as well, or undefined. */
  after(index: number): number | undefined {
    return this.#callAt(this.#next[this.#callOf(index)] as number);
  }

  /** Gives the operation a place in the order: it is open no more. */
  take(index: number): void {
    this.#unlink(this.#callOf(index));
    if (this.#hasReturn[index]) this.#unlink(this.#returnOf(index));
  }

  /** Undoes the last `take` that is not undone. */
  putBack(index: number): void {
    if (this.#hasReturn[index]) this.#relink(this.#returnOf(index));
    this.#relink(this.#callOf(index));
  }

  #callAt(entry: number): number | undefined {
    return entry === HEAD || this.#isReturn(entry) ? undefined : entry - 1;
  }

  #callOf(index: number): number {
    return index + 1;
  }

  #returnOf(index: number): number {
    return this.#count + index + 1;
  }

  #isReturn(entry: number): boolean {
    return entry > this.#count;
  }

  #link(from: number, to: number): void {
    this.#next[from] = to;
    this.#previous[to] = from;
  }

  #unlink(entry: number): void {
    this.#link(this.#previous[entry] as number, this.#next[entry] as number);
  }

  #relink(entry: number): void {
    this.#next[this.#previous[entry] as number] = entry;
    this.#previous[this.#next[entry] as number] = entry;
  }
}
