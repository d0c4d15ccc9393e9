/** A controller's records in one SQLite file, in a directory that belongs to that controller. */
import type { Database, Statement } from "bun:sqlite";
import type {
  ControllerStore,
  RecordChange,
  RecordKind,
  StoredRecord,
} from "../controller/store.ts";
import { controllerChecksum } from "./checksum.ts";
import { openDataDirectory } from "./data-directory.ts";
import { type DatabaseOptions, openDatabase } from "./database.ts";
import type { DirectoryLock } from "./directory-lock.ts";
import { DamagedRow, toOpeningError, toStorageError } from "./disk-error.ts";
import { CONTROLLER_SCHEMA } from "./schema.ts";

const { mend: MEND } = CONTROLLER_SCHEMA;

export interface ControllerStoreOptions extends Pick<DatabaseOptions, "pagesMax"> {
  /** Made if it is not there. */
  readonly directory: string;
  /** For the sentence that another node reads which wants the same directory. */
  readonly nodeId: string;
}

/**
 * Opens the directory's store, or begins one where there is none. Throws StorageError with a
 * sentence that says what to do where another process holds the directory, or its file is damaged,
 * foreign or of a newer version; it never begins empty in place of such a file.
 */
export function openControllerStore(options: ControllerStoreOptions): ControllerStore {
  const { directory, nodeId, ...rest } = options;
  const { lock, path } = openDataDirectory(directory, nodeId, CONTROLLER_SCHEMA);
  let database: Database | undefined;
  try {
    database = openDatabase(path, { ...rest, schema: CONTROLLER_SCHEMA });
    return new SqliteControllerStore(database, path, lock);
  } catch (error) {
    database?.close();
    lock.release();
    throw toOpeningError(error, path, MEND);
  }
}

class SqliteControllerStore implements ControllerStore {
  readonly #database: Database;
  readonly #path: string;
  readonly #lock: DirectoryLock;
  readonly #put: Statement<void, [string, string, string, number]>;
  readonly #remove: Statement<void, [string, string]>;
  readonly #all: Statement<unknown, []>;
  #closed = false;

  constructor(database: Database, path: string, lock: DirectoryLock) {
    this.#database = database;
    this.#path = path;
    this.#lock = lock;
    this.#put = database.query(
      "REPLACE INTO records (kind, id, value, checksum) VALUES (?1, ?2, ?3, ?4)",
    );
    this.#remove = database.query("DELETE FROM records WHERE kind = ?1 AND id = ?2");
    this.#all = database.query("SELECT kind, id, value, checksum FROM records");
  }

  load(): StoredRecord[] {
    return this.#rows().map(([kind, id, text, checksum]) => {
      if (controllerChecksum(kind, id, text) !== checksum) {
        throw toStorageError(new DamagedRow(`the ${kind} ${id}`), this.#path, MEND);
      }
      return { kind, id, value: JSON.parse(text) as unknown };
    });
  }

  commit(changes: readonly RecordChange[]): void {
    try {
      // Left open where the disk refused even to roll it back.
      if (this.#database.inTransaction) this.#database.run("ROLLBACK");
      this.#database.run("BEGIN IMMEDIATE");
      for (const change of changes) this.#apply(change);
      this.#database.run("COMMIT");
    } catch (error) {
      this.#undo();
      throw toStorageError(error, this.#path, MEND);
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#database.close(true);
    this.#lock.release();
  }

  #rows() {
    try {
      return this.#all.values() as [RecordKind, string, string, number][];
    } catch (error) {
      throw toStorageError(error, this.#path, MEND);
    }
  }

  #apply({ kind, id, value }: RecordChange): void {
    if (value === undefined) {
      this.#remove.run(kind, id);
      return;
    }
    const text = JSON.stringify(value);
    this.#put.run(kind, id, text, controllerChecksum(kind, id, text));
  }

  #undo(): void {
    try {
      if (this.#database.inTransaction) this.#database.run("ROLLBACK");
    } catch {
      // The disk fails at this too; the next commit tries it again and says so.
    }
  }
}
