/**
 * Finds a record by the hash of its key: buckets with chains that grow one bucket at a time.
 *
 * A table that doubles moves everything at once, which is a pause of tens of milliseconds for a
 * million keys. This one splits one bucket for each key that comes: with 2^n + s buckets the first
 * s of them have been split already and are told apart by one more bit of the hash.
 *
 * Source: linear hashing (W. Litwin, "Linear hashing: a new tool for file and table addressing",
 * VLDB 1980).
 */
import { NO_RECORD, type Places } from "./places.ts";

const CHUNK_BITS = 12;
const CHUNK = 1 << CHUNK_BITS;
const FIRST_BUCKETS = 16;

export class KeyTable {
  readonly #places: Places;
  /** The first number of each bucket. */
  readonly #chunks: Int32Array[] = [new Int32Array(FIRST_BUCKETS)];
  /** 2^n, of the 2^n + #split buckets. */
  #base = FIRST_BUCKETS;
  #split = 0;
  #size = 0;

  constructor(places: Places) {
    this.#places = places;
  }

  /** How many records it knows. */
  get size(): number {
    return this.#size;
  }

  /** The first of the records that may have this hash; the others follow by `Places.next`. */
  first(hash: number): number {
    const bucket = this.#bucketOf(hash);
    return (this.#chunks[bucket >>> CHUNK_BITS] as Int32Array)[bucket & (CHUNK - 1)] as number;
  }

  add(number: number): void {
    this.#prepend(this.#bucketOf(this.#places.hash(number)), number);
    this.#size += 1;
    if (this.#size > this.#base + this.#split) {
      this.#splitNext();
    }
  }

  remove(number: number): void {
    const places = this.#places;
    const next = places.next(number);
    const bucket = this.#bucketOf(places.hash(number));
    let before = this.#firstOf(bucket);
    this.#size -= 1;
    if (before === number) {
      this.#setFirst(bucket, next);
      return;
    }
    while (places.next(before) !== number) {
      before = places.next(before);
    }
    places.setNext(before, next);
  }

  #bucketOf(hash: number): number {
    const bucket = hash & (this.#base - 1);
    return bucket < this.#split ? hash & (2 * this.#base - 1) : bucket;
  }

  #firstOf(bucket: number): number {
    return (this.#chunks[bucket >>> CHUNK_BITS] as Int32Array)[bucket & (CHUNK - 1)] as number;
  }

  #setFirst(bucket: number, number: number): void {
    (this.#chunks[bucket >>> CHUNK_BITS] as Int32Array)[bucket & (CHUNK - 1)] = number;
  }

  #prepend(bucket: number, number: number): void {
    this.#places.setNext(number, this.#firstOf(bucket));
    this.#setFirst(bucket, number);
  }

  #splitNext(): void {
    const old = this.#split;
    this.#makeRoom(this.#base + old);
    let number = this.#firstOf(old);
    this.#setFirst(old, NO_RECORD);
    while (number !== NO_RECORD) {
      const next = this.#places.next(number);
      const moves = (this.#places.hash(number) & this.#base) !== 0;
      this.#prepend(moves ? this.#base + old : old, number);
      number = next;
    }
    this.#split += 1;
    if (this.#split === this.#base) {
      this.#base *= 2;
      this.#split = 0;
    }
  }

  #makeRoom(bucket: number): void {
    const chunk = this.#chunks[bucket >>> CHUNK_BITS];
    if (chunk === undefined) {
      this.#chunks.push(new Int32Array(CHUNK));
    } else if ((bucket & (CHUNK - 1)) >= chunk.length) {
      const larger = new Int32Array(chunk.length * 2);
      larger.set(chunk);
      this.#chunks[bucket >>> CHUNK_BITS] = larger;
    }
  }
}
