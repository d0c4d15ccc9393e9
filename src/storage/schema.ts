/**
 * The tables, as the list of the steps that lead to them. A file says in its `user_version` how
 * many of them it has behind it, and in its `application_id` that it is kvnode's and of which kind.
 *
 * `sides`: a group's state lies on a side. `current` is what its record speaks of, `incoming` one
 * that is being built, `dropped` is garbage that later commits sweep away. So to adopt a state of a
 * million keys changes two rows.
 *
 * `entries`: no rowid, so that an entry is one place in one tree; ordered by the bytes of the key.
 * epoch is a double, as it is in memory.
 *
 * `log`: where the part of the log begins that is not in these tables yet (see commit-log.ts); no
 * row: all is in the tables, and there is no log. A version 1 knew of none.
 *
 * `groups`: the record as JSON. It is read once and written whole in each transaction; a column for
 * each of its fields would cost a binding each, and a step of this list whenever one is added.
 */
import type { Database } from "bun:sqlite";
import { MEND } from "./disk-error.ts";

/** A kind of file: whose it is, how it comes to its tables, and what to do when it is damaged. */
export interface Schema {
  /** What such a file belongs to, for a sentence. */
  readonly owner: string;
  /** Four letters in ASCII: SQLite's `application_id`. */
  readonly applicationId: number;
  /** Step i brings a file from version i to i + 1. A step that is released never changes. */
  readonly migrations: readonly string[];
  /** What to do about a file that can't be trusted; nothing here ever does it by itself. */
  readonly mend: string;
}

const MIGRATIONS: readonly string[] = [
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
  `CREATE TABLE log (
     id INTEGER PRIMARY KEY CHECK (id = 0),
     salt INTEGER NOT NULL,
     span INTEGER NOT NULL,
     number INTEGER NOT NULL,
     checksum INTEGER NOT NULL
   ) STRICT;`,
];

/** A node's own file. */
export const NODE_SCHEMA: Schema = {
  owner: "a node",
  applicationId: 0x6b766e64, // "kvnd"
  migrations: MIGRATIONS,
  mend: MEND,
};

/**
 * A controller's: `records` has each thing that it knows as JSON, under what it is and its name
 * (see src/controller/store.ts). All are read at the start, none is looked up by its fields.
 */
export const CONTROLLER_SCHEMA: Schema = {
  owner: "a controller",
  applicationId: 0x6b766e63, // "kvnc"
  migrations: [
    `CREATE TABLE records (
       kind TEXT NOT NULL,
       id TEXT NOT NULL,
       value TEXT NOT NULL,
       checksum INTEGER NOT NULL,
       PRIMARY KEY (kind, id)
     ) STRICT, WITHOUT ROWID;`,
  ],
  mend:
    "put the newest copy of its directory back (a controller that begins anew makes another " +
    "cluster, to which no worker's data belongs)",
};

/** All that a DATA_DIR may hold. */
export const SCHEMAS: readonly Schema[] = [NODE_SCHEMA, CONTROLLER_SCHEMA];

/** Takes the steps that the file has not behind it, all of them or none. */
export function migrate(database: Database, { migrations, applicationId }: Schema): void {
  const from = Number(readPragma(database, "user_version"));
  if (from === migrations.length) return;
  database.transaction(() => {
    for (const step of migrations.slice(from)) {
      database.run(step);
    }
    database.run(`PRAGMA application_id = ${applicationId}`);
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
