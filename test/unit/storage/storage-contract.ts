/**
 * What every storage owes the engine (src/core/storage.ts), as one suite of cases that each
 * implementation is put through. One that is not durable owes the same and forgets.
 */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { blankRecord } from "../../../src/core/group-record.ts";
import type { GroupChange, Storage } from "../../../src/core/storage.ts";
import {
  arbitraryChanges,
  changeOf,
  entriesOf,
  type Kept,
  keptBy,
  StorageModel,
} from "./storage-model.ts";

/** A place where one storage after another is opened, each on what the last one left. */
export interface StoragePlace {
  open(): Storage;
}

export interface ContractOptions {
  readonly durable: boolean;
  newPlace(): StoragePlace;
}

/** One case: changes that are committed one after another, with what must be there afterwards. */
const CASES: readonly (readonly [string, readonly (readonly GroupChange[])[]])[] = [
  ["nothing, where nothing was committed", []],
  ["entries and the record", [[changeOf(entriesOf("key", 3), 3)]]],
  ["the entry of the key of no bytes", [[changeOf(entriesOf("", 1)), changeOf([quorumEntry()])]]],
  ["a tombstone as what it is", [[changeOf([{ ...quorumEntry(), key: "k", value: undefined }])]]],
  [
    "the later of two entries of one key",
    [[changeOf(entriesOf("k", 1, 2))], [changeOf(entriesOf("k", 1, 1))]],
  ],
  ["an entry made by hand, of epoch 0", [[changeOf(entriesOf("hand", 2, 0))]]],
  ["an epoch with a fraction", [[changeOf(entriesOf("k", 2, 7 + 1 / 2 ** 24))]]],
  [
    "the largest sequence",
    [[changeOf([{ ...quorumEntry(), sequence: 2 ** 53 - 1 }], 2 ** 53 - 1)]],
  ],
  ["no key that was forgotten", [[changeOf(entriesOf("k", 3))], [{ group: 0, forgotten: ["k1"] }]]],
  [
    "no key that was forgotten, and its entry of the same change",
    [
      [changeOf(entriesOf("k", 3))],
      [{ group: 0, forgotten: ["k1"], entries: entriesOf("k", 2, 5) }],
    ],
  ],
  [
    "no incoming side",
    [[changeOf(entriesOf("k", 3))], [{ group: 0, incoming: entriesOf("i", 3) }]],
  ],
  [
    "an adopted side, and no other",
    [
      [changeOf(entriesOf("old", 3))],
      [{ group: 0, incoming: entriesOf("new", 2) }],
      [{ group: 0, incoming: entriesOf("more", 2), adopt: true }],
    ],
  ],
  [
    "of an incoming side the newer entry, not the later",
    [
      [
        {
          ...changeOf([]),
          incoming: [...entriesOf("k", 3, 4), ...entriesOf("k", 2, 3)],
          adopt: true,
        },
      ],
    ],
  ],
  [
    "an empty side that was adopted",
    [[changeOf(entriesOf("old", 3))], [{ group: 0, adopt: true }]],
  ],
  [
    "what was built after the incoming side was cleared",
    [
      [{ ...changeOf([]), incoming: entriesOf("wrong", 3) }],
      [{ group: 0, clearIncoming: true, incoming: entriesOf("right", 2), adopt: true }],
    ],
  ],
  [
    "every group apart",
    [
      [changeOf(entriesOf("k", 2)), { ...changeOf(entriesOf("k", 3)), group: 7 }],
      [
        { group: 7, forgotten: ["k0"] },
        { group: 0, adopt: true },
      ],
    ],
  ],
  [
    "all of a large transaction",
    [
      [changeOf(entriesOf("k", 5_000))],
      [{ group: 0, forgotten: entriesOf("k", 4_000).map((e) => e.key) }],
    ],
  ],
];

function quorumEntry() {
  return { key: "", value: '{"writes":1}', epoch: 1, sequence: 1 };
}

export function describeStorage(name: string, { durable, newPlace }: ContractOptions): void {
  const afterwards = (kept: Kept): Kept => (durable ? kept : []);

  describe(name, () => {
    test("says whether it is durable", () => {
      const storage = newPlace().open();
      expect(storage.durable).toBe(durable);
      storage.close();
    });

    for (const [what, commits] of CASES) {
      test(durable ? `keeps ${what}` : `is blank again after a case of: ${what}`, () => {
        const place = newPlace();
        const model = new StorageModel();
        const storage = place.open();
        expect(keptBy(storage.load())).toEqual([]);
        for (const changes of commits) {
          storage.commit(changes);
          model.commit(changes);
        }
        storage.close();
        const again = place.open();
        expect(keptBy(again.load())).toEqual(afterwards(model.kept()));
        again.close();
      });
    }

    test("keeps the record of a group without entries", () => {
      const place = newPlace();
      const record = { ...blankRecord("memory"), promised: 3.25 };
      const storage = place.open();
      storage.commit([{ group: 4, record }]);
      storage.close();
      const again = place.open();
      expect(keptBy(again.load())).toEqual(afterwards([{ group: 4, record, entries: [] }]));
      again.close();
    });

    test("may be closed twice", () => {
      const storage = newPlace().open();
      storage.close();
      expect(() => storage.close()).not.toThrow();
    });

    test("agrees with a slow model, opened again at any moment", () => {
      const step = fc.oneof(
        { weight: 4, arbitrary: arbitraryChanges },
        { weight: 1, arbitrary: fc.constant("reopen" as const) },
      );
      fc.assert(
        fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
          const place = newPlace();
          const model = new StorageModel();
          let storage = place.open();
          for (const changes of [...steps, "reopen" as const]) {
            if (changes === "reopen") {
              storage.close();
              storage = place.open();
              model.reopen();
              expect(keptBy(storage.load())).toEqual(afterwards(model.kept()));
            } else {
              storage.commit(changes);
              model.commit(changes);
            }
          }
          storage.close();
        }),
        { numRuns: durable ? 100 : 20 },
      );
    }, 60_000);
  });
}
