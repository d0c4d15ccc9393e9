/** The disk is full: nothing of that commit is kept, and the same one works when there is room. */
import { afterAll, describe, expect, test } from "bun:test";
import { rmSync, statfsSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type GroupChange, type Storage, StorageError } from "../../../src/core/storage.ts";
import { openSqliteStorage } from "../../../src/storage/sqlite.ts";
import { mountSmallDisk, type SmallDisk } from "../../support/small-disk.ts";
import { temporaryDirectories } from "../../support/temporary-directory.ts";
import { changeOf, entriesOf, type Kept, keptBy, StorageModel } from "./storage-model.ts";

const newDirectory = temporaryDirectories();
const mounted = mountSmallDisk(2_048);
const disk: SmallDisk | undefined = typeof mounted === "string" ? undefined : mounted;
if (disk === undefined) {
  process.stdout.write(`Skipped: no small disk can be mounted here (${mounted}).\n`);
}

afterAll(() => disk?.unmount());

function refusalOf(storage: Storage, changes: readonly GroupChange[]): string {
  try {
    storage.commit(changes);
  } catch (error) {
    if (error instanceof StorageError) return error.message;
    throw error;
  }
  throw new Error("nothing refuses it");
}

function keptIn(directory: string): Kept {
  const storage = openSqliteStorage({ directory, nodeId: "node" });
  const kept = keptBy(storage.load());
  storage.close();
  return kept;
}

/** Takes all the room there is; calling the result gives it back. */
function fillDisk(path: string): () => void {
  const ballast = join(path, "ballast");
  const { bavail, bsize } = statfsSync(path);
  writeFileSync(ballast, Buffer.alloc(bavail * bsize));
  return () => rmSync(ballast);
}

describe.if(disk !== undefined)("on a real disk that is full", () => {
  const root = disk?.path ?? "";

  test("a commit is refused again and again, and works when there is room", () => {
    const directory = join(root, "commit");
    const model = new StorageModel();
    const storage = openSqliteStorage({ directory, nodeId: "node" });
    const first = [changeOf(entriesOf("first", 20), 20)];
    storage.commit(first);
    model.commit(first);
    const makeRoom = fillDisk(root);
    const second: GroupChange[] = [
      { ...changeOf(entriesOf("second", 200), 220), forgotten: ["first3"] },
      { group: 1, incoming: entriesOf("incoming", 50), adopt: true },
    ];
    for (let attempt = 0; attempt < 3; attempt++) {
      const refusal = refusalOf(storage, second);
      expect(refusal).toMatch(
        /^The disk of .*kvnode\.db is full \(SQLITE_FULL.*make room on it\.$/,
      );
      expect(keptBy(storage.load())).toEqual(model.kept());
    }
    makeRoom();
    storage.commit(second);
    model.commit(second);
    expect(keptBy(storage.load())).toEqual(model.kept());
    storage.close();
    expect(keptIn(directory)).toEqual(model.kept());
    rmSync(directory, { recursive: true });
  });

  test("a commit that the log has no room for is refused, and works when there is room", () => {
    const directory = join(root, "log");
    const model = new StorageModel();
    const storage = openSqliteStorage({ directory, nodeId: "node" });
    for (const changes of [[changeOf(entriesOf("a", 9), 9)], [changeOf(entriesOf("b", 9), 18)]]) {
      storage.commit(changes);
      model.commit(changes);
    }
    const makeRoom = fillDisk(root);
    const large = [changeOf(entriesOf("c", 2_000), 2_018)];
    for (let attempt = 0; attempt < 3; attempt++) {
      expect(refusalOf(storage, large)).toMatch(
        /^The disk of .*kvnode\.db is full \(ENOSPC\); make/,
      );
    }
    makeRoom();
    storage.commit(large);
    model.commit(large);
    storage.close();
    expect(keptIn(directory)).toEqual(model.kept());
    rmSync(directory, { recursive: true });
  });

  test("a node that ends on it has kept what it had committed", () => {
    const directory = join(root, "end");
    const model = new StorageModel();
    const storage = openSqliteStorage({ directory, nodeId: "node" });
    const first = [changeOf(entriesOf("first", 400), 400)];
    storage.commit(first);
    model.commit(first);
    const makeRoom = fillDisk(root);
    refusalOf(storage, [changeOf(entriesOf("second", 400), 800)]);
    storage.close();
    makeRoom();
    expect(keptIn(directory)).toEqual(model.kept());
    rmSync(directory, { recursive: true });
  });

  test("a first start is refused, and works when there is room", () => {
    const directory = join(root, "start");
    const makeRoom = fillDisk(root);
    const start = () => openSqliteStorage({ directory, nodeId: "node" });
    expect(start).toThrow(StorageError);
    expect(start).toThrow(/is full .*make room on it\.$/);
    makeRoom();
    start().close();
    expect(keptIn(directory)).toEqual([]);
    rmSync(directory, { recursive: true });
  });
});

describe("in a file that may not grow", () => {
  test("a commit is refused whole, and works when other entries have gone", () => {
    const directory = newDirectory();
    const model = new StorageModel();
    const storage = openSqliteStorage({
      ...{ directory, nodeId: "node", pagesMax: 24 },
      spanBytesMax: 0,
    });
    const first = [changeOf(entriesOf("first", 200), 200)];
    const second = [{ ...changeOf(entriesOf("second", 800), 1_000), forgotten: ["first0"] }];
    const gone = [{ group: 0, forgotten: entriesOf("first", 200).map(({ key }) => key) }];
    storage.commit(first);
    model.commit(first);
    expect(refusalOf(storage, second)).toContain("is full");
    expect(keptBy(storage.load())).toEqual(model.kept());
    const third = [changeOf(entriesOf("third", 620), 1_000)];
    refusalOf(storage, third);
    for (const changes of [gone, third]) {
      storage.commit(changes);
      model.commit(changes);
    }
    storage.close();
    expect(keptIn(directory)).toEqual(model.kept());
  });

  test("what the log has taken is kept, and all is refused as long as it can't be folded", () => {
    const directory = newDirectory();
    const model = new StorageModel();
    const bounds = { pagesMax: 24, spanBytesMax: 8_000 };
    const storage = openSqliteStorage({ directory, nodeId: "node", ...bounds });
    let refusals = 0;
    for (let commit = 0; commit < 200; commit++) {
      const changes = [changeOf(entriesOf(`${commit}-`, 10), commit)];
      try {
        storage.commit(changes);
        model.commit(changes);
        expect(refusals).toBe(0);
      } catch (error) {
        expect((error as StorageError).message).toContain("is full");
        refusals += 1;
      }
    }
    expect(refusals).toBeGreaterThan(10);
    storage.close();
    expect(keptIn(directory)).toEqual(model.kept());
  });
});

test("the WAL is bounded however much is written", () => {
  const directory = newDirectory();
  const storage = openSqliteStorage({ directory, nodeId: "node" });
  for (let round = 0; round < 30; round++) {
    storage.commit([changeOf(entriesOf(`${round}-`, 2_000), round)]);
  }
  expect(statSync(join(directory, "kvnode.db-wal")).size).toBeLessThan(20 * 1024 ** 2);
  storage.close();
});

test("dropped sides are swept away a little at a time, also after a restart", () => {
  const directory = newDirectory();
  const pages = () => statSync(join(directory, "kvnode.db")).size / 4_096;
  const rewrite = () => {
    const storage = openSqliteStorage({ directory, nodeId: "node" });
    storage.commit([{ ...changeOf([]), incoming: entriesOf("k", 3_000), adopt: true }]);
    for (let turn = 0; turn < 10; turn++) storage.commit([changeOf([])]);
    storage.close();
    const again = openSqliteStorage({ directory, nodeId: "node" });
    for (let turn = 0; turn < 10; turn++) again.commit([changeOf([])]);
    expect(keptBy(again.load())[0]?.entries).toHaveLength(3_000);
    again.close();
  };
  rewrite();
  rewrite();
  const pagesOfTwo = pages();
  for (let time = 0; time < 4; time++) rewrite();
  expect(pages()).toBeLessThan(pagesOfTwo * 1.1);
});
