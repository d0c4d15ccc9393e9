/** The simulated disk: what it keeps, and what it loses. */
import { describe, expect, test } from "bun:test";
import { blankRecord } from "../../../src/core/group-record.ts";
import { StorageError } from "../../../src/core/storage.ts";
import { describeStorage } from "../../unit/storage/storage-contract.ts";
import { Disk } from "./disk.ts";
import { ProcessKilled } from "./process-gate.ts";

const ENTRY = { key: "k", value: "1", epoch: 1, sequence: 1 };
const RECORD = { ...blankRecord("memory"), synced: 1, watermark: 1 };

function setUp() {
  const disk = new Disk();
  const user = {
    alive: true,
    spentMs: 0,
    spend(ms: number) {
      user.spentMs += ms;
    },
    kill() {
      user.alive = false;
    },
  };
  const store = disk.open(user);
  const kept = () => [...store.load()].flatMap(({ entries }) => [...entries]);
  return { disk, user, store, kept };
}

describeStorage("the storage on a simulated disk", {
  durable: true,
  newPlace() {
    const disk = new Disk();
    return { open: () => disk.open({ alive: true, spend() {}, kill() {} }) };
  },
});

describe("a simulated disk", () => {
  test("keeps what was committed, for whoever opens it next", () => {
    const { disk, store, user } = setUp();
    expect(disk.blank).toBe(true);
    store.commit([{ group: 0, entries: [ENTRY], record: RECORD }]);
    const [group] = [...disk.open(user).load()];
    expect(group?.record).toEqual(RECORD);
    expect([...(group?.entries ?? [])]).toEqual([ENTRY]);
    expect(disk.blank).toBe(false);
  });

  test("keeps the incoming side apart until it is adopted, and not over a restart", () => {
    const { store, kept } = setUp();
    const other = { ...ENTRY, key: "other" };
    store.commit([{ group: 0, entries: [ENTRY], record: RECORD }]);
    store.commit([{ group: 0, clearIncoming: true, incoming: [other] }]);
    expect(kept()).toEqual([ENTRY]);
    store.commit([{ group: 0, adopt: true }]);
    expect(kept()).toEqual([]);
    store.commit([{ group: 0, incoming: [other, { ...other, sequence: 0 }] }]);
    store.commit([{ group: 0, adopt: true, entries: [ENTRY], forgotten: ["k"] }]);
    expect(kept()).toEqual([other, ENTRY]);
    store.commit([{ group: 0, forgotten: ["k"] }]);
    expect(kept()).toEqual([other]);
  });

  test("refuses while it is full, and keeps nothing of that", () => {
    const { disk, store, kept } = setUp();
    disk.conditions.full = true;
    expect(() => store.commit([{ group: 0, entries: [ENTRY], record: RECORD }])).toThrow(
      StorageError,
    );
    expect(kept()).toEqual([]);
    disk.conditions.full = false;
    store.commit([{ group: 0, entries: [ENTRY], record: RECORD }]);
    expect(kept()).toEqual([ENTRY]);
  });

  for (const [crash, entries] of [
    ["before", []],
    ["after", [ENTRY]],
  ] as const) {
    test(`lets its process die right ${crash} a commit`, () => {
      const { disk, store, user, kept } = setUp();
      disk.conditions.crash = crash;
      const commit = () => store.commit([{ group: 0, entries: [ENTRY], record: RECORD }]);
      expect(commit).toThrow(ProcessKilled);
      expect(user.alive).toBe(false);
      expect(kept()).toEqual([...entries]);
      // The dead can't write.
      expect(() => store.commit([{ group: 0, forgotten: ["k"] }])).toThrow(ProcessKilled);
      expect(kept()).toEqual([...entries]);
    });
  }

  test("takes its time where it is slow", () => {
    const { disk, store, user } = setUp();
    disk.conditions.syncMs = 40;
    store.commit([{ group: 0, entries: [ENTRY] }]);
    expect(user.spentMs).toBe(40);
  });
});
