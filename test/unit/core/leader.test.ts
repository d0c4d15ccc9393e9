/**
 * The leader's book-keeping about its followers, case by case; leader-follower.test.ts is random.
 */
import { describe, expect, test } from "bun:test";
import { Leader } from "../../../src/core/leader.ts";
import { settledQuorum } from "../../../src/core/quorum-entry.ts";
import { Replica } from "../../../src/core/replica.ts";

function createLeader(options: { followerCount: number; writeQuorum: number }): Leader<string> {
  const { followerCount, writeQuorum } = options;
  return new Leader({
    epoch: 1,
    replica: new Replica(),
    sequence: 0,
    inherited: 0,
    followerCount,
    quorum: settledQuorum(writeQuorum),
    pageBudget: 1_000,
  });
}

const NOTHING = { usable: false, synced: false, watermark: 0, pagedTo: 0 };
const SYNCED = { usable: true, synced: true, watermark: 0, pagedTo: 0 };

function accept(leader: Leader<string>, key: string, value: string | undefined = "1"): void {
  leader.accept({ key, value, nowMs: 0, waiter: key });
  leader.persisted(leader.sequence);
}

function acknowledge(leader: Leader<string>, follower: number, watermark: number, above = []) {
  const said = { synced: true, watermark, pagedTo: watermark, above, beat: 0 };
  return leader.acknowledged(follower, said).map(({ sequence }) => sequence);
}

describe("a leader", () => {
  test("counts, after a new connection, what was acknowledged on none before", () => {
    const leader = createLeader({ followerCount: 1, writeQuorum: 1 });
    leader.joined(0, SYNCED);
    accept(leader, "key");
    // The follower took it in, and the connection broke before it could say so.
    leader.left(0);
    leader.joined(0, { ...SYNCED, watermark: 1 });
    expect(leader.commitWatermark).toBe(0);
    expect(acknowledge(leader, 0, 1)).toEqual([1]);
    expect(leader.commitWatermark).toBe(1);
  });

  test("does not count what a follower acknowledged before it lost its memory", () => {
    const leader = createLeader({ followerCount: 2, writeQuorum: 2 });
    leader.joined(0, SYNCED);
    leader.joined(1, SYNCED);
    accept(leader, "key");
    expect(acknowledge(leader, 0, 1)).toEqual([]);
    leader.left(0);
    leader.joined(0, NOTHING);
    expect(acknowledge(leader, 1, 1)).toEqual([]);
    expect(acknowledge(leader, 0, 1)).toEqual([1]);
  });

  test("counts each follower once, however often it says the same", () => {
    const leader = createLeader({ followerCount: 2, writeQuorum: 2 });
    leader.joined(0, SYNCED);
    leader.joined(1, SYNCED);
    accept(leader, "key");
    for (let again = 0; again < 3; again++) {
      expect(acknowledge(leader, 0, 1)).toEqual([]);
      leader.left(0);
      leader.joined(0, { ...SYNCED, watermark: 1 });
    }
    expect(acknowledge(leader, 1, 1)).toEqual([1]);
  });

  test("counts nothing that a follower says before it is synced", () => {
    const leader = createLeader({ followerCount: 1, writeQuorum: 1 });
    leader.joined(0, NOTHING);
    accept(leader, "key");
    const said = { synced: false, watermark: 1, pagedTo: 1, above: [1], beat: 7 };
    expect(leader.acknowledged(0, said)).toEqual([]);
    expect(leader.availableCount).toBe(0);
    expect(acknowledge(leader, 0, 1)).toEqual([1]);
  });

  test("counts nothing that is said on no connection, or of writes that it never made", () => {
    const leader = createLeader({ followerCount: 1, writeQuorum: 1 });
    accept(leader, "key");
    expect(acknowledge(leader, 0, 1)).toEqual([]);
    leader.joined(0, SYNCED);
    expect(acknowledge(leader, 0, 2)).toEqual([]);
    expect(leader.commitWatermark).toBe(0);
  });

  test("keeps a tombstone while one follower may still need it", () => {
    const leader = createLeader({ followerCount: 2, writeQuorum: 1 });
    leader.joined(0, SYNCED);
    leader.joined(1, SYNCED);
    accept(leader, "key", undefined);
    acknowledge(leader, 0, 1);
    expect(leader.stableWatermark).toBe(0);
    leader.left(1);
    expect(leader.stableWatermark).toBe(0);
    leader.joined(1, NOTHING);
    expect(leader.stableWatermark).toBe(0);
    acknowledge(leader, 1, 1);
    expect(leader.stableWatermark).toBe(1);
  });

  test("takes a page of catch-up as taken in when the follower says so, and not before", () => {
    const leader = createLeader({ followerCount: 1, writeQuorum: 0 });
    for (const key of ["a", "b", "c"]) {
      accept(leader, key, "x".repeat(900));
    }
    leader.joined(0, NOTHING);
    expect(leader.nextPage(0)).toMatchObject({ upTo: 2, reset: true, last: false });
    expect(leader.nextPage(0)).toBeUndefined();
    const said = { synced: false, watermark: 0, above: [], beat: 0 };
    leader.acknowledged(0, { ...said, pagedTo: 0 });
    expect(leader.nextPage(0)).toBeUndefined();
    leader.acknowledged(0, { ...said, pagedTo: 2 });
    expect(leader.nextPage(0)).toMatchObject({ upTo: 3, reset: false, last: true, needs: 3 });
  });

  test("asks enough nodes that no takeover can have gone past all of them", () => {
    // N nodes, C = W + 1 copies, R = N − C + 1 promises: min(C, R).
    const table = [
      [5, 0, 1],
      [5, 1, 2],
      [5, 2, 3],
      [5, 3, 3],
      [5, 4, 2],
      [5, 5, 1],
      [0, 0, 1],
    ] as const;
    for (const [followerCount, writeQuorum, needed] of table) {
      expect(createLeader({ followerCount, writeQuorum }).confirmationsNeeded).toBe(needed);
    }
  });

  test("does not take another connection's beat for an answer", () => {
    const leader = createLeader({ followerCount: 1, writeQuorum: 1 });
    leader.joined(0, SYNCED);
    leader.acknowledged(0, { synced: true, watermark: 0, pagedTo: 0, above: [], beat: 4 });
    expect(leader.confirmations(4)).toBe(2);
    expect(leader.confirmations(5)).toBe(1);
    leader.left(0);
    expect(leader.confirmations(4)).toBe(1);
    leader.joined(0, SYNCED);
    expect(leader.confirmations(4)).toBe(1);
  });

  test("sends a follower that comes back only what it does not hold", () => {
    const leader = createLeader({ followerCount: 1, writeQuorum: 0 });
    for (const key of ["a", "b", "c", "d"]) {
      accept(leader, key);
    }
    const sequences = () => leader.nextPage(0)?.entries.map(({ sequence }) => sequence);
    leader.joined(0, { ...SYNCED, watermark: 3 });
    expect(sequences()).toEqual([4]);
    leader.joined(0, { ...SYNCED, watermark: 1, pagedTo: 2 });
    expect(sequences()).toEqual([3, 4]);
    leader.joined(0, { ...SYNCED, synced: false, pagedTo: 2 });
    expect(leader.nextPage(0)).toMatchObject({ reset: false, entries: [{}, {}] });
    leader.joined(0, NOTHING);
    expect(leader.nextPage(0)).toMatchObject({ reset: true, entries: [{}, {}, {}, {}] });
  });

  test("leaves nothing out for a follower without memory whose first page has to wait", () => {
    const leader = createLeader({ followerCount: 1, writeQuorum: 0 });
    accept(leader, "a");
    leader.joined(0, NOTHING);
    // What flows to it as live entries it can't take in yet.
    accept(leader, "b");
    accept(leader, "a", "2");
    expect(leader.nextPage(0)).toMatchObject({
      ...{ entries: [{ key: "b" }, { key: "a", value: "2" }], upTo: 3 },
      ...{ reset: true, last: true, needs: 3 },
    });
  });

  test("counts on a follower that lost its memory only when it is synced again", () => {
    const leader = createLeader({ followerCount: 1, writeQuorum: 1 });
    leader.joined(0, SYNCED);
    expect(leader.availableCount).toBe(1);
    leader.left(0);
    expect(leader.availableCount).toBe(0);
    leader.joined(0, NOTHING);
    expect(leader.availableCount).toBe(0);
    acknowledge(leader, 0, 0);
    expect(leader.availableCount).toBe(1);
    leader.fellBehind(0);
    expect(leader.availableCount).toBe(0);
    expect(leader.nextPage(0)).toBeUndefined();
    leader.caughtBreath(0);
    expect(leader.availableCount).toBe(1);
    expect(leader.nextPage(0)).toMatchObject({ reset: false, last: true });
  });
});
