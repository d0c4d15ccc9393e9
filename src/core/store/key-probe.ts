/**
 * The key that is looked for, as bytes: it is compared with the bytes of stored keys, so that a
 * look-up makes no string. The order of UTF-8 bytes is the order of keys (key-order.ts).
 */
import { HASH_SEED } from "../../base/hash-seed.ts";
import { createTextBytes, utf8Length } from "../../base/utf8.ts";
import type { Entry } from "../entry.ts";
import { PackedEntry } from "../packed-entry.ts";

/** Longest key in bytes; a key of 1,024 UTF-16 units, the most that a frame brings, has 3,072. */
export const LONGEST_KEY_BYTES = 4_095;

/** The length of a key that can't be looked for. */
export const TOO_LONG = -1;

/** Source: FNV-1a with 32 bits (Fowler, Noll, Vo; public domain), with a beginning of our own. */
const FIRST_HASH = HASH_SEED;
const HASH_FACTOR = 0x01000193;

export class KeyProbe {
  readonly bytes = createTextBytes(LONGEST_KEY_BYTES);
  /** How many of the bytes are the key; TOO_LONG: none, it is longer than any that is stored. */
  length = 0;
  /** 32 bits, with a sign. */
  hash = 0;

  /** Looks for this key from now on. */
  set(key: string): void {
    const { bytes } = this;
    if (key.length > LONGEST_KEY_BYTES) {
      this.length = TOO_LONG;
      return;
    }
    let hash = FIRST_HASH;
    for (let at = 0; at < key.length; at++) {
      const unit = key.charCodeAt(at);
      if (unit > 0x7f) {
        this.#setUnicode(key);
        return;
      }
      bytes[at] = unit;
      hash = Math.imul(hash ^ unit, HASH_FACTOR);
    }
    this.length = key.length;
    this.hash = mix(hash);
  }

  /** Looks for the key of this entry from now on. */
  setOf(entry: Entry): void {
    if (entry instanceof PackedEntry) {
      this.#setBytes(entry);
    } else {
      this.set(entry.key);
    }
  }

  #setBytes({ bytes: from, keyStart, keyLength }: PackedEntry): void {
    const { bytes } = this;
    if (keyLength > LONGEST_KEY_BYTES) {
      this.length = TOO_LONG;
      return;
    }
    let hash = FIRST_HASH;
    // Copied and hashed in one pass: for a follower, which does it for every entry, two cost more.
    for (let at = 0; at < keyLength; at++) {
      const byte = from[keyStart + at] as number;
      bytes[at] = byte;
      hash = Math.imul(hash ^ byte, HASH_FACTOR);
    }
    this.length = keyLength;
    this.hash = mix(hash);
  }

  #setUnicode(key: string): void {
    const { bytes } = this;
    const length = utf8Length(key);
    if (length > LONGEST_KEY_BYTES) {
      this.length = TOO_LONG;
      return;
    }
    bytes.utf8Write(key, 0, length);
    let hash = FIRST_HASH;
    for (let at = 0; at < length; at++) {
      hash = Math.imul(hash ^ (bytes[at] as number), HASH_FACTOR);
    }
    this.length = length;
    this.hash = mix(hash);
  }
}

/** Spreads what differs over all bits: the table of keys looks at the lowest ones. */
function mix(hash: number): number {
  let mixed = hash ^ (hash >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
