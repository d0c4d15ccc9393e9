/**
 * Text as UTF-8 in memory of one's own. A string that is kept costs an object that the garbage
 * collector visits, and one that was cut out of a request may keep the whole request alive; bytes
 * in a large array do neither. Texts must be well-formed Unicode, or a lone surrogate comes back
 * as U+FFFD.
 */

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
