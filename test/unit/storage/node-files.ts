/** The files of a node's directory, and what is found in them. */
import { copyFileSync, existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { GroupChange } from "../../../src/core/storage.ts";
import { openSqliteStorage } from "../../../src/storage/sqlite.ts";
import { type Kept, keptBy, StorageModel } from "./storage-model.ts";

/** The log of every node, and such that are soon full and folded all the time. */
export const SPANS = [undefined, 600, 4_000] as const;

export const open = (directory: string, spanBytesMax?: number) =>
  openSqliteStorage({
    ...{ directory, nodeId: "node" },
    ...(spanBytesMax === undefined ? {} : { spanBytesMax }),
  });
export const databaseIn = (directory: string) => join(directory, "kvnode.db");
export const walIn = (directory: string) => join(directory, "kvnode.db-wal");
export const logsIn = (directory: string) =>
  ["kvnode.log-0", "kvnode.log-1"].map((name) => join(directory, name));
export const filesOf = (directory: string) => [
  ...[databaseIn(directory), walIn(directory)],
  ...logsIn(directory),
];

export const remove = (directory: string) => rmSync(directory, { recursive: true });

/** Copies the files of a directory, as a crash at this moment would leave them, into another. */
export function copyTo(copy: string, directory: string): string {
  for (const [index, path] of filesOf(copy).entries()) {
    const original = filesOf(directory)[index] ?? "";
    if (existsSync(original)) copyFileSync(original, path);
  }
  return copy;
}

export function keptIn(directory: string): Kept {
  const storage = open(directory);
  try {
    return keptBy(storage.load());
  } finally {
    storage.close();
  }
}

/** Commits one after another; `after` gets what must be there by then, first of all nothing. */
export function commitAll(
  directory: string,
  commits: readonly (readonly GroupChange[])[],
  after: (kept: Kept) => void,
  spanBytesMax?: number,
): void {
  const storage = open(directory, spanBytesMax);
  const model = new StorageModel();
  after(model.kept());
  for (const changes of commits) {
    storage.commit(changes);
    model.commit(changes);
    after(model.kept());
  }
  storage.close();
}
