/** Reads what a ByteWriter wrote and trusts nothing: a frame may come from anybody. */
import { isUtf8Between, type TextBytes } from "../base/utf8.ts";

/** The bytes are not what they should be; the link that brought them is to be closed. */
export class FrameError extends Error {
  constructor(what: string) {
    super(`unreadable frame: ${what}`);
    this.name = "FrameError";
  }
}

const NOT_UTF8 = "a text that is not UTF-8";
const NAME_BYTES_MAX = 1_024;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export class ByteReader {
  readonly #buffer: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    // Asking a small array for its buffer makes one: not for every frame.
    this.#buffer = Buffer.isBuffer(bytes)
      ? bytes
      : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** How many bytes are left. */
  get left(): number {
    return this.#buffer.length - this.#at;
  }

  byte(): number {
    return this.#buffer[this.#advance(1)] as number;
  }

  uint32(): number {
    return this.#buffer.readUInt32LE(this.#advance(4));
  }

  /** A whole number from 0 to 2^53 − 1. */
  count(): number {
    const value = this.#buffer.readDoubleLE(this.#advance(8));
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new FrameError("a count that is not a whole number");
    }
    return value;
  }

  /** An epoch: 0 or more, with a fraction (see core/epoch.ts). */
  epoch(): number {
    const value = this.#buffer.readDoubleLE(this.#advance(8));
    if (!(value >= 0 && value <= Number.MAX_SAFE_INTEGER)) {
      throw new FrameError("an epoch that is none");
    }
    return value;
  }

  flag(): boolean {
    const value = this.byte();
    if (value > 1) {
      throw new FrameError("a flag that is neither 0 nor 1");
    }
    return value === 1;
  }

  /** A name, an address or a reason: short, since it may end in the log. */
  name(): string {
    return this.text(NAME_BYTES_MAX);
  }

  text(bytesMax = Number.POSITIVE_INFINITY): string {
    const length = this.uint32();
    if (length > bytesMax) {
      throw new FrameError(`a text of more than ${bytesMax} bytes`);
    }
    const start = this.#advance(length);
    const text = this.#buffer.toString("utf8", start, start + length);
    // Broken bytes become U+FFFD; only a text that has one is worth the strict look.
    if (text.includes("\ufffd")) {
      return strict(this.#buffer.subarray(start, start + length));
    }
    return text;
  }

  /** All the bytes, also those that were read. */
  get bytes(): TextBytes {
    return this.#buffer as TextBytes;
  }

  /** Steps over a text of so many bytes, and gives the place where it begins. */
  skipText(length: number): number {
    const start = this.#advance(length);
    if (!isUtf8Between(this.#buffer, start, start + length)) {
      throw new FrameError(NOT_UTF8);
    }
    return start;
  }

  /** Nothing may be left when a frame has been read. */
  end(): void {
    if (this.left !== 0) {
      throw new FrameError(`${this.left} bytes too many`);
    }
  }

  #advance(bytes: number): number {
    if (bytes > this.left) {
      throw new FrameError("cut off");
    }
    const start = this.#at;
    this.#at += bytes;
    return start;
  }
}

function strict(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new FrameError(NOT_UTF8);
  }
}
