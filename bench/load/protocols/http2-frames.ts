/**
 * The frames of HTTP/2 (RFC 9113), as far as a client of unary calls needs them, and header fields
 * as HPACK's literals (RFC 7541, section 6.2), which need no table to write.
 */
import { varint } from "./varint.ts";

export const FRAME_HEAD_BYTES = 9;
/** What every peer takes without having said so. */
export const FRAME_BYTES_MAX = 16_384;
export const WINDOW_BYTES_FIRST = 65_535;
export const WINDOW_BYTES_MAX = 2 ** 31 - 1;

export const FRAME = {
  data: 0,
  headers: 1,
  reset: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
} as const;

export const FLAG = { none: 0, endStream: 1, acknowledged: 1, endHeaders: 4 } as const;

export const SETTING = { enablePush: 2, windowBytes: 4, frameBytes: 5 } as const;

export const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

/** One frame with its head. */
export function frame(type: number, flags: number, stream: number, payload: Uint8Array): Buffer {
  const bytes = Buffer.alloc(FRAME_HEAD_BYTES + payload.length);
  bytes.writeUIntBE(payload.length, 0, 3);
  bytes[3] = type;
  bytes[4] = flags;
  bytes.writeUInt32BE(stream, 5);
  bytes.set(payload, FRAME_HEAD_BYTES);
  return bytes;
}

/** A SETTINGS frame of these pairs of a setting and its value. */
export function settings(...pairs: readonly (readonly [number, number])[]): Buffer {
  const payload = Buffer.alloc(pairs.length * 6);
  for (const [index, [setting, value]] of pairs.entries()) {
    payload.writeUInt16BE(setting, index * 6);
    payload.writeUInt32BE(value, index * 6 + 2);
  }
  return frame(FRAME.settings, FLAG.none, 0, payload);
}

/** A WINDOW_UPDATE frame; stream 0 is the connection. */
export function windowUpdate(stream: number, bytes: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(bytes, 0);
  return frame(FRAME.windowUpdate, FLAG.none, stream, payload);
}

/** How a field is written: into the peer's table, or for this once. */
export type Indexing = "remembered" | "once";

/** A field whose name stands in HPACK's static table. */
export function namedField(name: number, value: string, indexing: Indexing): Buffer {
  const [mark, bits] = indexing === "remembered" ? [0x40, 6] : [0x00, 4];
  return Buffer.concat([integer(mark, bits, name), text(value)]);
}

/** A field with a name of its own. */
export function field(name: string, value: string, indexing: Indexing): Buffer {
  const mark = indexing === "remembered" ? 0x40 : 0x00;
  return Buffer.concat([Buffer.from([mark]), text(name), text(value)]);
}

/** A field in a table: the static one (1 to 61), or what the peer remembers (from 62). */
export function knownField(index: number): Buffer {
  return integer(0x80, 7, index);
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([integer(0, 7, bytes.length), bytes]);
}

/** An integer behind `mark` with a prefix of so many bits (RFC 7541, section 5.1). */
function integer(mark: number, bits: number, value: number): Buffer {
  const full = 2 ** bits - 1;
  if (value < full) return Buffer.from([mark | value]);
  return Buffer.concat([Buffer.from([mark | full]), varint(value - full)]);
}
