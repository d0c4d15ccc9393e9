/**
 * A write that fails and is on the disk all the same, as where the confirmation alone failed: what
 * is committed after it is kept, and nothing that failed takes its place.
 */
import { afterEach, expect, spyOn, test } from "bun:test";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type GroupChange, type Storage, StorageError } from "../../../src/core/storage.ts";
import { openDatabase } from "../../../src/storage/database.ts";
import { DirectFile } from "../../../src/storage/direct-file.ts";
import { Sides } from "../../../src/storage/sides.ts";
import { openSqliteStorage } from "../../../src/storage/sqlite.ts";
import { Tables } from "../../../src/storage/tables.ts";
import { FAST_ROOT, temporaryDirectories } from "../../support/temporary-directory.ts";
import { changeOf, entriesOf, keptBy, StorageModel } from "./storage-model.ts";

const newDirectory = temporaryDirectories(FAST_ROOT);
const spies: { mockRestore(): void }[] = [];

afterEach(() => {
  for (const spy of spies.splice(0)) spy.mockRestore();
});

const failure = () => Object.assign(new Error("EIO"), { code: "EIO", syscall: "fdatasync" });

/** The next call does what it should, and then says that it could not. */
function failAfterwards<Name extends string>(
  owner: { readonly prototype: Record<Name, (...given: never[]) => void> },
  name: Name,
): void {
  const done = owner.prototype[name];
  const spy = spyOn(owner.prototype as Record<string, (...given: never[]) => void>, name);
  spies.push(spy);
  spy.mockImplementationOnce(function (this: unknown, ...given) {
    done.apply(this, given);
    throw failure();
  });
}

const FAILING = {
  append: () => failAfterwards(DirectFile, "write"),
  transaction: () => failAfterwards(Tables, "transaction"),
} as const;

/** What a start finds that follows on a crash at this moment. */
function keptAfterCrash(directory: string) {
  const copy = newDirectory();
  cpSync(directory, copy, { recursive: true });
  const storage = openSqliteStorage({ directory: copy, nodeId: "node" });
  const kept = keptBy(storage.load());
  storage.close();
  return kept;
}

interface Opened {
  readonly directory: string;
  readonly storage: Storage;
  commit(...changes: GroupChange[]): void;
}

function opened(model: StorageModel): Opened {
  const directory = newDirectory();
  const storage = openSqliteStorage({ directory, nodeId: "node", spanBytesMax: 4_096 });
  const commit = (...changes: GroupChange[]) => {
    storage.commit(changes);
    model.commit(changes);
  };
  // The first makes a side, in the tables; the second is the log's first.
  commit(changeOf(entriesOf("a", 2), 2));
  commit(changeOf(entriesOf("b", 2), 4));
  return { directory, storage, commit };
}

test("an append that failed hides nothing, whether the next has room in its span or not", () => {
  for (const count of [1, 5, 10, 15, 20, 30]) {
    const model = new StorageModel();
    const { directory, storage, commit } = opened(model);
    // Most of a span, which is not folded at once when the next one begins.
    commit(changeOf(entriesOf("b", 26), 26));
    FAILING.append();
    const lost = [changeOf(entriesOf("lost", 2), 28)];
    expect(() => storage.commit(lost)).toThrow(StorageError);
    for (const prefix of ["c", "d", "e"]) {
      commit(changeOf(entriesOf(prefix, count), 26 + count));
      expect(keptAfterCrash(directory)).toEqual(model.kept());
    }
    storage.close();
  }
});

test("a transaction that failed hides nothing that is committed after it", () => {
  const model = new StorageModel();
  const { directory, storage, commit } = opened(model);
  FAILING.transaction();
  expect(() => storage.commit([{ group: 1, adopt: true }])).toThrow(StorageError);
  commit(changeOf(entriesOf("c", 2), 6));
  expect(keptAfterCrash(directory)).toEqual(model.kept());
  storage.close();
});

/** What the WAL would have, had this been done to the directory's tables and not come through. */
function walAfter(directory: string, work: (sides: Sides) => void): Buffer {
  const copy = newDirectory();
  cpSync(directory, copy, { recursive: true });
  const database = openDatabase(join(copy, "kvnode.db"));
  const sides = new Sides(database);
  new Tables(database).transaction(() => work(sides), { synced: true });
  const wal = readFileSync(join(copy, "kvnode.db-wal"));
  database.close();
  return wal;
}

test("a transaction that failed does not come back under what was committed after it", () => {
  for (const before of ["the log's", "the tables'"]) {
    const model = new StorageModel();
    const { directory, storage, commit } = opened(model);
    if (before === "the tables'") commit({ group: 0, incoming: entriesOf("new", 2) });
    const wal = join(directory, "kvnode.db-wal");
    const known = readFileSync(wal);
    const failed = walAfter(directory, (sides) => sides.adopt(0));
    spies.push(
      spyOn(Tables.prototype, "transaction").mockImplementationOnce(() => {
        throw failure();
      }),
    );
    expect(() => storage.commit([{ group: 0, adopt: true }])).toThrow(StorageError);
    commit(changeOf(entriesOf("c", 2), 6));
    // Its pages are in the WAL until the tables' next transaction is written over them.
    const crashed = newDirectory();
    cpSync(directory, crashed, { recursive: true });
    if (readFileSync(wal).equals(known)) writeFileSync(join(crashed, "kvnode.db-wal"), failed);
    expect(keptAfterCrash(crashed)).toEqual(model.kept());
    storage.close();
  }
});
