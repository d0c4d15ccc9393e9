/** A node's disk that can be full at once and empty again: a small file system of its own. */
import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { mountSmallDisk, type SmallDisk } from "../../support/small-disk.ts";

const DISK_KIB = 48 * 1024;
const FILLER = "filler";

export class FillableDisk {
  readonly #disk: SmallDisk;
  readonly #filler: string;

  private constructor(disk: SmallDisk) {
    this.#disk = disk;
    this.#filler = join(disk.path, FILLER);
  }

  /** Mounts one; where the machine does not allow that, why. */
  static mount(): FillableDisk | string {
    const disk = mountSmallDisk(DISK_KIB);
    return typeof disk === "string" ? disk : new FillableDisk(disk);
  }

  /** Where a node may keep its database. */
  get directory(): string {
    return join(this.#disk.path, "data");
  }

  /** Leaves not a byte. */
  fill(): void {
    const file = openSync(this.#filler, "w");
    try {
      for (let size = 64 * 1024; size >= 1; size = Math.floor(size / 2)) {
        writeUntilFull(file, new Uint8Array(size));
      }
    } finally {
      closeSync(file);
    }
  }

  free(): void {
    rmSync(this.#filler, { force: true });
  }

  unmount(): void {
    this.#disk.unmount();
  }
}

function writeUntilFull(file: number, bytes: Uint8Array): void {
  try {
    while (writeSync(file, bytes) === bytes.byteLength);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
  }
}
