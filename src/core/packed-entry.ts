/**
 * An entry whose texts are still the bytes that another node has sent. Most entries that come are
 * put into a replica, which keeps bytes, and never asked for a text: to make two strings of each
 * would be the larger part of what taking it in costs. Whoever asks gets a string made anew.
 *
 * It keeps the whole message that it came in alive: what is held for long is to be `unpacked`.
 */
import type { TextBytes } from "../base/utf8.ts";
import type { Entry } from "./entry.ts";

/** The length of a value that is not there. */
export const NO_VALUE = -1;

/** Where the two texts stand, both well-formed UTF-8. */
export interface PackedTexts {
  readonly bytes: TextBytes;
  readonly keyStart: number;
  readonly keyLength: number;
  readonly valueStart: number;
  /** NO_VALUE for a tombstone. */
  readonly valueLength: number;
}

export class PackedEntry implements Entry, PackedTexts {
  readonly epoch: number;
  readonly sequence: number;
  readonly bytes: TextBytes;
  readonly keyStart: number;
  readonly keyLength: number;
  readonly valueStart: number;
  readonly valueLength: number;

  constructor(texts: PackedTexts, epoch: number, sequence: number) {
    this.epoch = epoch;
    this.sequence = sequence;
    this.bytes = texts.bytes;
    this.keyStart = texts.keyStart;
    this.keyLength = texts.keyLength;
    this.valueStart = texts.valueStart;
    this.valueLength = texts.valueLength;
  }

  get key(): string {
    return this.bytes.utf8Slice(this.keyStart, this.keyStart + this.keyLength);
  }

  get value(): string | undefined {
    const { valueStart, valueLength } = this;
    return valueLength === NO_VALUE
      ? undefined
      : this.bytes.utf8Slice(valueStart, valueStart + valueLength);
  }
}

/** The same entry with its texts as strings of its own. */
export function unpacked(entry: Entry): Entry {
  if (!(entry instanceof PackedEntry)) {
    return entry;
  }
  const { key, value, epoch, sequence } = entry;
  return { key, value, epoch, sequence };
}
