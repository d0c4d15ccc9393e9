/** A directory as a node finds it at its start: what is refused, and with which sentence. */
import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { StorageError } from "../../../src/core/storage.ts";
import { migrate, NODE_SCHEMA, readPragma } from "../../../src/storage/schema.ts";
import { openSqliteStorage } from "../../../src/storage/sqlite.ts";
import { mountReadOnly } from "../../support/small-disk.ts";
import { temporaryDirectories } from "../../support/temporary-directory.ts";
import { waitUntil } from "../../support/wait-until.ts";
import { changeOf, entriesOf, keptBy } from "./storage-model.ts";

const newDirectory = temporaryDirectories();

const open = (directory: string) => openSqliteStorage({ directory, nodeId: "node" });
const databaseIn = (directory: string) => join(directory, "kvnode.db");
const walIn = (directory: string) => join(directory, "kvnode.db-wal");

/** A directory with a database of 500 entries in it, closed as it should be. */
function usedDirectory(): string {
  const directory = newDirectory();
  const storage = open(directory);
  storage.commit([changeOf(entriesOf("key", 500), 500)]);
  storage.close();
  return directory;
}

function refusalOf(directory: string): string {
  try {
    open(directory).close();
  } catch (error) {
    if (error instanceof StorageError) return error.message;
    throw error;
  }
  throw new Error("nothing refuses it");
}

function inSqlite(path: string, ...statements: string[]): void {
  const database = new Database(path);
  for (const statement of statements) database.run(statement);
  database.close();
}

const COPY_BACK =
  "move the directory away: the node then starts blank and gets everything from the others";

/** What is done to a used directory, and what is said of it. */
const REFUSED: readonly (readonly [string, (directory: string) => void, string])[] = [
  [
    "an empty file",
    (directory) => truncateSync(databaseIn(directory), 0),
    `kvnode.db is empty, which kvnode never leaves behind; ${COPY_BACK}`,
  ],
  [
    "a file without its second half",
    (directory) => truncateSync(databaseIn(directory), 20_480),
    "kvnode.db is damaged (SQLITE_CORRUPT",
  ],
  [
    "the first bytes of a file alone",
    (directory) => truncateSync(databaseIn(directory), 100),
    "kvnode.db is damaged (SQLITE_CORRUPT",
  ],
  [
    "a file of another kind",
    (directory) => writeFileSync(databaseIn(directory), "key,value\n".repeat(1_000)),
    `kvnode.db is not a database of kvnode, or its beginning is damaged; ${COPY_BACK}`,
  ],
  [
    "a page of zeros in its middle",
    (directory) => overwrite(databaseIn(directory), 8_192, new Uint8Array(4_096)),
    "kvnode.db is damaged (",
  ],
  [
    "a value that was changed by hand",
    (directory) =>
      inSqlite(databaseIn(directory), "UPDATE entries SET value = '1' WHERE key = 'key7'"),
    'kvnode.db is damaged (the entry of the key "key7" is not what was written)',
  ],
  [
    "a record that was changed by hand",
    (directory) =>
      inSqlite(databaseIn(directory), "UPDATE groups SET record = replace(record, '500', '501')"),
    "kvnode.db is damaged (the record of group 0 is not what was written)",
  ],
  [
    "a table that is gone",
    (directory) => inSqlite(databaseIn(directory), "DROP TABLE groups"),
    "kvnode.db is damaged (no such table: groups)",
  ],
  [
    "another program's SQLite file",
    (directory) => {
      rmSync(databaseIn(directory));
      inSqlite(databaseIn(directory), "CREATE TABLE kv (key TEXT PRIMARY KEY, value TEXT)");
    },
    "kvnode.db is the database of another program, or its beginning is damaged; move it away",
  ],
  [
    "a file of a newer kvnode",
    (directory) => inSqlite(databaseIn(directory), "PRAGMA user_version = 99"),
    "was written by a newer kvnode (its format is version 99, this kvnode knows up to 2); start",
  ],
  [
    "a directory in the place of the file",
    (directory) => {
      rmSync(databaseIn(directory));
      mkdirSync(databaseIn(directory));
    },
    "kvnode.db is not a file; move it away, or choose another DATA_DIR.",
  ],
  [
    "a WAL without its database",
    (directory) => renameSync(databaseIn(directory), walIn(directory)),
    `kvnode.db-wal is there and ${"DIRECTORY"}/kvnode.db is missing; ${COPY_BACK}`,
  ],
  [
    "a log without its database",
    (directory) => renameSync(databaseIn(directory), join(directory, "kvnode.log-1")),
    `kvnode.log-1 is there and ${"DIRECTORY"}/kvnode.db is missing; ${COPY_BACK}`,
  ],
  [
    "a log that lacks a file",
    (directory) => {
      leaveLog(directory);
      rmSync(join(directory, "kvnode.log-1"));
    },
    `kvnode.log-1 is missing, which has the newest of what is in DIRECTORY/kvnode.db; ${COPY_BACK}`,
  ],
  [
    "a log with a bit that has flipped in its middle",
    (directory) => {
      leaveLog(directory);
      overwrite(join(directory, "kvnode.log-0"), 100, Uint8Array.of(1));
    },
    "kvnode.db is damaged (the log is not what was written)",
  ],
  [
    "the log of another database",
    (directory) => {
      const other = usedDirectory();
      for (const each of [directory, other]) leaveLog(each);
      copyFileSync(join(other, "kvnode.log-0"), join(directory, "kvnode.log-0"));
    },
    `kvnode.log-0 is of another moment than DIRECTORY/kvnode.db; ${COPY_BACK}`,
  ],
  [
    "a log whose beginning was changed by hand",
    (directory) => {
      leaveLog(directory);
      inSqlite(databaseIn(directory), "UPDATE log SET salt = salt + 1");
    },
    "kvnode.db is damaged (the row of the log is not what was written)",
  ],
  [
    "a lock that is none",
    (directory) => writeFileSync(join(directory, "kvnode.lock"), "locked!\n".repeat(1_000)),
    "kvnode.lock is not the lock of a kvnode; remove it.",
  ],
];

/** As a node that was killed after two commits leaves it. */
function leaveLog(directory: string): void {
  const copy = newDirectory();
  const storage = open(directory);
  storage.commit([changeOf(entriesOf("more", 5), 505)]);
  storage.commit([changeOf(entriesOf("again", 5), 510)]);
  const files = readdirSync(directory).filter((file) => file !== "kvnode.lock");
  for (const file of files) copyFileSync(join(directory, file), join(copy, file));
  storage.close();
  for (const file of files) copyFileSync(join(copy, file), join(directory, file));
  // The WAL goes into the database, as it does when a start is refused.
  inSqlite(databaseIn(directory), "UPDATE log SET id = 0");
}

function overwrite(path: string, at: number, bytes: Uint8Array): void {
  const all = readFileSync(path);
  all.set(bytes, at);
  writeFileSync(path, all);
}

/** Reads what is stored as a node does at its start. */
function startIn(directory: string): void {
  const storage = open(directory);
  try {
    keptBy(storage.load());
  } finally {
    storage.close();
  }
}

describe("a node does not start", () => {
  for (const [what, damage, sentence] of REFUSED) {
    test(`with ${what}, and leaves the files as they are`, () => {
      const directory = usedDirectory();
      damage(directory);
      const files = contentsOf(directory);
      let message = "";
      try {
        startIn(directory);
      } catch (error) {
        expect(error).toBeInstanceOf(StorageError);
        message = (error as StorageError).message;
      }
      expect(message).toContain(sentence.replace("DIRECTORY", directory));
      expect(message).toMatch(/^[^\n]+\.$/);
      expect(contentsOf(directory)).toEqual(files);
    });
  }

  test("where the directory's path leads through a file", () => {
    const directory = newDirectory();
    writeFileSync(join(directory, "file"), "");
    const beyond = "can't be made (ENOTDIR); a part of the path is a file";
    expect(refusalOf(join(directory, "file", "data"))).toContain(beyond);
    expect(refusalOf(join(directory, "file"))).toContain("there is a file of that name");
  });

  test("where the directory can't be written", () => {
    const mounted = mountReadOnly();
    if (typeof mounted === "string") return skipped(mounted);
    const directory = mounted.path;
    try {
      expect(refusalOf(directory)).toMatch(
        /kvnode\.lock can't be (opened|written) .*check who owns/,
      );
      const refusal = refusalOf(join(directory, "data"));
      expect(refusal).toContain("can't be made (EROFS); it is mounted read-only");
    } finally {
      mounted.unmount();
    }
  });
});

function skipped(reason: string): void {
  process.stdout.write(`Skipped: no disk can be mounted here (${reason}).\n`);
}

/** Every file but the lock, byte for byte. */
function contentsOf(directory: string): Record<string, string> {
  const files = readdirSync(directory, { withFileTypes: true }).filter((file) => file.isFile());
  return Object.fromEntries(
    files
      .filter(({ name }) => name !== "kvnode.lock")
      .map(({ name }) => [name, Bun.hash(readFileSync(join(directory, name))).toString(16)]),
  );
}

describe("a node starts", () => {
  test("in a directory that is not there yet, three levels deep", () => {
    const directory = join(newDirectory(), "a", "b", "c");
    open(directory).close();
    expect(readdirSync(directory).sort()).toEqual(["kvnode.db", "kvnode.lock"]);
  });

  test("where an earlier first start was cut short", () => {
    const directory = newDirectory();
    writeFileSync(`${databaseIn(directory)}.new`, "half of it");
    writeFileSync(`${databaseIn(directory)}.new-journal`, "half of it");
    startIn(directory);
    expect(readdirSync(directory).sort()).toEqual(["kvnode.db", "kvnode.lock"]);
  });

  test("with the WAL of a crash, and has what is in it", () => {
    const directory = newDirectory();
    const storage = open(directory);
    storage.commit([changeOf(entriesOf("key", 5), 5)]);
    const copy = newDirectory();
    copyFileSync(databaseIn(directory), databaseIn(copy));
    copyFileSync(walIn(directory), walIn(copy));
    storage.close();
    const again = open(copy);
    expect(keptBy(again.load())[0]?.entries).toHaveLength(5);
    again.close();
    expect(existsSync(walIn(copy))).toBe(false);
  });
});

describe("a directory belongs to one node", () => {
  const holder = (node: string, pid: number | undefined) =>
    `is in use by the node ${node} (process ${pid}); stop that node, or give this one a DATA_DIR`;

  test("of this process, until that one closes it", () => {
    const directory = newDirectory();
    const first = openSqliteStorage({ directory, nodeId: "first" });
    expect(refusalOf(directory)).toContain(holder("first", process.pid));
    expect(refusalOf(directory)).toContain(`The directory ${directory} `);
    first.close();
    startIn(directory);
  });

  test("of another process, until that one is killed", async () => {
    const directory = newDirectory();
    const script = resolve(import.meta.dir, "../../support/commit-forever.ts");
    const child = Bun.spawn([process.execPath, script, directory], { stdout: "ignore" });
    try {
      await waitUntil(() => existsSync(walIn(directory)), { what: "the other to have it open" });
      expect(refusalOf(directory)).toContain(holder("the-other", child.pid));
    } finally {
      child.kill("SIGKILL");
      await child.exited;
    }
    startIn(directory);
  });
});

describe("a file of an older version", () => {
  const step = "ALTER TABLE groups ADD COLUMN colour TEXT";
  const withSteps = (...steps: string[]) => ({
    ...NODE_SCHEMA,
    migrations: [...NODE_SCHEMA.migrations, ...steps],
  });

  test("is brought to this one, and keeps what is in it", () => {
    const directory = usedDirectory();
    const database = new Database(databaseIn(directory));
    migrate(database, withSteps(step));
    expect(readPragma(database, "user_version")).toBe("3");
    expect(database.query("SELECT count(colour) FROM groups").values()).toEqual([[0]]);
    expect(database.query("SELECT count(*) FROM entries").values()).toEqual([[500]]);
    migrate(database, withSteps(step));
    database.close();
  });

  test("that knew of no log is opened, and has what was in it", () => {
    const directory = newDirectory();
    const database = new Database(databaseIn(directory), { create: true });
    migrate(database, { ...NODE_SCHEMA, migrations: NODE_SCHEMA.migrations.slice(0, 1) });
    const tables = "INSERT INTO entries SELECT * FROM old.entries; INSERT INTO sides SELECT * FROM";
    database.run(`ATTACH '${databaseIn(usedDirectory())}' AS old; ${tables} old.sides`);
    database.run("INSERT INTO groups SELECT * FROM old.groups");
    database.close();
    const storage = open(directory);
    storage.commit([changeOf(entriesOf("more", 5), 505)]);
    expect(keptBy(storage.load())[0]?.entries).toHaveLength(505);
    storage.close();
  });

  test("stays what it is when a step fails", () => {
    const database = new Database(databaseIn(usedDirectory()));
    expect(() => migrate(database, withSteps(step, "CREATE TABLE groups (x)"))).toThrow();
    expect(readPragma(database, "user_version")).toBe("2");
    expect(() => database.query("SELECT colour FROM groups")).toThrow("no such column");
    database.close();
  });
});
