/**
 * One node per directory. The lock is SQLite's own on a small file of its own, held by an open
 * transaction: the system releases it when the process ends, also by kill -9, and who is refused
 * can still read in that file who holds it.
 */
import { Database, SQLiteError } from "bun:sqlite";
import { dirname, join } from "node:path";
import { StorageError } from "../core/storage.ts";
import { toOpeningError } from "./disk-error.ts";

const LOCK_FILE = "kvnode.lock";

export interface DirectoryLock {
  release(): void;
}

/** Locks the directory for this node; throws StorageError, naming the holder where it is known. */
export function lockDirectory(directory: string, nodeId: string): DirectoryLock {
  const path = join(directory, LOCK_FILE);
  let database: Database | undefined;
  try {
    database = new Database(path, { create: true, readwrite: true });
    database.run("BEGIN IMMEDIATE");
    database.run("CREATE TABLE IF NOT EXISTS holder (node TEXT, process INTEGER)");
    database.run("DELETE FROM holder");
    database.run("INSERT INTO holder VALUES (?1, ?2)", [nodeId, process.pid]);
    database.run("COMMIT");
    // Between these two another node may come in: then that one has it, and this one is refused.
    database.run("BEGIN IMMEDIATE");
  } catch (error) {
    const refusal = refusalOf(error, path, database);
    database?.close();
    throw refusal;
  }
  const held = database;
  return { release: () => held.close() };
}

function refusalOf(error: unknown, path: string, database: Database | undefined): unknown {
  const code = (error instanceof SQLiteError && error.code) || "";
  if (code.startsWith("SQLITE_BUSY")) return inUse(dirname(path), database);
  if (code === "SQLITE_NOTADB" || code.startsWith("SQLITE_CORRUPT")) {
    return new StorageError(`${path} is not the lock of a kvnode; remove it.`, { cause: error });
  }
  return toOpeningError(error, path);
}

function inUse(directory: string, database: Database | undefined): StorageError {
  const holder = holderIn(database);
  const by = holder === undefined ? "" : ` by the node ${holder.node} (process ${holder.process})`;
  return new StorageError(
    `The directory ${directory} is in use${by}; stop that node, or give this one a DATA_DIR of ` +
      "its own.",
  );
}

/** Undefined while that node is just writing its name down. */
function holderIn(database: Database | undefined): { node: string; process: number } | undefined {
  try {
    const holder = database?.prepare("SELECT node, process FROM holder").values()[0];
    return holder && { node: String(holder[0]), process: Number(holder[1]) };
  } catch {
    return undefined;
  }
}
