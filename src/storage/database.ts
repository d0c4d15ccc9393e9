/** Opens the database file: is it ours, is it of this version, is it whole? */
import { Database } from "bun:sqlite";
import { StorageError } from "../core/storage.ts";
import { oneLine, toOpeningError } from "./disk-error.ts";
import { migrate, NODE_SCHEMA, readPragma, SCHEMAS, type Schema } from "./schema.ts";

/**
 * The WAL goes into the database whenever it has so many pages of 4 KiB; the commit that finds it
 * so waits for that: with a million keys in random order 25 ms on a disk that writes a page in
 * 10 µs, at 4,000 pages 45 ms, at 1,000 pages 15 ms but twice as often.
 */
const CHECKPOINT_PAGES = 2_000;
/** A larger WAL, as one large transaction leaves it, is cut back to this. */
const WAL_BYTES_MAX = 2 * CHECKPOINT_PAGES * 4_096;

export interface DatabaseOptions {
  /** Default: a node's. */
  readonly schema?: Schema;
  /** Bounds the file as a full disk would; for tests. */
  readonly pagesMax?: number;
}

/** Opens, checks and migrates; throws StorageError with a sentence that says what to do. */
export function openDatabase(path: string, options: DatabaseOptions = {}): Database {
  const { pagesMax, schema = NODE_SCHEMA } = options;
  let database: Database | undefined;
  try {
    database = new Database(path, { readwrite: true, create: false });
    // Before anything else: with the only connection there is, SQLite keeps the index of its WAL in
    // memory and needs no lock per transaction, and nobody can write past this node.
    database.run("PRAGMA locking_mode = EXCLUSIVE");
    checkOwner(database, path, schema);
    checkIntegrity(database, path, schema);
    database.run("PRAGMA journal_mode = WAL");
    // Each commit waits for the disk; without this a power cut may take the last ones.
    database.run("PRAGMA synchronous = FULL");
    // On macOS an fsync is none without it; elsewhere it changes nothing.
    database.run("PRAGMA fullfsync = ON");
    database.run(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    database.run(`PRAGMA journal_size_limit = ${WAL_BYTES_MAX}`);
    if (pagesMax !== undefined) database.run(`PRAGMA max_page_count = ${pagesMax}`);
    migrate(database, schema);
    return database;
  } catch (error) {
    database?.close();
    throw toOpeningError(error, path, schema.mend);
  }
}

function checkOwner(database: Database, path: string, schema: Schema): void {
  const applicationId = Number(readPragma(database, "application_id"));
  const other = SCHEMAS.find((one) => one.applicationId === applicationId);
  if (other !== undefined && other !== schema) {
    throw new StorageError(
      `${path} is the database of ${other.owner}, and this is ${schema.owner}; choose another ` +
        "DATA_DIR.",
    );
  }
  if (other === undefined) {
    throw new StorageError(
      `${path} is the database of another program, or its beginning is damaged; move it away, ` +
        "or choose another DATA_DIR.",
    );
  }
  const version = Number(readPragma(database, "user_version"));
  if (version > schema.migrations.length) {
    throw new StorageError(
      `${path} was written by a newer kvnode (its format is version ${version}, this kvnode ` +
        `knows up to ${schema.migrations.length}); start that one.`,
    );
  }
}

/** The whole check: it costs no more than the quick one here, as there is no second index. */
function checkIntegrity(database: Database, path: string, schema: Schema): void {
  const verdict = readPragma(database, "integrity_check(1)");
  if (verdict === "ok") return;
  throw new StorageError(`${path} is damaged (${oneLine(verdict)}); ${schema.mend}.`);
}
