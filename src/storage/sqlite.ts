/**
 * The storage that survives: one SQLite file in one directory that belongs to one node. What is
 * committed has been handed to the disk and confirmed by it when `commit` returns.
 */
import type { Database, Statement } from "bun:sqlite";
import type { Entry } from "../core/entry.ts";
import type { GroupRecord } from "../core/group-record.ts";
import type { GroupChange, Storage, StoredGroup } from "../core/storage.ts";
import { entryChecksum, recordChecksum } from "./checksum.ts";
import { openDataDirectory } from "./data-directory.ts";
import { type DatabaseOptions, openDatabase } from "./database.ts";
import type { DirectoryLock } from "./directory-lock.ts";
import { DamagedRow, toOpeningError, toStorageError } from "./disk-error.ts";
import { Sides } from "./sides.ts";

/** Entries of dropped sides that one commit removes beside its own work. */
const SWEPT_PER_COMMIT = 200;
/** Entries that are read at once: few calls, and no second copy of everything in memory. */
const PAGE_ENTRIES = 1_000;

export interface SqliteOptions extends DatabaseOptions {
  /** Made if it is not there. */
  readonly directory: string;
  /** For the sentence that another node reads which wants the same directory. */
  readonly nodeId: string;
}

/**
 * Opens the directory's storage, or begins one where there is none. Throws StorageError with a
 * sentence that says what to do where another node holds the directory, or its file is damaged,
 * foreign or of a newer version; it never begins empty in place of such a file.
 */
export function openSqliteStorage({ directory, nodeId, ...options }: SqliteOptions): Storage {
  const { lock, path } = openDataDirectory(directory, nodeId);
  let database: Database | undefined;
  try {
    database = openDatabase(path, options);
    return new SqliteStorage(database, path, lock);
  } catch (error) {
    database?.close();
    lock.release();
    throw toOpeningError(error, path);
  }
}

type EntryBindings = [number, string, string | null, number, number, number];
type EntryColumns = [string, string | null, number, number, number];
type RecordColumns = [number, string, number];

class SqliteStorage implements Storage {
  readonly durable = true;
  readonly #database: Database;
  readonly #path: string;
  readonly #lock: DirectoryLock;
  readonly #sides: Sides;
  // Made by `query`, so that `close` finalizes them.
  readonly #begin: Statement<void, []>;
  readonly #commit: Statement<void, []>;
  readonly #put: Statement<void, EntryBindings>;
  readonly #putUnlessNewer: Statement<void, EntryBindings>;
  readonly #forget: Statement<void, [number, string]>;
  readonly #putRecord: Statement<void, RecordColumns>;
  readonly #records: Statement<unknown, []>;
  readonly #page: Statement<unknown, [number, string, number]>;
  #closed = false;

  constructor(database: Database, path: string, lock: DirectoryLock) {
    this.#database = database;
    this.#path = path;
    this.#lock = lock;
    this.#sides = new Sides(database);
    this.#begin = database.query("BEGIN IMMEDIATE");
    this.#commit = database.query("COMMIT");
    // One statement for each entry: many rows in one, and JSON that SQLite takes apart, are slower.
    const entry = "INTO entries (side, key, value, epoch, sequence, checksum)";
    this.#put = database.query(`REPLACE ${entry} VALUES (?1, ?2, ?3, ?4, ?5, ?6)`);
    this.#putUnlessNewer = database.query(
      `INSERT ${entry} VALUES (?1, ?2, ?3, ?4, ?5, ?6)
       ON CONFLICT DO UPDATE SET value = excluded.value, epoch = excluded.epoch,
         sequence = excluded.sequence, checksum = excluded.checksum
       WHERE (excluded.epoch, excluded.sequence) >= (entries.epoch, entries.sequence)`,
    );
    this.#forget = database.query("DELETE FROM entries WHERE side = ?1 AND key = ?2");
    this.#putRecord = database.query(
      "REPLACE INTO groups (group_id, record, checksum) VALUES (?1, ?2, ?3)",
    );
    this.#records = database.query(
      "SELECT group_id, record, checksum FROM groups ORDER BY group_id",
    );
    this.#page = database.query(
      `SELECT key, value, epoch, sequence, checksum FROM entries
       WHERE side = ?1 AND key >= ?2 ORDER BY key LIMIT ${PAGE_ENTRIES} OFFSET ?3`,
    );
  }

  *load(): Generator<StoredGroup> {
    for (const [group, text, checksum] of this.#read<RecordColumns>(this.#records)) {
      if (recordChecksum(group, text) !== checksum) {
        throw this.#damaged(`the record of group ${group}`);
      }
      const record: GroupRecord = { identity: undefined, ...JSON.parse(text) };
      yield { group, record, entries: this.#entriesOf(group) };
    }
  }

  commit(changes: readonly GroupChange[]): void {
    try {
      // Left open where the disk refused even to roll it back.
      if (this.#database.inTransaction) this.#database.run("ROLLBACK");
      this.#begin.run();
      for (const change of changes) this.#apply(change);
      this.#sides.sweep(SWEPT_PER_COMMIT);
      this.#commit.run();
    } catch (error) {
      this.#undo();
      throw toStorageError(error, this.#path);
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#database.close(true);
    this.#lock.release();
  }

  #apply(change: GroupChange): void {
    const { group, incoming = [], forgotten = [], entries = [], record } = change;
    if (change.clearIncoming) this.#sides.clearIncoming(group);
    if (incoming.length > 0) {
      putAll(this.#putUnlessNewer, this.#sides.incoming(group), incoming);
    }
    if (change.adopt) this.#sides.adopt(group);
    if (forgotten.length > 0) {
      const side = this.#sides.current(group);
      for (const key of forgotten) this.#forget.run(side, key);
    }
    if (entries.length > 0) {
      putAll(this.#put, this.#sides.current(group), entries);
    }
    if (record) {
      const text = JSON.stringify(record);
      this.#putRecord.run(group, text, recordChecksum(group, text));
    }
  }

  /** What the transaction did is undone, in the file and in what is remembered of it. */
  #undo(): void {
    this.#sides.forget();
    try {
      if (this.#database.inTransaction) this.#database.run("ROLLBACK");
    } catch {
      // The disk fails at this too; the next commit tries it again and says so.
    }
  }

  *#entriesOf(group: number): Generator<Entry> {
    const side = this.#sides.knownCurrent(group);
    if (side === undefined) return;
    let after = "";
    let skipped = 0;
    for (;;) {
      const page = this.#read<EntryColumns>(this.#page, side, after, skipped);
      for (const [key, text, epoch, sequence, checksum] of page) {
        const entry: Entry = { key, value: text ?? undefined, epoch, sequence };
        if (entryChecksum(side, entry) !== checksum) {
          throw this.#damaged(`the entry of the key ${JSON.stringify(key)}`);
        }
        yield entry;
        after = key;
      }
      if (page.length < PAGE_ENTRIES) return;
      skipped = 1;
    }
  }

  #read<Row>(statement: Statement<unknown, (string | number)[]>, ...bindings: (string | number)[]) {
    try {
      return statement.values(...bindings) as Row[];
    } catch (error) {
      throw toStorageError(error, this.#path);
    }
  }

  #damaged(what: string): unknown {
    return toStorageError(new DamagedRow(what), this.#path);
  }
}

function putAll(
  statement: Statement<void, EntryBindings>,
  side: number,
  entries: readonly Entry[],
): void {
  for (const entry of entries) {
    const { key, value, epoch, sequence } = entry;
    statement.run(side, key, value ?? null, epoch, sequence, entryChecksum(side, entry));
  }
}
