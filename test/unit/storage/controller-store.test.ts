/** What a controller stores: one suite over both stores, and what the file is told apart from. */
import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { copyFileSync, existsSync, truncateSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import {
  type ControllerStore,
  MemoryControllerStore,
  type RecordChange,
} from "../../../src/controller/store.ts";
import { StorageError } from "../../../src/core/storage.ts";
import { openSqliteStorage } from "../../../src/storage/sqlite.ts";
import { openControllerStore } from "../../../src/storage/sqlite-controller.ts";
import { FAST_ROOT, temporaryDirectories } from "../../support/temporary-directory.ts";

const newDirectory = temporaryDirectories(FAST_ROOT);
const databaseIn = (directory: string) => join(directory, "kvnode.db");

const open = (directory: string) => openControllerStore({ directory, nodeId: "controller" });

/** By kind and id, in an order of their own. */
function kept(store: ControllerStore): [string, unknown][] {
  const records = [...store.load()].map(({ kind, id, value }): [string, unknown] => [
    `${kind} ${id}`,
    value,
  ]);
  return records.sort(([one], [other]) => (one < other ? -1 : 1));
}

function keptIn(directory: string): [string, unknown][] {
  const store = open(directory);
  try {
    return kept(store);
  } finally {
    store.close();
  }
}

const worker = (id: string, slot: number): RecordChange => ({
  kind: "worker",
  id,
  value: { slot, address: `http://${id}:5000` },
});

/** A store, and how it looks to the next process. */
const STORES: readonly [string, () => { store: ControllerStore; again: () => ControllerStore }][] =
  [
    [
      "the file",
      () => {
        const directory = newDirectory();
        const store = open(directory);
        const again = () => {
          store.close();
          return open(directory);
        };
        return { store, again };
      },
    ],
    [
      "the store in memory",
      () => {
        const store = new MemoryControllerStore();
        return { store, again: () => store };
      },
    ],
  ];

const arbitraryChange: fc.Arbitrary<RecordChange> = fc.record({
  kind: fc.constantFrom("cluster", "worker", "partition", "event"),
  id: fc.constantFrom("1", "2", "3", "ü x"),
  // JSON has no -0: it comes back as 0.
  value: fc.option(
    fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value))),
    { nil: undefined, freq: 3 },
  ),
});

for (const [name, create] of STORES) {
  describe(name, () => {
    test("begins empty", () => {
      const { store } = create();
      expect(kept(store)).toEqual([]);
      store.close();
    });

    test("keeps the newest of each kind and id, also for the next process", () => {
      const commits = fc.array(fc.array(arbitraryChange, { maxLength: 5 }), { maxLength: 8 });
      fc.assert(
        fc.property(commits, (all) => {
          const { store, again } = create();
          const model = new Map<string, unknown>();
          for (const changes of all) {
            store.commit(changes);
            for (const { kind, id, value } of changes) {
              if (value === undefined) model.delete(`${kind} ${id}`);
              else model.set(`${kind} ${id}`, JSON.parse(JSON.stringify(value)));
            }
          }
          const next = again();
          const expected = [...model].sort(([one], [other]) => (one < other ? -1 : 1));
          expect(kept(next)).toEqual(expected);
          next.close();
        }),
        { numRuns: 40 },
      );
    });

    test("what was given to it may change afterwards", () => {
      const { store, again } = create();
      const value = { members: [1] };
      store.commit([{ kind: "partition", id: "0", value }]);
      value.members.push(2);
      const next = again();
      expect(kept(next)).toEqual([["partition 0", { members: [1] }]]);
      next.close();
    });
  });
}

describe("the file", () => {
  test("holds what was committed, as a crash leaves it, and nothing of what was not", () => {
    const directory = newDirectory();
    const store = open(directory);
    store.commit([worker("w1", 0)]);
    const circular: { self?: unknown } = {};
    circular.self = circular;
    const half: RecordChange[] = [worker("w2", 1), { kind: "worker", id: "w3", value: circular }];
    expect(() => store.commit(half)).toThrow();
    const crashed = newDirectory();
    for (const file of ["kvnode.db", "kvnode.db-wal"]) {
      if (existsSync(join(directory, file))) {
        copyFileSync(join(directory, file), join(crashed, file));
      }
    }
    expect(keptIn(crashed).map(([id]) => id)).toEqual(["worker w1"]);
    store.commit([worker("w2", 1)]);
    store.close();
    expect(keptIn(directory).map(([id]) => id)).toEqual(["worker w1", "worker w2"]);
  });

  test("that is full refuses a commit whole, and takes it when there is room", () => {
    const directory = newDirectory();
    const store = openControllerStore({ directory, nodeId: "controller", pagesMax: 20 });
    const large = "x".repeat(200_000);
    const changes: RecordChange[] = [worker("w1", 0), { kind: "event", id: "1", value: large }];
    expect(() => store.commit(changes)).toThrow(StorageError);
    expect(() => store.commit(changes)).toThrow(/The disk of .* is full .*; make room on it\./);
    expect(kept(store)).toEqual([]);
    store.commit([worker("w1", 0)]);
    store.close();
    expect(keptIn(directory)).toHaveLength(1);
  });
});

const MEND = "put the newest copy of its directory back";

/** What is done to a directory with a few records, and what is said of it. */
const REFUSED: readonly (readonly [string, (directory: string) => void, string])[] = [
  [
    "a record that was changed by hand",
    (directory) => {
      const database = new Database(databaseIn(directory));
      database.run("UPDATE records SET value = replace(value, '5000', '5001') WHERE id = 'w2'");
      database.close();
    },
    `is damaged (the worker w2 is not what was written); ${MEND}`,
  ],
  [
    "a file without its end",
    (directory) => truncateSync(databaseIn(directory), 4_096),
    `is damaged (`,
  ],
  [
    "an empty file",
    (directory) => truncateSync(databaseIn(directory), 0),
    `is empty, which kvnode never leaves behind; ${MEND}`,
  ],
];

describe("a controller does not start", () => {
  for (const [what, damage, sentence] of REFUSED) {
    test(`with ${what}`, () => {
      const directory = newDirectory();
      const store = open(directory);
      store.commit([worker("w1", 0), worker("w2", 1)]);
      store.close();
      damage(directory);
      expect(() => keptIn(directory)).toThrow(StorageError);
      expect(() => keptIn(directory)).toThrow(sentence);
    });
  }

  test("in the directory of a node, nor a node in that of a controller", () => {
    const ofNode = newDirectory();
    openSqliteStorage({ directory: ofNode, nodeId: "node" }).close();
    expect(() => open(ofNode)).toThrow(
      "is the database of a node, and this is a controller; choose another DATA_DIR.",
    );
    const ofController = newDirectory();
    open(ofController).close();
    expect(() => openSqliteStorage({ directory: ofController, nodeId: "node" })).toThrow(
      "is the database of a controller, and this is a node; choose another DATA_DIR.",
    );
  });

  test("in a directory that another one holds", () => {
    const directory = newDirectory();
    const store = open(directory);
    expect(() => open(directory)).toThrow(/is in use by the node controller \(process \d+\)/);
    store.close();
    expect(keptIn(directory)).toEqual([]);
  });
});
