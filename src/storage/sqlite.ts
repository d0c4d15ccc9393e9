/**
 * The storage that survives: one SQLite file in one directory that belongs to one node, and the log
 * of what is not in it yet. What is committed has been handed to the disk and confirmed by it when
 * `commit` returns.
 */
import type { Database } from "bun:sqlite";
import type { Entry } from "../core/entry.ts";
import type { GroupRecord } from "../core/group-record.ts";
import { unpacked } from "../core/packed-entry.ts";
import { type GroupChange, type Storage, StorageError, type StoredGroup } from "../core/storage.ts";
import { openDataDirectory } from "./data-directory.ts";
import { type DatabaseOptions, openDatabase } from "./database.ts";
import type { DirectoryLock } from "./directory-lock.ts";
import { toOpeningError, toStorageError } from "./disk-error.ts";
import type { LoggedChange } from "./log-record.ts";
import { LoggedCommits, SPAN_BYTES_MAX } from "./logged-commits.ts";
import { Sides } from "./sides.ts";
import { Tables } from "./tables.ts";

/** Entries of dropped sides that one commit removes beside its own work. */
const SWEPT_PER_COMMIT = 200;
/** On macOS only SQLite makes an fsync one that waits for the disk. */
const SYNCS = process.platform !== "darwin";

export interface SqliteOptions extends DatabaseOptions {
  /** Made if it is not there. */
  readonly directory: string;
  /** For the sentence that another node reads which wants the same directory. */
  readonly nodeId: string;
  /** Bounds each of the log's two files; 0: there is no log. For tests. */
  readonly spanBytesMax?: number;
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
    const { spanBytesMax = SYNCS ? SPAN_BYTES_MAX : 0 } = options;
    return new SqliteStorage({ database, path, lock, spanBytesMax });
  } catch (error) {
    database?.close();
    lock.release();
    throw toOpeningError(error, path);
  }
}

interface Opened {
  readonly database: Database;
  readonly path: string;
  readonly lock: DirectoryLock;
  readonly spanBytesMax: number;
}

class SqliteStorage implements Storage {
  readonly durable = true;
  readonly #opened: Opened;
  readonly #sides: Sides;
  readonly #tables: Tables;
  readonly #logged: LoggedCommits;
  #closed = false;

  constructor(opened: Opened) {
    const { database, path: databasePath, spanBytesMax } = opened;
    this.#opened = opened;
    this.#sides = new Sides(database);
    this.#tables = new Tables(database);
    this.#logged = new LoggedCommits({ tables: this.#tables, databasePath, spanBytesMax });
  }

  *load(): Generator<StoredGroup> {
    try {
      if (!this.#logged.folded) this.#commitToTables([]);
      for (const { group, text } of this.#tables.records()) {
        const record: GroupRecord = { identity: undefined, ...JSON.parse(text) };
        yield { group, record, entries: this.#entriesOf(group) };
      }
    } catch (error) {
      throw toStorageError(error, this.#opened.path);
    }
  }

  commit(packed: readonly GroupChange[]): void {
    const changes = packed.map(unpackedChange);
    try {
      const logged = this.#toLogged(changes);
      if (logged === undefined || !this.#logged.append(logged)) this.#commitToTables(changes);
    } catch (error) {
      throw toStorageError(error, this.#opened.path);
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const { database, path, lock } = this.#opened;
    try {
      this.#logged.close();
    } catch (error) {
      // All that was committed is in the log: the next start brings it into the tables.
      if (!(toStorageError(error, path) instanceof StorageError)) throw error;
    } finally {
      database.close(true);
      lock.release();
    }
  }

  /** Undefined where sides are made, built, adopted or swept: that is the tables' business. */
  #toLogged(changes: readonly GroupChange[]): LoggedChange[] | undefined {
    if (this.#sides.dirty) return undefined;
    const logged: LoggedChange[] = [];
    for (const { group, clearIncoming, incoming, adopt, forgotten, entries, record } of changes) {
      if (clearIncoming || adopt || (incoming !== undefined && incoming.length > 0)) {
        return undefined;
      }
      const side = this.#sides.knownCurrent(group);
      if (side === undefined && (entries?.length || forgotten?.length)) return undefined;
      logged.push({
        group,
        side: side ?? 0,
        forgotten: forgotten ?? [],
        entries: entries ?? [],
        record: record && JSON.stringify(record),
      });
    }
    return logged;
  }

  #commitToTables(changes: readonly GroupChange[]): void {
    try {
      this.#logged.transaction(() => {
        for (const change of changes) this.#apply(change);
        this.#sides.sweep(SWEPT_PER_COMMIT);
      });
    } catch (error) {
      this.#sides.forget();
      throw error;
    }
  }

  #apply(change: GroupChange): void {
    const { group, incoming = [], forgotten = [], entries = [], record } = change;
    const tables = this.#tables;
    if (change.clearIncoming) this.#sides.clearIncoming(group);
    if (incoming.length > 0) {
      const side = this.#sides.incoming(group);
      for (const entry of incoming) tables.putUnlessNewer(side, entry);
    }
    if (change.adopt) this.#sides.adopt(group);
    if (forgotten.length > 0) {
      const side = this.#sides.current(group);
      for (const key of forgotten) tables.remove(side, key);
    }
    if (entries.length > 0) {
      const side = this.#sides.current(group);
      for (const entry of entries) tables.put(side, entry);
    }
    if (record) tables.putRecord(group, JSON.stringify(record));
  }

  *#entriesOf(group: number): Generator<Entry> {
    const side = this.#sides.knownCurrent(group);
    if (side === undefined) return;
    try {
      yield* this.#tables.entries(side);
    } catch (error) {
      throw toStorageError(error, this.#opened.path);
    }
  }
}

/** Both the log and its map look at a text more than once, and the map keeps it. */
function unpackedChange(change: GroupChange): GroupChange {
  const { incoming, entries } = change;
  return {
    ...change,
    ...(incoming === undefined ? {} : { incoming: incoming.map(unpacked) }),
    ...(entries === undefined ? {} : { entries: entries.map(unpacked) }),
  };
}
