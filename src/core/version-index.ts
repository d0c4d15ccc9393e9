/**
 * The records of a replica in the order of their sequence: the map as its own compacted log.
 *
 * Catch-up asks for "what is newer than 42, in pages". Pairs of sequence and record number stand in
 * blocks, and the blocks in an array, both in order, so that a binary search finds the beginning.
 * When another entry takes a record's place the old pair becomes a hole; neighbours with many holes
 * are joined into one block without any. So each call does the work of one block at most, and there
 * are never many more pairs than records.
 *
 * At a leader sequences only rise, and each pair goes to the end of the last block. At a follower
 * copies overtake one another, which mostly moves a few pairs there.
 */
import { invariant } from "../base/invariant.ts";

/** Pairs in a block at most. */
const BLOCK = 512;
const FIRST_BLOCK = 16;
/** Neighbours are joined when they have no more pairs than this together. */
const JOINED = 448;
/** The number in a pair that counts no more. */
const HOLE = 0;
const WORD = 2 ** 32;

/** Pairs whose sequences agree in all but the lowest 32 bits. */
interface Block {
  /** The sequences' upper bits: ⌊sequence / 2³²⌋. */
  readonly high: number;
  /** The sequences' lowest 32 bits, rising. */
  lows: Uint32Array;
  /** By place, the record's number, or HOLE. */
  numbers: Int32Array;
  /** Pairs and holes. */
  count: number;
  /** Pairs without holes. */
  live: number;
}

export class VersionIndex {
  /** None is empty. */
  readonly #blocks: Block[] = [];
  /** The first sequence of each block. */
  readonly #firsts: number[] = [];
  #size = 0;

  /** How many pairs there are. */
  get size(): number {
    return this.#size;
  }

  /** Adds the number of a record, ≥ 1, whose entry has this sequence. */
  add(sequence: number, number: number): void {
    this.#size += 1;
    const at = this.#blockOf(sequence);
    const block = this.#blocks[at];
    const high = highOf(sequence);
    if (block === undefined || block.high !== high) {
      this.#addAsBlock(sequence, number);
      return;
    }
    const low = lowOf(sequence);
    const { count } = block;
    if (count < BLOCK && (block.lows[count - 1] as number) <= low) {
      insert(block, count, low, number);
    } else {
      this.#addWithin(at, low, number);
    }
  }

  /** Removes this pair, which was added. */
  remove(sequence: number, number: number): void {
    const low = lowOf(sequence);
    let at = this.#blockOf(sequence);
    let place = placeOf(this.#blocks[at], low, number);
    while (place < 0) {
      // Where several have one sequence, the older ones may stand in a block before.
      at -= 1;
      invariant(at >= 0, "only what was added is removed");
      place = placeOf(this.#blocks[at], low, number);
    }
    const block = this.#blocks[at] as Block;
    block.numbers[place] = HOLE;
    block.live -= 1;
    this.#size -= 1;
    if (place === block.count - 1) {
      block.count -= 1;
    }
    this.#join(at);
    this.#join(at - 1);
  }

  /** The numbers of records with a higher sequence, in its order. */
  *above(sequence: number): Generator<number> {
    for (let at = Math.max(0, this.#blockOf(sequence)); at < this.#blocks.length; at++) {
      const block = this.#blocks[at] as Block;
      for (let place = this.#placeAbove(block, sequence); place < block.count; place++) {
        const number = block.numbers[place] as number;
        if (number !== HOLE) {
          yield number;
        }
      }
    }
  }

  /** The last block that begins at this sequence or below; -1: none. */
  #blockOf(sequence: number): number {
    const firsts = this.#firsts;
    let low = 0;
    let high = firsts.length;
    if (high > 0 && (firsts[high - 1] as number) <= sequence) {
      return high - 1;
    }
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((firsts[middle] as number) <= sequence) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low - 1;
  }

  #placeAbove(block: Block, sequence: number): number {
    const start = block.high * WORD;
    if (sequence < start) {
      return 0;
    }
    return sequence - start >= WORD ? block.count : firstAbove(block, sequence - start);
  }

  /** Behind the last block that begins below, or before all; they have other upper bits. */
  #addAsBlock(sequence: number, number: number): void {
    const at = this.#blockOf(sequence) + 1;
    const high = highOf(sequence);
    const next = this.#blocks[at];
    if (next?.high === high) {
      this.#firsts[at] = sequence;
      this.#addWithin(at, lowOf(sequence), number);
      return;
    }
    const block = createBlock(high, FIRST_BLOCK);
    insert(block, 0, lowOf(sequence), number);
    this.#blocks.splice(at, 0, block);
    this.#firsts.splice(at, 0, sequence);
  }

  /** Adds a pair to this block, which makes room if it is full. */
  #addWithin(at: number, low: number, number: number): void {
    const block = this.#blocks[at] as Block;
    if (block.count < BLOCK) {
      insert(block, firstAbove(block, low), low, number);
      return;
    }
    const isBehind = (block.lows[block.count - 1] as number) <= low;
    if (block.live <= JOINED) {
      dropHoles(block);
      insert(block, firstAbove(block, low), low, number);
    } else {
      // In order, blocks are left full; else both halves get room.
      const upper = split(block, isBehind ? BLOCK : BLOCK / 2);
      const goesUp = upper.count === 0 || low >= (upper.lows[0] as number);
      const target = goesUp ? upper : block;
      insert(target, firstAbove(target, low), low, number);
      this.#blocks.splice(at + 1, 0, upper);
      this.#firsts.splice(at + 1, 0, upper.high * WORD + (upper.lows[0] as number));
    }
  }

  /** Joins this block and the next one if they have become small; drops it if it is empty. */
  #join(at: number): void {
    const lower = this.#blocks[at];
    if (lower === undefined || this.#drop(at)) {
      return;
    }
    const upper = this.#blocks[at + 1];
    if (upper?.high !== lower.high || lower.live + upper.live > JOINED) {
      return;
    }
    dropHoles(lower);
    for (let place = 0; place < upper.count; place++) {
      const number = upper.numbers[place] as number;
      if (number !== HOLE) {
        insert(lower, lower.count, upper.lows[place] as number, number);
      }
    }
    this.#blocks.splice(at + 1, 1);
    this.#firsts.splice(at + 1, 1);
  }

  /** Drops this block if it is empty, and says so. */
  #drop(at: number): boolean {
    const isEmpty = this.#blocks[at]?.live === 0;
    if (isEmpty) {
      this.#blocks.splice(at, 1);
      this.#firsts.splice(at, 1);
    }
    return isEmpty;
  }
}

function highOf(sequence: number): number {
  return Math.floor(sequence / WORD);
}

/** As the remainder, but that one is a call of a function on doubles. */
function lowOf(sequence: number): number {
  return sequence >>> 0;
}

function createBlock(high: number, capacity: number): Block {
  const lows = new Uint32Array(capacity);
  return { high, lows, numbers: new Int32Array(capacity), count: 0, live: 0 };
}

function insert(block: Block, place: number, low: number, number: number): void {
  const { count } = block;
  if (count === block.lows.length) {
    const { lows, numbers } = block;
    block.lows = new Uint32Array(count * 2);
    block.lows.set(lows);
    block.numbers = new Int32Array(count * 2);
    block.numbers.set(numbers);
  }
  if (place < count) {
    block.lows.copyWithin(place + 1, place, count);
    block.numbers.copyWithin(place + 1, place, count);
  }
  block.lows[place] = low;
  block.numbers[place] = number;
  block.count += 1;
  block.live += 1;
}

/** Moves what stands at this place and behind it into a block of its own. */
function split(block: Block, place: number): Block {
  const upper = createBlock(block.high, BLOCK);
  upper.lows.set(block.lows.subarray(place, block.count));
  upper.numbers.set(block.numbers.subarray(place, block.count));
  upper.count = block.count - place;
  for (let at = 0; at < upper.count; at++) {
    upper.live += upper.numbers[at] === HOLE ? 0 : 1;
  }
  block.count = place;
  block.live -= upper.live;
  return upper;
}

function dropHoles(block: Block): void {
  const { lows, numbers, count } = block;
  let to = 0;
  for (let from = 0; from < count; from++) {
    const number = numbers[from] as number;
    if (number !== HOLE) {
      lows[to] = lows[from] as number;
      numbers[to] = number;
      to += 1;
    }
  }
  block.count = to;
}

/** The first place of a pair above it. */
function firstAbove({ lows, count }: Block, low: number): number {
  let from = 0;
  let to = count;
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((lows[middle] as number) <= low) {
      from = middle + 1;
    } else {
      to = middle;
    }
  }
  return from;
}

/** Where this pair stands; -1: not here. */
function placeOf(block: Block | undefined, low: number, number: number): number {
  if (block === undefined) {
    return -1;
  }
  // Where it stands in a block that has neither holes nor gaps; behind the last are old ones.
  const dense = low - (block.lows[0] as number);
  if (dense < block.count && block.lows[dense] === low && block.numbers[dense] === number) {
    return dense;
  }
  let place = firstAbove(block, low) - 1;
  while (place >= 0 && block.lows[place] === low && block.numbers[place] !== number) {
    place -= 1;
  }
  return place >= 0 && block.lows[place] === low ? place : -1;
}
