/** The rows of a node's database, and its transactions. */
import type { Database, Statement } from "bun:sqlite";
import type { Entry } from "../core/entry.ts";
import { entryChecksum, logChecksum, recordChecksum } from "./checksum.ts";
import { DamagedRow } from "./disk-error.ts";
import type { LogStart } from "./log-record.ts";

/** Entries that are read at once: few calls, and no second copy of everything in memory. */
const PAGE_ENTRIES = 1_000;

type EntryBindings = [number, string, string | null, number, number, number];
type EntryColumns = [string, string | null, number, number, number];
type RecordColumns = [number, string, number];
type LogColumns = [number, number, number, number];

export class Tables {
  readonly #database: Database;
  // Made by `query`, so that closing the database finalizes them.
  readonly #begin: Statement<void, []>;
  readonly #commit: Statement<void, []>;
  readonly #put: Statement<void, EntryBindings>;
  readonly #putUnlessNewer: Statement<void, EntryBindings>;
  readonly #remove: Statement<void, [number, string]>;
  readonly #putRecord: Statement<void, RecordColumns>;
  readonly #records: Statement<unknown, []>;
  readonly #page: Statement<unknown, [number, string, number]>;
  readonly #putLog: Statement<void, LogColumns>;
  readonly #removeLog: Statement<void, []>;
  readonly #log: Statement<unknown, []>;
  #synced = true;

  constructor(database: Database) {
    this.#database = database;
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
    this.#remove = database.query("DELETE FROM entries WHERE side = ?1 AND key = ?2");
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
    this.#putLog = database.query(
      "REPLACE INTO log (id, salt, span, number, checksum) VALUES (0, ?1, ?2, ?3, ?4)",
    );
    this.#removeLog = database.query("DELETE FROM log");
    this.#log = database.query("SELECT salt, span, number, checksum FROM log");
  }

  /**
   * Does all of the work or none. Synced, it is on the disk when this returns; else it is there
   * with the next that is, or after that, and until then a power cut may undo it.
   */
  transaction(work: () => void, { synced }: { synced: boolean }): void {
    try {
      // Left open where the disk refused even to roll it back.
      if (this.#database.inTransaction) this.#database.run("ROLLBACK");
      this.#sync(synced);
      this.#begin.run();
      work();
      this.#commit.run();
    } catch (error) {
      this.#undo();
      throw error;
    }
  }

  /** Puts an entry on a side, whatever stands there. */
  put(side: number, entry: Entry): void {
    const { key, value, epoch, sequence } = entry;
    this.#put.run(side, key, value ?? null, epoch, sequence, entryChecksum(side, entry));
  }

  /** Puts an entry on a side, unless a newer one stands there. */
  putUnlessNewer(side: number, entry: Entry): void {
    const { key, value, epoch, sequence } = entry;
    const checksum = entryChecksum(side, entry);
    this.#putUnlessNewer.run(side, key, value ?? null, epoch, sequence, checksum);
  }

  remove(side: number, key: string): void {
    this.#remove.run(side, key);
  }

  /** A group's record as JSON. */
  putRecord(group: number, text: string): void {
    this.#putRecord.run(group, text, recordChecksum(group, text));
  }

  *records(): Generator<{ readonly group: number; readonly text: string }> {
    for (const [group, text, checksum] of this.#records.values() as RecordColumns[]) {
      if (recordChecksum(group, text) !== checksum) {
        throw new DamagedRow(`the record of group ${group}`);
      }
      yield { group, text };
    }
  }

  /** All that stands on a side. */
  *entries(side: number): Generator<Entry> {
    let after = "";
    let skipped = 0;
    for (;;) {
      const page = this.#page.values(side, after, skipped) as EntryColumns[];
      for (const [key, text, epoch, sequence, checksum] of page) {
        const entry: Entry = { key, value: text ?? undefined, epoch, sequence };
        if (entryChecksum(side, entry) !== checksum) {
          throw new DamagedRow(`the entry of the key ${JSON.stringify(key)}`);
        }
        yield entry;
        after = key;
      }
      if (page.length < PAGE_ENTRIES) return;
      skipped = 1;
    }
  }

  /** From where on the log has what these tables lack; undefined: there is no log. */
  get log(): LogStart | undefined {
    const row = this.#log.values()[0] as LogColumns | undefined;
    if (row === undefined) return undefined;
    const [salt, span, number, checksum] = row;
    const start = { salt, span, number };
    if (logChecksum(start) !== checksum) throw new DamagedRow("the row of the log");
    return start;
  }

  set log(start: LogStart | undefined) {
    if (start === undefined) {
      this.#removeLog.run();
    } else {
      this.#putLog.run(start.salt, start.span, start.number, logChecksum(start));
    }
  }

  /** Bytes of the database file. */
  get bytes(): number {
    const [[bytes]] = this.#database
      .query("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
      .values() as [[number]];
    return bytes;
  }

  #sync(synced: boolean): void {
    if (synced === this.#synced) return;
    this.#database.run(`PRAGMA synchronous = ${synced ? "FULL" : "NORMAL"}`);
    this.#synced = synced;
  }

  #undo(): void {
    try {
      if (this.#database.inTransaction) this.#database.run("ROLLBACK");
    } catch {
      // The disk fails at this too; the next transaction tries it again and says so.
    }
  }
}
