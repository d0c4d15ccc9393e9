/**
 * The memory that records stand in: segments that are filled one after the other.
 *
 * A segment that nothing alive is left in is given back, or kept for the next one. What is alive in
 * an almost empty one has to be moved before that (reclaimer.ts). A large record has a segment to
 * itself, which goes when the record does. How large a segment is follows what there is, so that a
 * store of a few keys takes a few kilobytes.
 */
import { createTextBytes, type TextBytes } from "../../base/utf8.ts";
import { ALIGNMENT } from "./places.ts";

const SMALLEST = 1_024;
/** Not above 8 MiB: a place has no room for a higher offset (places.ts). */
const LARGEST = 1_048_576;
/** A larger record has a segment to itself: a rest that it does not fit into would be wasted. */
const LARGEST_SHARED = 65_536;
/** A new segment is about this part of what is alive. */
const SHARE = 8;
/** Empty segments of the largest size that are kept. */
const SPARES = 2;

/** The same memory, as texts, as 32-bit words and as doubles. */
export interface Segment {
  readonly bytes: TextBytes;
  readonly words: Int32Array;
  readonly doubles: Float64Array;
  readonly capacity: number;
  /** So many bytes of it have been given out. */
  used: number;
  /** So many bytes are those of records that stand. */
  live: number;
}

export class Segments {
  /** By number; undefined where a number is free. */
  readonly #all: (Segment | undefined)[] = [];
  readonly #freeNumbers: number[] = [];
  readonly #spares: Segment[] = [];
  /** The number of the one that is being emptied, by the reclaimer; -1 where none is. */
  victim = -1;
  /** The number of the one that is being filled. */
  #filling = -1;
  #live = 0;
  #capacity = 0;
  #offset = 0;

  /** Bytes of records that stand. */
  get live(): number {
    return this.#live;
  }

  /** Bytes that hold nothing and that nothing can be written to. */
  get garbage(): number {
    const filling = this.#all[this.#filling];
    const left = filling === undefined ? 0 : filling.capacity - filling.used;
    return this.#capacity - left - this.#live;
  }

  /** Bytes of the segment that is being filled; 0 where none is. */
  get fillingCapacity(): number {
    return this.#all[this.#filling]?.capacity ?? 0;
  }

  /** Where the room that was given out last begins, in bytes. */
  get offset(): number {
    return this.#offset;
  }

  at(number: number): Segment {
    return this.#all[number] as Segment;
  }

  /** Gives room for so many bytes, a multiple of the alignment: a segment's number, `offset`. */
  allocate(size: number): number {
    let number = this.#filling;
    let segment = this.#all[number];
    if (size > LARGEST_SHARED) {
      number = this.#add(size);
      segment = this.at(number);
    } else if (segment === undefined || segment.used + size > segment.capacity) {
      number = this.#fillNext(size);
      segment = this.at(number);
    }
    this.#offset = segment.used;
    segment.used += size;
    segment.live += size;
    this.#live += size;
    return number;
  }

  /** So many bytes of this segment are those of no record any more. */
  free(number: number, size: number): void {
    const segment = this.at(number);
    segment.live -= size;
    this.#live -= size;
    if (segment.live === 0 && number !== this.#filling) {
      this.#drop(number);
    }
  }

  /** The segment whose records would be moved for the most room; -1 where none can be moved. */
  emptiest(): number {
    let emptiest = -1;
    let least = 1;
    for (let number = 0; number < this.#all.length; number++) {
      const segment = this.#all[number];
      if (segment !== undefined && number !== this.#filling) {
        const fill = segment.live / segment.capacity;
        if (fill < least && segment.capacity <= LARGEST) {
          emptiest = number;
          least = fill;
        }
      }
    }
    return emptiest;
  }

  #fillNext(size: number): number {
    const wanted = Math.max(this.#live / SHARE, 4 * size, SMALLEST);
    const capacity = Math.min(LARGEST, 2 ** Math.ceil(Math.log2(wanted)));
    const before = this.#filling;
    this.#filling = this.#add(capacity);
    if (this.#all[before]?.live === 0) {
      this.#drop(before);
    }
    return this.#filling;
  }

  #add(capacity: number): number {
    const number = this.#freeNumbers.pop() ?? this.#all.length;
    const spare = capacity === LARGEST ? this.#spares.pop() : undefined;
    this.#all[number] = spare ?? createSegment(capacity);
    this.#capacity += capacity;
    return number;
  }

  #drop(number: number): void {
    const segment = this.at(number);
    this.#all[number] = undefined;
    this.#freeNumbers.push(number);
    this.#capacity -= segment.capacity;
    if (number === this.victim) {
      this.victim = -1;
    }
    if (segment.capacity === LARGEST && this.#spares.length < SPARES) {
      segment.used = 0;
      this.#spares.push(segment);
    }
  }
}

function createSegment(size: number): Segment {
  const capacity = Math.ceil(size / ALIGNMENT) * ALIGNMENT;
  const bytes = createTextBytes(capacity);
  const { buffer } = bytes;
  return {
    bytes,
    words: new Int32Array(buffer, 0, capacity / 4),
    doubles: new Float64Array(buffer, 0, capacity / 8),
    capacity,
    used: 0,
    live: 0,
  };
}
