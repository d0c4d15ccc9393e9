/** A follower, case by case; leader-follower.test.ts has it together with a leader, at random. */
import { describe, expect, test } from "bun:test";
import type { Entry } from "../../../src/core/entry.ts";
import { Follower } from "../../../src/core/follower.ts";
import type { Compared, Comparison } from "../../../src/core/holding.ts";
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
  from: 0,
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

/** A follower that is synced to epoch 1 and holds nothing. */
function syncedFollower(): Follower {
  const follower = new Follower(() => new Replica());
  follower.ledBy(1);
  follower.takePage(1, page([], 0, { reset: true }));
  follower.takeAcknowledgement();
  return follower;
}

/** The leader's answer to what this follower asks: it knows of these entries and of no others. */
function answer(follower: Follower, known: readonly Entry[]): Compared {
  const { from, keys } = follower.takeComparison() as Comparison;
  const entries = known.filter(({ key }) => keys.includes(key));
  const absent = keys.filter((key) => !entries.some((each) => each.key === key));
  return { from, upTo: from + keys.length, entries, absent };
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
    follower.takePage(1, page([entry("a", 1)], 1, { reset: true, last: false }));
    expect(follower.replica.keys).toBe(0);
    expect(follower).toMatchObject({ blank: true, synced: false });
    follower.takePage(1, page([entry("b", 2)], 2));
    expect(follower.replica.keys).toBe(2);
    expect(follower).toMatchObject({ blank: false, synced: true });
  });

  test("names nothing that it holds before it is synced, and all of it afterwards", () => {
    const follower = new Follower(() => new Replica());
    follower.takePage(1, page([entry("a", 1)], 1, { reset: true, needs: 2 }));
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
    follower.takePage(1, page([entry("a", 1)], 1, { reset: true, last: false }));
    follower.ledBy(1);
    const building = { epoch: 1, watermark: 0, pagedTo: 1 };
    expect(follower.standing).toEqual({ synced: 0, watermark: 0, commitWatermark: 0, building });
    follower.takePage(1, page([entry("b", 2)], 2));
    expect(follower.replica.keys).toBe(2);
  });

  test.each([
    ["is heard before its first page", true],
    ["begins with it anew at once", false],
  ])("forgets a half-built state, and its gaps, when another leader %s", (_, heardBefore) => {
    const follower = new Follower(() => new Replica());
    follower.takePage(1, page([entry("a", 1)], 1, { reset: true, needs: 9 }));
    follower.takeEntries(1, [entry("e", 5)]);
    if (heardBefore) {
      follower.ledBy(2);
    }
    follower.takePage(2, page([entry("b", 1)], 1, { reset: true, last: false }));
    const rest = [2, 3, 4, 6, 7, 8, 9].map((sequence) => entry("x", sequence, "1", 2));
    follower.takeEntries(2, rest);
    expect(follower.synced).toBe(false);
    follower.takePage(2, page([], 1));
    expect(follower.synced).toBe(true);
    expect(follower.standing).toMatchObject({ synced: 2, watermark: 4, building: undefined });
    expect(follower.replica.get("a")).toBeUndefined();
    expect(follower.replica.get("e")).toBeUndefined();
  });

  test("takes no page in behind one that was lost", () => {
    const follower = new Follower(() => new Replica());
    follower.takePage(1, page([entry("a", 1)], 1, { reset: true, last: false }));
    follower.takePage(1, page([entry("c", 3)], 3, { from: 2 }));
    expect(follower.standing.building).toEqual({ epoch: 1, watermark: 0, pagedTo: 1 });
    expect(follower.synced).toBe(false);
    follower.takePage(1, page([entry("b", 2), entry("c", 3)], 3, { from: 1 }));
    expect(follower.replica.keys).toBe(3);
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
    follower.ledBy(1);
    expect(follower.takeAcknowledgement()).toBeUndefined();
    follower.takeNews(news({ beat: 1 }));
    expect(follower.takeAcknowledgement()).toMatchObject({ above: [3], beat: 1 });
  });

  test("names no sequence of an earlier state once a new one has replaced it", () => {
    const follower = syncedFollower();
    follower.takeEntries(1, [entry("old", 5)]);
    follower.ledBy(2);
    follower.takePage(2, page([entry("a", 1, "1", 2)], 1, { last: false }));
    follower.takePage(2, page([], 2));
    follower.takeCompared(2, answer(follower, []));
    expect(follower.replica.get("old")).toBeUndefined();
    expect(follower.takeAcknowledgement()).toMatchObject({ synced: true, watermark: 2, above: [] });
  });

  test("names after a reconnect what the half-built state holds, not the old one", () => {
    const follower = syncedFollower();
    follower.takeEntries(1, [entry("old", 5)]);
    follower.ledBy(2);
    follower.takePage(2, page([entry("a", 1, "1", 2)], 1, { last: false }));
    follower.takeEntries(2, [entry("new", 4, "1", 2)]);
    follower.ledBy(2);
    follower.takePage(2, page([], 2));
    follower.takeCompared(2, answer(follower, []));
    expect(follower.takeAcknowledgement()).toMatchObject({
      synced: true,
      watermark: 2,
      above: [4],
    });
  });

  test("keeps its old state until the new one is complete", () => {
    const follower = syncedFollower();
    follower.takeEntries(1, [entry("old", 1)]);
    follower.ledBy(2);
    follower.takePage(2, page([entry("new", 2, "1", 2)], 2, { needs: 3 }));
    follower.takeCompared(2, answer(follower, []));
    expect(follower.replica.get("old")).toBeDefined();
    expect(follower.replica.get("new")).toBeUndefined();
    follower.takeEntries(2, [entry("newer", 3, "1", 2)]);
    expect(follower.replica.get("old")).toBeUndefined();
    expect(follower.replica.keys).toBe(2);
  });

  test.each([
    ["above its leader's", 2],
    ["of an earlier leader", 0.5],
    ["of nobody", 0],
  ])("takes nothing of an epoch %s", (_, epoch) => {
    const follower = syncedFollower();
    follower.takeEntries(epoch, [entry("a", 1, "1", epoch)]);
    follower.takePage(epoch, page([entry("b", 1)], 1));
    follower.takePage(epoch, page([entry("c", 1)], 1, { reset: true }));
    follower.takeCommitted(epoch, 9);
    follower.takeNews(news({ epoch, commitWatermark: 9, beat: 3 }));
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
