/** What a commit costs by the number of its entries: in memory, on disk, and the disk alone. */
import {
  closeSync,
  fdatasyncSync,
  mkdtempSync,
  openSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bench, group, summary } from "mitata";
import type { Entry } from "../../src/core/entry.ts";
import { blankRecord } from "../../src/core/group-record.ts";
import type { Storage } from "../../src/core/storage.ts";
import { createMemoryStorage } from "../../src/storage/memory.ts";
import { openSqliteStorage } from "../../src/storage/sqlite.ts";

const KEYS = 10_000;
const VALUE = JSON.stringify("x".repeat(100));
/** What SQLite writes for each page of a small commit. */
const FRAME_BYTES = 24 + 4_096;
/** The file is written over and over, as the WAL is. */
const FRAMES = 2_000;

/** Registers the benches; what they leave on disk is gone when `stop` was called. */
export function benchCommits(): { stop(): void } {
  const directory = mkdtempSync(join(tmpdir(), "kvnode-bench-"));
  const disk = openSqliteStorage({ directory: join(directory, "data"), nodeId: "bench" });
  const memory = createMemoryStorage();
  const frames = join(directory, "frames");
  writeFileSync(frames, Buffer.alloc(FRAMES * FRAME_BYTES));
  const file = openSync(frames, "r+");
  // So that what is measured is one page, and not the rest of the file that is on its way.
  fdatasyncSync(file);
  const frame = Buffer.alloc(FRAME_BYTES);
  let written = 0;
  group("one write and one fsync, as each commit needs", () => {
    bench("write 4 KiB and fdatasync", () => {
      written += 1;
      writeSync(file, frame, 0, FRAME_BYTES, (written % FRAMES) * FRAME_BYTES);
      fdatasyncSync(file);
    });
  });
  for (const entries of [1, 10, 100]) {
    summary(() => {
      group(`commit of ${entries}`, () => {
        bench(`in memory, ${entries} entries`, committing(memory, entries));
        bench(`on disk, ${entries} entries, one fsync`, committing(disk, entries));
      });
    });
  }
  return {
    stop() {
      closeSync(file);
      disk.close();
      rmSync(directory, { recursive: true });
    },
  };
}

/** Commits the next so many entries of 10,000 keys in random order, with the record. */
function committing(storage: Storage, count: number): () => void {
  let sequence = 0;
  const nextEntry = (): Entry => {
    sequence += 1;
    const key = `key-${Math.floor(Math.random() * KEYS)}`;
    return { key, value: VALUE, epoch: 1, sequence };
  };
  return () => {
    const entries = Array.from({ length: count }, nextEntry);
    const record = { ...blankRecord("memory"), watermark: sequence };
    storage.commit([{ group: 0, entries, record }]);
  };
}
