/**
 * A checksum of each row. SQLite checks its own structure, and the frames of its WAL, but not the
 * bytes of a row in the database file: without this, a value in which the disk has flipped a bit
 * would be served as if a client had written it.
 *
 * CRC-32 as in zlib, so that any tool can recompute it: of side, epoch and sequence as three
 * doubles (little-endian), then of the key and the value as UTF-8.
 */
import { crc32 } from "node:zlib";
import type { Entry } from "../core/entry.ts";
import type { LogStart } from "./log-record.ts";

const numbers = new Float64Array(3);
const numberBytes = new Uint8Array(numbers.buffer);

/** The checksum of one entry on one side, a whole number of 32 bits. */
export function entryChecksum(side: number, { key, value, epoch, sequence }: Entry): number {
  numbers[0] = side;
  numbers[1] = epoch;
  numbers[2] = sequence;
  const ofKey = crc32(key, crc32(numberBytes));
  // A tombstone must not look like a value that has lost its text.
  return value === undefined ? ofKey ^ 1 : crc32(value, ofKey);
}

/** The checksum of a group's record, as the text that is stored. */
export function recordChecksum(group: number, record: string): number {
  return crc32(record, group);
}

/** The checksum of a controller's record of that kind and id, as the text that is stored. */
export function controllerChecksum(kind: string, id: string, value: string): number {
  return crc32(value, crc32(`${kind} ${id} `));
}

/** The checksum of what a side is. */
export function sideChecksum(side: number, group: number, state: string): number {
  return crc32(`${side} ${group} ${state}`);
}

/** The checksum of where the log begins. */
export function logChecksum({ salt, span, number }: LogStart): number {
  return crc32(`log ${salt} ${span} ${number}`);
}
