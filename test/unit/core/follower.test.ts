/** A follower, case by case; leader-follower.test.ts has it together with a leader, at random. */
import { describe, expect, test } from "bun:test";
import type { Entry } from "../../../src/core/entry.ts";
import { Follower } from "../../../src/core/follower.ts";
import type { CatchUpPage } from "../../../src/core/leader.ts";
import { Replica } from "../../../src/core/replica.ts";

const entry = (
  key: string,
  sequence: number,
  value: string | undefined = "1",
  epoch = 1,
): Entry => ({
  key,
  value,
  epoch,
  sequence,
});
const tombstone = (key: string, sequence: number): Entry => ({
  ...entry(key, sequence),
  value: undefined,
});
const page = (entries: Entry[], upTo: number, rest: Partial<CatchUpPage> = {}): CatchUpPage => ({
  entries,
  upTo,
  needs: upTo,
  reset: false,
  last: true,
  ...rest,
});
const news = (rest: object = {}) => ({
  epoch: 1,
  sequence: 0,
  commitWatermark: 0,
  stableWatermark: 0,
  beat: 0,
  ...rest,
});

/** A follower that is synced to epoch 1 of life "A" and holds nothing. */
function syncedFollower(): Follower {
  const follower = new Follower(() => new Replica());
  follower.connected();
  follower.takePage(1, "A", page([], 0, { reset: true }));
  follower.takeAcknowledgement();
  return follower;
}

describe("a blank follower", () => {
  test("takes no live entries and says nothing before a leader's first page", () => {
    const follower = new Follower(() => new Replica());
    follower.takeEntries(1, [entry("a", 1)]);
    follower.takeNews(news({ beat: 1 }));
    expect(follower.blank).toBe(true);
    expect(follower.replica.keys).toBe(0);
    expect(follower.takeAcknowledgement()).toBeUndefined();
  });

  test("serves nothing of a state that it still builds", () => {
    const follower = new Follower(() => new Replica());
    follower.takePage(1, "A", page([entry("a", 1)], 1, { reset: true, last: false }));
    expect(follower.replica.keys).toBe(0);
    expect(follower).toMatchObject({ blank: true, synced: false });
    follower.takePage(1, "A", page([entry("b", 2)], 2));
    expect(follower.replica.keys).toBe(2);
    expect(follower).toMatchObject({ blank: false, synced: true });
  });

  test("names nothing that it holds before it is synced, and all of it afterwards", () => {
    const follower = new Follower(() => new Replica());
    follower.takePage(1, "A", page([entry("a", 1)], 1, { reset: true, needs: 2 }));
    follower.takeEntries(1, [entry("d", 4)]);
    expect(follower.takeAcknowledgement()).toMatchObject({
      synced: false,
      watermark: 0,
      above: [],
    });
    follower.takeEntries(1, [entry("b", 2)]);
    expect(follower.takeAcknowledgement()).toMatchObject({
      synced: true,
      watermark: 2,
      above: [4],
    });
  });

  test("goes on where it was when the leader comes back half-way", () => {
    const follower = new Follower(() => new Replica());
    follower.takePage(1, "A", page([entry("a", 1)], 1, { reset: true, last: false }));
    follower.connected();
    const half = { epoch: 1, life: "A", synced: false, watermark: 0, pagedTo: 1 };
    expect(follower.standing).toEqual(half);
    follower.takePage(1, "A", page([entry("b", 2)], 2));
    expect(follower.replica.keys).toBe(2);
  });

  test("forgets a half-built state, and its gaps, when another group begins with it anew", () => {
    const follower = new Follower(() => new Replica());
    follower.takePage(1, "A", page([entry("a", 1)], 1, { reset: true, needs: 9 }));
    follower.takeEntries(1, [entry("e", 5)]);
    follower.takePage(1, "B", page([entry("b", 1)], 1, { reset: true, last: false }));
    follower.takeEntries(
      1,
      [2, 3, 4, 6, 7, 8, 9].map((sequence) => entry("x", sequence)),
    );
    expect(follower.synced).toBe(false);
    follower.takePage(1, "B", page([], 1));
    expect(follower.standing).toMatchObject({ life: "B", synced: true, watermark: 4 });
    expect(follower.replica.get("a")).toBeUndefined();
    expect(follower.replica.get("e")).toBeUndefined();
  });
});

describe("a synced follower", () => {
  test("holds its watermark back at a gap", () => {
    const follower = syncedFollower();
    follower.takeEntries(1, [entry("a", 1), entry("c", 3), entry("d", 4)]);
    expect(follower.takeAcknowledgement()).toMatchObject({ watermark: 1, above: [3, 4] });
    follower.takeEntries(1, [entry("b", 2)]);
    expect(follower.takeAcknowledgement()).toMatchObject({ watermark: 4, above: [] });
  });

  test("says again on a new connection what it holds above a gap", () => {
    const follower = syncedFollower();
    follower.takeEntries(1, [entry("c", 3)]);
    expect(follower.takeAcknowledgement()).toMatchObject({ above: [3] });
    follower.connected();
    expect(follower.takeAcknowledgement()).toBeUndefined();
    follower.takeNews(news({ beat: 1 }));
    expect(follower.takeAcknowledgement()).toMatchObject({ above: [3], beat: 1 });
  });

  test("names no sequence of an earlier state once a new one has replaced it", () => {
    const follower = syncedFollower();
    follower.takeEntries(1, [entry("old", 5)]);
    follower.connected();
    follower.takePage(2, "A", page([entry("a", 1)], 1, { reset: true, last: false }));
    follower.takePage(2, "A", page([], 2));
    expect(follower.replica.get("old")).toBeUndefined();
    expect(follower.takeAcknowledgement()).toMatchObject({ synced: true, watermark: 2, above: [] });
  });

  test("names after a reconnect what the half-built state holds, not the old one", () => {
    const follower = syncedFollower();
    follower.takeEntries(1, [entry("old", 5)]);
    follower.takePage(2, "A", page([entry("a", 1)], 1, { reset: true, last: false }));
    follower.takeEntries(2, [entry("new", 4, "1", 2)]);
    follower.connected();
    follower.takePage(2, "A", page([], 2));
    expect(follower.takeAcknowledgement()).toMatchObject({
      synced: true,
      watermark: 2,
      above: [4],
    });
  });

  test("keeps its old state until the new one is complete", () => {
    const follower = syncedFollower();
    follower.takeEntries(1, [entry("old", 1)]);
    follower.takePage(2, "A", page([entry("new", 2)], 2, { reset: true, needs: 3 }));
    expect(follower.replica.get("old")).toBeDefined();
    expect(follower.replica.get("new")).toBeUndefined();
    follower.takeEntries(2, [entry("newer", 3, "1", 2)]);
    expect(follower.replica.get("old")).toBeUndefined();
    expect(follower.replica.keys).toBe(2);
  });

  test("takes nothing of another epoch or another life", () => {
    const follower = syncedFollower();
    follower.takeEntries(2, [entry("a", 1, "1", 2)]);
    follower.takePage(1, "B", page([entry("b", 1)], 1));
    follower.takeNews(news({ epoch: 2, commitWatermark: 9, beat: 3 }));
    expect(follower.replica.keys).toBe(0);
    expect(follower.standing.watermark).toBe(0);
    expect(follower.takeAcknowledgement()).toBeUndefined();
  });

  test("claims no commit that it does not hold", () => {
    const follower = syncedFollower();
    follower.takeEntries(1, [entry("a", 1)]);
    follower.takeNews(news({ sequence: 5, commitWatermark: 5 }));
    expect(follower.commitWatermark).toBe(1);
    expect(follower.leaderSequence).toBe(5);
  });

  test("does not forget a tombstone above its watermark, whatever it is told", () => {
    const follower = syncedFollower();
    follower.takeEntries(1, [tombstone("a", 2)]);
    follower.takeNews(news({ stableWatermark: 2 }));
    expect(follower.replica.tombstones).toBe(1);
    follower.takeEntries(1, [entry("a", 1)]);
    expect(follower.replica.get("a")?.value).toBeUndefined();
    follower.takeNews(news({ stableWatermark: 2 }));
    expect(follower.replica.tombstones).toBe(0);
  });

  test("is not brought a removed key by a copy that comes after its tombstone is forgotten", () => {
    const follower = syncedFollower();
    follower.takeEntries(1, [entry("a", 1), tombstone("a", 2)]);
    follower.takeNews(news({ stableWatermark: 2 }));
    follower.takeEntries(1, [entry("a", 1)]);
    expect(follower.replica.keys).toBe(0);
  });

  test("answers a beat, once", () => {
    const follower = syncedFollower();
    follower.takeNews(news({ beat: 7 }));
    expect(follower.takeAcknowledgement()).toMatchObject({ beat: 7 });
    expect(follower.takeAcknowledgement()).toBeUndefined();
    follower.takeNews(news());
    expect(follower.takeAcknowledgement()).toBeUndefined();
  });
});
