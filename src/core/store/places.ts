/**
 * Where each record is. A record has a *number* as long as its key stands: everything that speaks
 * of it (the table of keys, the orders) keeps the number, so that a record may move without any of
 * them hearing of it. Numbers of removed records are used again.
 *
 * For each number there are four words: the hash of its key, the next number in the same bucket of
 * the table of keys, the number of the segment, and the place in it together with the key's length.
 * They stand in chunks, so that there is never a large array to copy as they become more.
 */

/** Numbers in a chunk, as a power of two. */
const CHUNK_BITS = 12;
const CHUNK = 1 << CHUNK_BITS;
const FIRST_CHUNK = 16;
const WORDS = 4;

const HASH = 0;
const NEXT = 1;
const SEGMENT = 2;
const PLACE = 3;

/** No record has this number. */
export const NO_RECORD = 0;

/** The segment of a number that is free. */
const NOWHERE = -1;

/** Records begin at multiples of so many bytes. */
export const ALIGNMENT = 8;
const ALIGNMENT_BITS = 3;

/** The length of a key takes so many bits of the word that says the place. */
const KEY_BITS = 12;
const KEY_MASK = (1 << KEY_BITS) - 1;

/** Of one record: see the methods of the same names. */
export interface Place {
  readonly segment: number;
  readonly offset: number;
  readonly keyLength: number;
}

export class Places {
  readonly #chunks: Int32Array[] = [new Int32Array(FIRST_CHUNK * WORDS)];
  /** Numbers above were never used. */
  #highest = 0;
  /** First of the free ones, which are chained by NEXT. */
  #free = NO_RECORD;

  /** No number is higher. */
  get highest(): number {
    return this.#highest;
  }

  /** A number that nobody has. */
  take(hash: number): number {
    let number = this.#free;
    if (number === NO_RECORD) {
      this.#highest += 1;
      number = this.#highest;
      this.#makeRoom(number);
    } else {
      this.#free = this.next(number);
    }
    this.#chunkOf(number)[wordOf(number) + HASH] = hash;
    return number;
  }

  release(number: number): void {
    const chunk = this.#chunkOf(number);
    chunk[wordOf(number) + SEGMENT] = NOWHERE;
    chunk[wordOf(number) + NEXT] = this.#free;
    this.#free = number;
  }

  isTaken(number: number): boolean {
    return this.segment(number) !== NOWHERE;
  }

  hash(number: number): number {
    return this.#chunkOf(number)[wordOf(number) + HASH] as number;
  }

  /** The next number in the same bucket. */
  next(number: number): number {
    return this.#chunkOf(number)[wordOf(number) + NEXT] as number;
  }

  setNext(number: number, next: number): void {
    this.#chunkOf(number)[wordOf(number) + NEXT] = next;
  }

  segment(number: number): number {
    return this.#chunkOf(number)[wordOf(number) + SEGMENT] as number;
  }

  /** In bytes from the beginning of the segment. */
  offset(number: number): number {
    const place = this.#chunkOf(number)[wordOf(number) + PLACE] as number;
    return (place >>> KEY_BITS) << ALIGNMENT_BITS;
  }

  /** In bytes. */
  keyLength(number: number): number {
    return (this.#chunkOf(number)[wordOf(number) + PLACE] as number) & KEY_MASK;
  }

  put(number: number, place: Place): void {
    const { segment, offset, keyLength } = place;
    const chunk = this.#chunkOf(number);
    const word = wordOf(number);
    chunk[word + SEGMENT] = segment;
    chunk[word + PLACE] = ((offset >> ALIGNMENT_BITS) << KEY_BITS) | keyLength;
  }

  #chunkOf(number: number): Int32Array {
    return this.#chunks[number >>> CHUNK_BITS] as Int32Array;
  }

  #makeRoom(number: number): void {
    const chunk = this.#chunks[number >>> CHUNK_BITS];
    if (chunk === undefined) {
      this.#chunks.push(new Int32Array(CHUNK * WORDS));
    } else if (wordOf(number) >= chunk.length) {
      const larger = new Int32Array(chunk.length * 2);
      larger.set(chunk);
      this.#chunks[number >>> CHUNK_BITS] = larger;
    }
  }
}

/** Where the words of a number begin in its chunk. */
function wordOf(number: number): number {
  return (number & (CHUNK - 1)) * WORDS;
}
