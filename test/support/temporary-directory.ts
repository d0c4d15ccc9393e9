/** Directories that are gone when the test file has ended. */
import { afterAll } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export { FAST_ROOT } from "./fast-root.ts";

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
