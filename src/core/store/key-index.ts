/**
 * Records in key order, so that a page of a listing costs its page: blocks of numbers, and the
 * blocks in an array. A block that is full is split; two neighbours that have become small are
 * joined. Keys that come in order fill each block to its end.
 *
 * A look-up halves the array and then a block, and compares bytes of stored keys on the way. That
 * is for a new key and for the beginning of a page; an entry of a known key changes nothing here.
 */
import { invariant } from "../../base/invariant.ts";
import type { Entry } from "../entry.ts";
import type { KeyProbe } from "./key-probe.ts";
import type { Records } from "./records.ts";

/** Numbers in a block at most. */
const BLOCK = 512;
const FIRST_BLOCK = 16;
/** Neighbours are joined when they have no more than this together. */
const JOINED = 384;

interface Block {
  numbers: Int32Array;
  count: number;
}

export class KeyIndex {
  readonly #records: Records;
  /** None is empty, but for the only one. */
  readonly #blocks: Block[] = [createBlock(FIRST_BLOCK)];
  /** Counts what was added and removed. */
  #changes = 0;

  constructor(records: Records) {
    this.#records = records;
  }

  /** Adds this record, whose key is the one that is looked for and is new. */
  add(number: number, probe: KeyProbe): void {
    this.#changes += 1;
    const at = this.#blockOf(probe);
    const block = this.#blocks[at] as Block;
    const place = this.#placeIn(block, probe);
    if (block.count < BLOCK) {
      insert(block, place, number);
      return;
    }
    const isLast = at === this.#blocks.length - 1 && place === BLOCK;
    const upper = createBlock(isLast ? FIRST_BLOCK : BLOCK);
    this.#blocks.splice(at + 1, 0, upper);
    if (isLast) {
      insert(upper, 0, number);
      return;
    }
    const half = BLOCK / 2;
    upper.numbers.set(block.numbers.subarray(half));
    upper.count = BLOCK - half;
    block.count = half;
    if (place <= half) {
      insert(block, place, number);
    } else {
      insert(upper, place - half, number);
    }
  }

  /** Removes this record, whose key is the one that is looked for. */
  remove(number: number, probe: KeyProbe): void {
    this.#changes += 1;
    const at = this.#blockOf(probe);
    const block = this.#blocks[at] as Block;
    const place = this.#placeIn(block, probe);
    invariant(
      place < block.count && block.numbers[place] === number,
      "a record is found by its key before it is removed",
    );
    block.numbers.copyWithin(place, place + 1, block.count);
    block.count -= 1;
    this.#join(at);
    this.#join(at - 1);
  }

  /**
   * The entries whose key is `first` or comes behind it, in order, tombstones too. While they are
   * taken the index may change: each further one comes behind those that were given.
   */
  *from(first: string, probe: KeyProbe): Generator<Entry> {
    probe.set(first);
    let at = this.#blockOf(probe);
    let place = this.#placeIn(this.#blocks[at] as Block, probe);
    for (;;) {
      const block = this.#blocks[at];
      if (block === undefined) {
        return;
      }
      if (place === block.count) {
        at += 1;
        place = 0;
        continue;
      }
      const entry = this.#records.entry(block.numbers[place] as number);
      const changes = this.#changes;
      yield entry;
      place += 1;
      if (changes !== this.#changes) {
        probe.set(entry.key);
        at = this.#blockOf(probe);
        place = this.#placeBehind(this.#blocks[at] as Block, probe);
      }
    }
  }

  /** The last block whose first key does not come behind the one that is looked for, or block 0. */
  #blockOf(probe: KeyProbe): number {
    const blocks = this.#blocks;
    const last = blocks.length - 1;
    let low = 0;
    let high = this.#comesBehind(blocks[last] as Block, 0, probe) ? last - 1 : last;
    if (high === last) {
      return last;
    }
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#comesBehind(blocks[middle] as Block, 0, probe)) {
        high = middle - 1;
      } else {
        low = middle;
      }
    }
    return low;
  }

  /** Whether the key at this place comes behind the one that is looked for; not of no key. */
  #comesBehind(block: Block, place: number, probe: KeyProbe): boolean {
    if (place >= block.count) {
      return false;
    }
    return this.#records.compareKey(block.numbers[place] as number, probe) > 0;
  }

  /** The first place of a key that is the one looked for or comes behind it. */
  #placeIn(block: Block, probe: KeyProbe): number {
    const { numbers, count } = block;
    let low = 0;
    let high = count;
    if (count > 0 && this.#records.compareKey(numbers[count - 1] as number, probe) < 0) {
      return count;
    }
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#records.compareKey(numbers[middle] as number, probe) < 0) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  /** As #placeIn, without the key that is looked for itself. */
  #placeBehind(block: Block, probe: KeyProbe): number {
    const place = this.#placeIn(block, probe);
    const isThere =
      place < block.count && this.#records.compareKey(block.numbers[place] as number, probe) === 0;
    return isThere ? place + 1 : place;
  }

  /** Joins this block and the next one if that gives a block with room left, or one is empty. */
  #join(at: number): void {
    const lower = this.#blocks[at];
    const upper = this.#blocks[at + 1];
    if (lower === undefined || upper === undefined) {
      return;
    }
    const isOneEmpty = lower.count === 0 || upper.count === 0;
    if (lower.count + upper.count > JOINED && !isOneEmpty) {
      return;
    }
    const numbers = new Int32Array(BLOCK);
    numbers.set(lower.numbers.subarray(0, lower.count));
    numbers.set(upper.numbers.subarray(0, upper.count), lower.count);
    this.#blocks.splice(at, 2, { numbers, count: lower.count + upper.count });
  }
}

function createBlock(capacity: number): Block {
  return { numbers: new Int32Array(capacity), count: 0 };
}

function insert(block: Block, place: number, number: number): void {
  if (block.count === block.numbers.length) {
    const larger = new Int32Array(block.count * 2);
    larger.set(block.numbers);
    block.numbers = larger;
  }
  const { numbers, count } = block;
  if (place < count) {
    numbers.copyWithin(place + 1, place, count);
  }
  numbers[place] = number;
  block.count += 1;
}
