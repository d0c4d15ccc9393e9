/**
 * Entries as bytes, one record each.
 *
 * | bytes | what |
 * |---|---|
 * | 0–3 | the record's number (places.ts) |
 * | 4–7 | how many bytes it has in all; with TOMBSTONE set where it has no value |
 * | 8–15 | sequence, a double |
 * | 16–23 | epoch, a double |
 * | 24– | the key, then the value, both as UTF-8 |
 *
 * It begins at a multiple of 8. A newer entry of the same key is written over the old one where it
 * takes as much room; otherwise it is written elsewhere and the old place is garbage.
 */
import { copyBytes, type TextBytes, utf8Length } from "../../base/utf8.ts";
import type { Entry } from "../entry.ts";
import { NO_VALUE, PackedEntry } from "../packed-entry.ts";
import type { KeyProbe } from "./key-probe.ts";
import { ALIGNMENT, type Places } from "./places.ts";
import type { Segment, Segments } from "./segments.ts";

const HEADER = 24;
const TOMBSTONE = 0x80000000 | 0;
const LENGTH_MASK = 0x7fffffff;

export class Records {
  readonly #places: Places;
  readonly #segments: Segments;

  constructor(places: Places, segments: Segments) {
    this.#places = places;
    this.#segments = segments;
  }

  sequence(number: number): number {
    const { doubles } = this.#segments.at(this.#places.segment(number));
    return doubles[(this.#places.offset(number) >> 3) + 1] as number;
  }

  epoch(number: number): number {
    const { doubles } = this.#segments.at(this.#places.segment(number));
    return doubles[(this.#places.offset(number) >> 3) + 2] as number;
  }

  isTombstone(number: number): boolean {
    const { words } = this.#segments.at(this.#places.segment(number));
    return (words[(this.#places.offset(number) >> 2) + 1] as number) < 0;
  }

  /** The entry as an object; `key` is given where it is known. */
  entry(number: number, key?: string): Entry {
    const { bytes, words, doubles } = this.#segments.at(this.#places.segment(number));
    const offset = this.#places.offset(number);
    const length = words[(offset >> 2) + 1] as number;
    const keyStart = offset + HEADER;
    const valueStart = keyStart + this.#places.keyLength(number);
    return {
      key: key ?? bytes.utf8Slice(keyStart, valueStart),
      value: length < 0 ? undefined : bytes.utf8Slice(valueStart, offset + length),
      epoch: doubles[(offset >> 3) + 2] as number,
      sequence: doubles[(offset >> 3) + 1] as number,
    };
  }

  hasKey(number: number, probe: KeyProbe): boolean {
    const { length, bytes } = probe;
    if (this.#places.keyLength(number) !== length) {
      return false;
    }
    const stored = this.#segments.at(this.#places.segment(number)).bytes;
    const start = this.#places.offset(number) + HEADER;
    for (let at = 0; at < length; at++) {
      if (stored[start + at] !== bytes[at]) {
        return false;
      }
    }
    return true;
  }

  /** Negative where its key comes before the one that is looked for, 0 where it is that one. */
  compareKey(number: number, probe: KeyProbe): number {
    const { length, bytes } = probe;
    const ownLength = this.#places.keyLength(number);
    const stored = this.#segments.at(this.#places.segment(number)).bytes;
    const start = this.#places.offset(number) + HEADER;
    const shorter = ownLength < length ? ownLength : length;
    for (let at = 0; at < shorter; at++) {
      const difference = (stored[start + at] as number) - (bytes[at] as number);
      if (difference !== 0) {
        return difference;
      }
    }
    return ownLength - length;
  }

  /** Writes a first record for this number, whose key is the one that is looked for. */
  create(number: number, probe: KeyProbe, entry: Entry): void {
    const length = HEADER + probe.length + valueLength(entry);
    this.#allocate(number, length, probe.length);
    this.#write(number, probe, entry, length);
  }

  /**
   * Puts another entry of the same key, the one that is looked for, in the place of this one.
   * Returns how many bytes became garbage.
   */
  replace(number: number, probe: KeyProbe, entry: Entry): number {
    const length = HEADER + probe.length + valueLength(entry);
    const segment = this.#places.segment(number);
    const old = sizeAt(this.#segments.at(segment), this.#places.offset(number));
    if (old === padded(length)) {
      this.#write(number, probe, entry, length);
      return 0;
    }
    this.#allocate(number, length, probe.length);
    this.#write(number, probe, entry, length);
    this.#segments.free(segment, old);
    return old;
  }

  /** Its bytes, which it returns the number of, are garbage from now on. */
  remove(number: number): number {
    const segment = this.#places.segment(number);
    const size = sizeAt(this.#segments.at(segment), this.#places.offset(number));
    this.#segments.free(segment, size);
    return size;
  }

  /** How many bytes stand at this place of a segment, of a record or of what was one. */
  sizeAt(segment: number, offset: number): number {
    return sizeAt(this.#segments.at(segment), offset);
  }

  /** Moves the record at this place of a segment elsewhere; false where there is none. */
  moveAway(from: number, offset: number): boolean {
    const places = this.#places;
    const segment = this.#segments.at(from);
    const number = segment.words[offset >> 2] as number;
    if (places.segment(number) !== from || places.offset(number) !== offset) {
      return false;
    }
    const size = sizeAt(segment, offset);
    const to = this.#segments.allocate(size);
    const start = this.#segments.offset;
    segment.bytes.copy(this.#segments.at(to).bytes, start, offset, offset + size);
    places.put(number, { segment: to, offset: start, keyLength: places.keyLength(number) });
    this.#segments.free(from, size);
    return true;
  }

  #allocate(number: number, length: number, keyLength: number): void {
    const segment = this.#segments.allocate(padded(length));
    this.#places.put(number, { segment, offset: this.#segments.offset, keyLength });
  }

  #write(number: number, probe: KeyProbe, entry: Entry, length: number): void {
    const { bytes, words, doubles } = this.#segments.at(this.#places.segment(number));
    const offset = this.#places.offset(number);
    const keyStart = offset + HEADER;
    words[offset >> 2] = number;
    doubles[(offset >> 3) + 1] = entry.sequence;
    doubles[(offset >> 3) + 2] = entry.epoch;
    for (let at = 0; at < probe.length; at++) {
      bytes[keyStart + at] = probe.bytes[at] as number;
    }
    const valueStart = keyStart + probe.length;
    const hasValue = writeValue(entry, bytes, valueStart, offset + length - valueStart);
    words[(offset >> 2) + 1] = hasValue ? length : length | TOMBSTONE;
  }
}

function valueLength(entry: Entry): number {
  if (entry instanceof PackedEntry) {
    return Math.max(0, entry.valueLength);
  }
  const { value } = entry;
  return value === undefined ? 0 : utf8Length(value);
}

/** False where there is none. */
function writeValue(entry: Entry, to: TextBytes, at: number, length: number): boolean {
  if (entry instanceof PackedEntry) {
    copyBytes({ bytes: entry.bytes, start: entry.valueStart, length }, to, at);
    return entry.valueLength !== NO_VALUE;
  }
  const { value } = entry;
  if (value !== undefined) {
    to.utf8Write(value, at, length);
  }
  return value !== undefined;
}

function padded(length: number): number {
  return (length + ALIGNMENT - 1) & -ALIGNMENT;
}

function sizeAt({ words }: Segment, offset: number): number {
  return padded((words[(offset >> 2) + 1] as number) & LENGTH_MASK);
}
