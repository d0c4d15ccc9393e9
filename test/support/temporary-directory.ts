/** Directories that are gone when the test file has ended. */
import { afterAll } from "bun:test";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A file system in memory, where the system has one: a test of many fsyncs waits for no disk. */
export const FAST_ROOT = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

/** Gives a function that makes empty directories; to be called once, outside of a test. */
export function temporaryDirectories(root = tmpdir()): () => string {
  const made: string[] = [];
  afterAll(() => {
    for (const directory of made) rmSync(directory, { recursive: true, force: true });
  });
  return () => {
    const directory = mkdtempSync(join(root, "kvnode-test-"));
    made.push(directory);
    return directory;
  };
}
