/**
 * The directory and what lies in it: made, locked, and either new or with a file that may be
 * opened. A file that is missing, empty or foreign stops the start, since to begin empty in its
 * place would lose in silence what people believe to be kept.
 */
import { Database } from "bun:sqlite";
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { StorageError } from "../core/storage.ts";
import { type DirectoryLock, lockDirectory } from "./directory-lock.ts";
import { toOpeningError } from "./disk-error.ts";
import { migrate, NODE_SCHEMA, type Schema } from "./schema.ts";

const DATABASE_FILE = "kvnode.db";

/** Where the log of a database lies, when it has one (see commit-log.ts). */
export function logPathsOf(databasePath: string): string[] {
  return [0, 1].map((half) => databasePath.replace(/\.db$/, `.log-${half}`));
}

export interface DataDirectory {
  readonly lock: DirectoryLock;
  /** Of the database, which exists. */
  readonly path: string;
}

/** Makes and locks the directory, and sees to it that there is a database of that kind in it. */
export function openDataDirectory(
  directory: string,
  nodeId: string,
  schema = NODE_SCHEMA,
): DataDirectory {
  makeDirectory(directory);
  const lock = lockDirectory(directory, nodeId);
  try {
    const path = join(directory, DATABASE_FILE);
    if (existsSync(path)) {
      checkFile(path, schema);
    } else {
      checkNoRemains(path, schema);
      createDatabase(path, schema);
    }
    return { lock, path };
  } catch (error) {
    lock.release();
    throw error;
  }
}

function makeDirectory(directory: string): void {
  try {
    const first = mkdirSync(directory, { recursive: true });
    if (first === undefined) return;
    // A new directory is only there after a power cut if the ones above it have been told so.
    for (let made = directory; made.length >= first.length; made = dirname(made)) {
      syncDirectory(dirname(made));
    }
  } catch (error) {
    throw fileError(error, `The directory ${directory} can't be made`);
  }
}

function checkFile(path: string, schema: Schema): void {
  const { size } = stat(path);
  if (size > 0) return;
  throw new StorageError(`${path} is empty, which kvnode never leaves behind; ${schema.mend}.`);
}

function stat(path: string): { readonly size: number } {
  try {
    const found = statSync(path);
    if (found.isFile()) return found;
  } catch (error) {
    throw fileError(error, `${path} can't be read`);
  }
  throw new StorageError(`${path} is not a file; move it away, or choose another DATA_DIR.`);
}

/** A WAL or a log alone means that its database is gone: what is in it makes no state. */
function checkNoRemains(path: string, schema: Schema): void {
  const candidates = [`${path}-wal`, `${path}-journal`, ...logPathsOf(path)];
  const remains = candidates.find((file) => existsSync(file));
  if (remains === undefined) return;
  throw new StorageError(`${remains} is there and ${path} is missing; ${schema.mend}.`);
}

/**
 * Under another name first, so that a crash in the middle leaves nothing that looks like a database
 * which has lost what was in it. Nobody else does this at the same time: the directory is locked.
 */
function createDatabase(path: string, schema: Schema): void {
  const unfinished = `${path}.new`;
  try {
    for (const file of [unfinished, `${unfinished}-journal`]) rmSync(file, { force: true });
    const database = new Database(unfinished, { create: true, readwrite: true });
    try {
      migrate(database, schema);
    } finally {
      database.close();
    }
    renameSync(unfinished, path);
    syncDirectory(dirname(path));
  } catch (error) {
    throw fileError(toOpeningError(error, path, schema.mend), `${path} can't be made`);
  }
}

/** What was made or renamed in it is there after a power cut. */
export function syncDirectory(directory: string): void {
  const handle = openSync(directory, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** The sentence for what the file system refuses; other errors are given back as they are. */
function fileError(error: unknown, what: string): unknown {
  const code = (error as { code?: unknown } | null)?.code;
  if (error instanceof StorageError || typeof code !== "string") return error;
  const advice = ADVICE[code] ?? "check the path in DATA_DIR and the disk";
  return new StorageError(`${what} (${code}); ${advice}.`, { cause: error });
}

const ADVICE: Readonly<Record<string, string>> = {
  EACCES: "give the user that kvnode runs as the right to it, or choose another DATA_DIR",
  EPERM: "give the user that kvnode runs as the right to it, or choose another DATA_DIR",
  EROFS: "it is mounted read-only: choose another DATA_DIR",
  EEXIST: "there is a file of that name: choose another DATA_DIR",
  ENOTDIR: "a part of the path is a file: choose another DATA_DIR",
  ENOSPC: "the disk is full: make room on it",
};
