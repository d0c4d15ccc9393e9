/**
 * What is to run, by time, then by insertion: a binary heap, O(log n) in and out. What is due now
 * waits in a plain list instead, since most calls are for the end of this turn.
 */

export interface Due {
  readonly atMs: number;
  readonly run: () => void;
  /** Comes again and again: it keeps nobody from being idle. */
  readonly repeating: boolean;
  /** It has run or was cancelled; in the queue it is then rubbish. */
  done: boolean;
}

interface Placed {
  readonly due: Due;
  readonly order: number;
}

export class DueQueue {
  #order = 0;
  readonly #heap: Placed[] = [];
  /** The time of what was taken last; what is added for it comes behind all else of this time. */
  #nowMs = Number.NEGATIVE_INFINITY;
  #turn: Due[] = [];
  #taken = 0;

  add(due: Due): void {
    if (due.atMs === this.#nowMs) {
      this.#turn.push(due);
    } else {
      this.#push({ due, order: this.#order++ });
    }
  }

  /** Takes out what is due next, if that is by `endMs`. */
  take(endMs: number): Due | undefined {
    for (;;) {
      const top = this.#heap[0]?.due;
      const inTurn = this.#turn[this.#taken];
      // What is due now in the heap was added before any in the turn's list.
      if (inTurn !== undefined && (top === undefined || top.atMs > inTurn.atMs)) {
        if (inTurn.atMs > endMs) {
          return undefined;
        }
        this.#taken += 1;
        if (!inTurn.done) {
          return inTurn;
        }
        continue;
      }
      if (top === undefined || top.atMs > endMs) {
        return undefined;
      }
      this.#pop();
      if (!top.done) {
        this.#startTurn(top.atMs);
        return top;
      }
    }
  }

  #startTurn(atMs: number): void {
    if (atMs !== this.#nowMs) {
      this.#nowMs = atMs;
      this.#turn = [];
      this.#taken = 0;
    }
  }

  #push(placed: Placed): void {
    const heap = this.#heap;
    let hole = heap.length;
    heap.push(placed);
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      const above = heap[parent] as Placed;
      if (isBefore(above, placed)) {
        break;
      }
      heap[hole] = above;
      hole = parent;
    }
    heap[hole] = placed;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop() as Placed;
    const size = heap.length;
    if (size === 0) {
      return;
    }
    let hole = 0;
    for (;;) {
      let child = 2 * hole + 1;
      if (child >= size) {
        break;
      }
      if (child + 1 < size && isBefore(heap[child + 1] as Placed, heap[child] as Placed)) {
        child += 1;
      }
      const below = heap[child] as Placed;
      if (isBefore(last, below)) {
        break;
      }
      heap[hole] = below;
      hole = child;
    }
    heap[hole] = last;
  }
}

function isBefore(one: Placed, other: Placed): boolean {
  return (
    one.due.atMs - other.due.atMs < 0 ||
    (one.due.atMs === other.due.atMs && one.order < other.order)
  );
}
