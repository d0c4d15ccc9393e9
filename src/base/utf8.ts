/**
 * Text as UTF-8 in memory of one's own. A string that is kept costs an object that the garbage
 * collector visits, and one that was cut out of a request may keep the whole request alive; bytes
 * in a large array do neither. Texts must be well-formed Unicode, or a lone surrogate comes back
 * as U+FFFD.
 */

import { isUtf8 } from "node:buffer";

/** Bytes that texts are written into and read from. */
export interface TextBytes extends Buffer {
  /** Twice as fast as `write`, which first asks which encoding is meant. */
  utf8Write(text: string, at: number, length: number): number;
  utf8Slice(start: number, end: number): string;
}

/** Whatever stood in that memory before stands there still. */
export function createTextBytes(size: number): TextBytes {
  return Buffer.allocUnsafeSlow(size) as TextBytes;
}

/** How many bytes the text takes. */
export function utf8Length(text: string): number {
  return Buffer.byteLength(text);
}

/** Of fewer bytes each is looked at here: a call of the runtime's costs as much as fifty. */
const FEW_BYTES = 64;

/** Whether the bytes from `start` to `end`, which is not among them, are well-formed UTF-8. */
export function isUtf8Between(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start > FEW_BYTES) {
    return isUtf8(bytes.subarray(start, end));
  }
  for (let at = start; at < end; at++) {
    if ((bytes[at] as number) > 0x7f) {
      return isUtf8(bytes.subarray(start, end));
    }
  }
  return true;
}

/** Copies `length` bytes, few or many. */
export function copyBytes(
  from: { readonly bytes: TextBytes; readonly start: number; readonly length: number },
  to: TextBytes,
  at: number,
): void {
  const { bytes, start, length } = from;
  if (length > FEW_BYTES) {
    bytes.copy(to, at, start, start + length);
    return;
  }
  for (let step = 0; step < length; step++) {
    to[at + step] = bytes[start + step] as number;
  }
}
