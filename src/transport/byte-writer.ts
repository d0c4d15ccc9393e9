/** Writes numbers and texts one behind the other into a buffer that grows as needed. */

const FIRST_SIZE = 64 * 1024;
/** A buffer that one huge frame has blown up is given back after it. */
const KEPT_SIZE_MAX = 4 * 1024 * 1024;

export class ByteWriter {
  #buffer = Buffer.allocUnsafe(FIRST_SIZE);
  #length = 0;

  byte(value: number): void {
    this.#reserve(1);
    this.#buffer[this.#length++] = value;
  }

  /** A whole number from 0 to 2^32 − 1. */
  uint32(value: number): void {
    this.#reserve(4);
    this.#length = this.#buffer.writeUInt32LE(value, this.#length);
  }

  /** A whole number from 0 to 2^53 − 1. */
  count(value: number): void {
    this.#reserve(8);
    this.#length = this.#buffer.writeDoubleLE(value, this.#length);
  }

  /** An epoch: 0 or more, with a fraction (see core/epoch.ts). */
  epoch(value: number): void {
    this.count(value);
  }

  flag(value: boolean): void {
    this.byte(value ? 1 : 0);
  }

  /** A text as UTF-8 behind its length in bytes. */
  text(value: string): void {
    // A UTF-16 unit takes at most three bytes.
    this.#reserve(4 + value.length * 3);
    const written = this.#buffer.write(value, this.#length + 4, "utf8");
    this.#buffer.writeUInt32LE(written, this.#length);
    this.#length += 4 + written;
  }

  /** A copy of what was written; the writer is empty afterwards. */
  take(): Uint8Array<ArrayBuffer> {
    const taken = new Uint8Array(this.#length);
    taken.set(this.#buffer.subarray(0, this.#length));
    this.#length = 0;
    if (this.#buffer.length > KEPT_SIZE_MAX) {
      this.#buffer = Buffer.allocUnsafe(FIRST_SIZE);
    }
    return taken;
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2));
      this.#buffer.copy(larger, 0, 0, this.#length);
      this.#buffer = larger;
    }
  }
}
