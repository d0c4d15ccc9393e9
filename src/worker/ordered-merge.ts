/** One ordered sequence out of many that are ordered: what is asked for is what it costs. */
import { compareKeys } from "../core/key-order.ts";

interface Keyed {
  readonly key: string;
}

interface Head<T> {
  item: T;
  readonly rest: Iterator<T>;
}

/** Everything that the sources give, in key order; each of them must be in key order. */
export function* mergeOrdered<T extends Keyed>(sources: Iterable<Iterable<T>>): Generator<T> {
  const heap: Head<T>[] = [];
  for (const source of sources) {
    const rest = source[Symbol.iterator]();
    const first = rest.next();
    if (!first.done) {
      heap.push({ item: first.value, rest });
    }
  }
  for (let at = (heap.length >> 1) - 1; at >= 0; at--) {
    sink(heap, at);
  }
  for (let head = heap[0]; head !== undefined; head = heap[0]) {
    yield head.item;
    const next = head.rest.next();
    if (next.done) {
      const last = heap.pop() as Head<T>;
      if (heap.length > 0) {
        heap[0] = last;
      }
    } else {
      head.item = next.value;
    }
    sink(heap, 0);
  }
}

/** Brings the one at this place below all that come before it. */
function sink<T extends Keyed>(heap: Head<T>[], from: number): void {
  let at = from;
  for (;;) {
    const least = leastOf(heap, at);
    if (least === at) {
      return;
    }
    [heap[at], heap[least]] = [heap[least] as Head<T>, heap[at] as Head<T>];
    at = least;
  }
}

/** Of a place and the two below it, the one whose item comes first. */
function leastOf<T extends Keyed>(heap: readonly Head<T>[], at: number): number {
  let least = at;
  for (const child of [2 * at + 1, 2 * at + 2]) {
    const [one, other] = [heap[child], heap[least]];
    if (one !== undefined && other !== undefined && compareKeys(one.item.key, other.item.key) < 0) {
      least = child;
    }
  }
  return least;
}
