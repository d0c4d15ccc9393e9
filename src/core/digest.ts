/**
 * An order-free hash of keys, values and versions: nodes that hold the same have the same digest.
 *
 * Each entry is hashed to 64 bits, as two independent 32-bit halves, and the hashes are added up;
 * addition forgets the order, and unlike exclusive-or it does not forget an entry counted twice. It
 * tells accidental differences apart, not forged ones.
 *
 * Source of the halves: multiply-and-shift mixing as in MurmurHash3 (Austin Appleby, public
 * domain).
 */
import type { Entry } from "./entry.ts";
import { FRACTION_STEPS } from "./epoch.ts";

const FIRST_FACTOR = 0x85ebca6b;
const SECOND_FACTOR = 0xc2b2ae35;
/**
 * Stands between two texts, so that ("ab", "c") and ("a", "bc") differ; no UTF-16 unit is as large.
 */
const SEPARATOR = 0x10000;

export class Digest {
  #high = 0;
  #low = 0;
  #keys = 0;

  /** How many entries were added and not removed. */
  get keys(): number {
    return this.#keys;
  }

  /** Adds one live entry; the order of the calls does not matter. */
  add(entry: Entry): void {
    this.#count(entry, 1);
  }

  /** As if this entry, which was added, had never been. */
  remove(entry: Entry): void {
    this.#count(entry, -1);
  }

  /** Adds all that the other one has. */
  addAll(other: Digest): void {
    this.#high = (this.#high + other.#high) >>> 0;
    this.#low = (this.#low + other.#low) >>> 0;
    this.#keys += other.#keys;
  }

  #count(entry: Entry, times: 1 | -1): void {
    let high = 0;
    let low = 0;
    const take = (unit: number) => {
      high = Math.imul((high ^ unit) + 0x9e3779b9, FIRST_FACTOR);
      high ^= high >>> 13;
      low = Math.imul((low ^ unit) + 0x7f4a7c15, SECOND_FACTOR);
      low ^= low >>> 16;
    };
    const takeNumber = (count: number) => {
      take(count % 2 ** 32);
      take(Math.floor(count / 2 ** 32));
    };
    // Whole: of two candidates' epochs of one generation the fractions alone differ.
    takeNumber(entry.epoch * FRACTION_STEPS);
    takeNumber(entry.sequence);
    const value = entry.value ?? "";
    for (let at = 0; at < entry.key.length; at++) {
      take(entry.key.charCodeAt(at));
    }
    take(SEPARATOR);
    for (let at = 0; at < value.length; at++) {
      take(value.charCodeAt(at));
    }
    this.#high = (this.#high + times * mix(high)) >>> 0;
    this.#low = (this.#low + times * mix(low)) >>> 0;
    this.#keys += times;
  }

  /** 16 hexadecimal digits. */
  toHex(): string {
    const hex = (half: number) => half.toString(16).padStart(8, "0");
    return hex(this.#high) + hex(this.#low);
  }
}

function mix(hash: number): number {
  let mixed = hash ^ (hash >>> 16);
  mixed = Math.imul(mixed, FIRST_FACTOR);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, SECOND_FACTOR);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
