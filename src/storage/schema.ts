/**
 * The tables, as the list of the steps that lead to them. A file says in its `user_version` how
 * many of them it has behind it, and in its `application_id` that it is kvnode's.
 *
 * `sides`: a group's state lies on a side. `current` is what its record speaks of, `incoming` one
 * that is being built, `dropped` is garbage that later commits sweep away. So to adopt a state of a
 * million keys changes two rows.
 *
 * `entries`: no rowid, so that an entry is one place in one tree; ordered by the bytes of the key.
 * epoch is a double, as it is in memory.
 *
 * `groups`: the record as JSON. It is read once and written whole in each transaction; a column for
 * each of its fields would cost a binding each, and a step of this list whenever one is added.
 */
import type { Database } from "bun:sqlite";

/** "kvnd" in ASCII. */
export const APPLICATION_ID = 0x6b766e64;

/** Step i brings a file from version i to version i + 1. A step that is released never changes. */
export const MIGRATIONS: readonly string[] = [
  `CREATE TABLE groups (
     group_id INTEGER PRIMARY KEY,
     record TEXT NOT NULL,
     checksum INTEGER NOT NULL
   ) STRICT;
   CREATE TABLE sides (
     side INTEGER PRIMARY KEY,
     group_id INTEGER NOT NULL,
     state TEXT NOT NULL CHECK (state IN ('current', 'incoming', 'dropped')),
     checksum INTEGER NOT NULL
   ) STRICT;
   CREATE TABLE entries (
     side INTEGER NOT NULL,
     key TEXT NOT NULL,
     value TEXT,
     epoch REAL NOT NULL,
     sequence INTEGER NOT NULL,
     checksum INTEGER NOT NULL,
     PRIMARY KEY (side, key)
   ) STRICT, WITHOUT ROWID;`,
];

/** Takes the steps that the file has not behind it, all of them or none. */
export function migrate(database: Database, migrations: readonly string[] = MIGRATIONS): void {
  const from = Number(readPragma(database, "user_version"));
  if (from === migrations.length) return;
  database.transaction(() => {
    for (const step of migrations.slice(from)) {
      database.run(step);
    }
    database.run(`PRAGMA application_id = ${APPLICATION_ID}`);
    database.run(`PRAGMA user_version = ${migrations.length}`);
  })();
}

/** The first line of a pragma's answer. */
export function readPragma(database: Database, pragma: string): string {
  const statement = database.prepare(`PRAGMA ${pragma}`);
  try {
    return String(statement.values()[0]?.[0]);
  } finally {
    // What is left open would keep the file open.
    statement.finalize();
  }
}
