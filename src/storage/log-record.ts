/**
 * One commit as the bytes of a log record: whose it is, and what it puts, removes and remembers.
 * Everything in it is absolute (this side, this key, this value), so that it may be repeated.
 *
 *   crc32 of all behind it · length of the record · salt · span · number · changes, up to a block
 *
 * Salt and span say to which stretch of which log it belongs; numbers are consecutive in a log.
 */
import { crc32 } from "node:zlib";
import type { Entry } from "../core/entry.ts";
import { allocateAligned, BLOCK_BYTES } from "./direct-file.ts";

/** What a commit changes on one group's current side; its parts apply in this order. */
export interface LoggedChange {
  readonly group: number;
  /** The group's current side; 0 where there is nothing for it. */
  readonly side: number;
  readonly forgotten: readonly string[];
  readonly entries: readonly Entry[];
  /** The group's record as JSON, if it has changed. */
  readonly record: string | undefined;
}

/** Which stretch of which log; both from 0 to 2^32 − 1. */
export interface Stretch {
  readonly salt: number;
  readonly span: number;
}

/** Where the part of a log begins that the tables do not have yet. */
export interface LogStart extends Stretch {
  /** Of its first record. */
  readonly number: number;
}

export interface FoundRecord {
  readonly number: number;
  /** Where the next one begins. */
  readonly end: number;
}

const HEADER_BYTES = 24;
/** The length of a text that is not there. */
const NONE = 0xffffffff;
const FIRST_BYTES = 64 * 1024;
/** A buffer that one huge commit has blown up is given back after it. */
const KEPT_BYTES_MAX = 4 * 1024 * 1024;

/** Makes records, one after another in the same buffer. */
export class RecordWriter {
  #buffer = allocateAligned(FIRST_BYTES);
  #length = HEADER_BYTES;

  /** The record; it holds until the next one is made. */
  write(changes: readonly LoggedChange[], { salt, span }: Stretch, number: number): Uint8Array {
    if (this.#buffer.length > KEPT_BYTES_MAX) this.#buffer = allocateAligned(FIRST_BYTES);
    this.#length = HEADER_BYTES;
    this.#uint32(changes.length);
    for (const change of changes) this.#change(change);
    this.#reserve(BLOCK_BYTES);
    const length = wholeBlocks(this.#length);
    const buffer = this.#buffer;
    buffer.fill(0, this.#length, length);
    buffer.writeUInt32LE(length, 4);
    buffer.writeUInt32LE(salt, 8);
    buffer.writeUInt32LE(span, 12);
    buffer.writeDoubleLE(number, 16);
    buffer.writeUInt32LE(crc32(buffer.subarray(4, length)), 0);
    return buffer.subarray(0, length);
  }

  #change({ group, side, forgotten, entries, record }: LoggedChange): void {
    this.#double(group);
    this.#double(side);
    this.#uint32(forgotten.length);
    for (const key of forgotten) this.#text(key);
    this.#uint32(entries.length);
    for (const { key, value, epoch, sequence } of entries) {
      this.#text(key);
      this.#text(value);
      this.#double(epoch);
      this.#double(sequence);
    }
    this.#text(record);
  }

  #text(text: string | undefined): void {
    if (text === undefined) {
      this.#uint32(NONE);
      return;
    }
    // A UTF-16 unit takes at most three bytes.
    this.#reserve(4 + 3 * text.length);
    const written = this.#buffer.write(text, this.#length + 4, "utf8");
    this.#buffer.writeUInt32LE(written, this.#length);
    this.#length += 4 + written;
  }

  #uint32(value: number): void {
    this.#reserve(4);
    this.#length = this.#buffer.writeUInt32LE(value, this.#length);
  }

  #double(value: number): void {
    this.#reserve(8);
    this.#length = this.#buffer.writeDoubleLE(value, this.#length);
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#buffer.length) return;
    const larger = allocateAligned(Math.max(needed, 2 * this.#buffer.length));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }
}

/** Whose record it would be that begins there; undefined where none has room. */
export function stretchAt(bytes: Buffer, at: number): Stretch | undefined {
  if (at + HEADER_BYTES > bytes.length) return undefined;
  return { salt: bytes.readUInt32LE(at + 8), span: bytes.readUInt32LE(at + 12) };
}

/** Number and end of the whole record of this stretch that begins there; else undefined. */
export function findRecord(
  bytes: Buffer,
  at: number,
  { salt, span }: Stretch,
): FoundRecord | undefined {
  const found = stretchAt(bytes, at);
  if (found?.salt !== salt || found.span !== span) return undefined;
  const end = at + bytes.readUInt32LE(at + 4);
  if (end < at + HEADER_BYTES || end > bytes.length) return undefined;
  if (crc32(bytes.subarray(at + 4, end)) !== bytes.readUInt32LE(at)) return undefined;
  return { number: bytes.readDoubleLE(at + 16), end };
}

/** The changes of a record that was found there. */
export function readChanges(bytes: Buffer, at: number): LoggedChange[] {
  const reader = new RecordReader(bytes, at + HEADER_BYTES);
  return reader.list(() => ({
    group: reader.double(),
    side: reader.double(),
    forgotten: reader.list(() => reader.text() ?? ""),
    entries: reader.list(() => ({
      key: reader.text() ?? "",
      value: reader.text(),
      epoch: reader.double(),
      sequence: reader.double(),
    })),
    record: reader.text(),
  }));
}

class RecordReader {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  list<Item>(read: () => Item): Item[] {
    return Array.from({ length: this.#uint32() }, read);
  }

  text(): string | undefined {
    const length = this.#uint32();
    if (length === NONE) return undefined;
    const start = this.#at;
    this.#at += length;
    return this.#bytes.toString("utf8", start, this.#at);
  }

  double(): number {
    const value = this.#bytes.readDoubleLE(this.#at);
    this.#at += 8;
    return value;
  }

  #uint32(): number {
    const value = this.#bytes.readUInt32LE(this.#at);
    this.#at += 4;
    return value;
  }
}

function wholeBlocks(length: number): number {
  return Math.ceil(length / BLOCK_BYTES) * BLOCK_BYTES;
}
