/** States that are built beside what a follower holds, case by case. */
import { describe, expect, test } from "bun:test";
import type { Entry } from "../../../src/core/entry.ts";
import type { Holding } from "../../../src/core/holding.ts";
import { FreshState, OverlayState } from "../../../src/core/incoming.ts";
import { Replica } from "../../../src/core/replica.ts";

const entry = (key: string, epoch: number, sequence: number, value?: string): Entry => ({
  key,
  value: value ?? `${epoch}.${sequence}`,
  epoch,
  sequence,
});
const tombstone = (key: string, epoch: number, sequence: number): Entry => ({
  ...entry(key, epoch, sequence),
  value: undefined,
});

function holding(entries: readonly Entry[], commitWatermark: number): Holding {
  const replica = new Replica();
  for (const each of entries) {
    replica.apply(each);
  }
  return { epoch: 1, replica, watermark: replica.newest, commitWatermark };
}

const overlay = (base: Holding) => new OverlayState(2, new Replica(), base);
const all = (replica: Replica) => [...replica.all()].map(({ key, value }) => `${key}=${value}`);

/** a is committed; b, c and d are not. */
const BASE = [entry("a", 1, 1), entry("b", 1, 2), entry("c", 1, 3), tombstone("d", 1, 4)];

describe("a fresh state", () => {
  test("begins with nothing, asks nothing and is complete at the end of the pages", () => {
    const fresh = new FreshState(2, new Replica());
    expect(fresh.takeComparison()).toBeUndefined();
    expect(fresh).toMatchObject({ epoch: 2, pagedTo: 0, commitWatermark: 0, complete: false });
    expect(fresh.watermark.value).toBe(0);
    fresh.jumped = true;
    expect(fresh.complete).toBe(true);
  });
});

describe("an overlay", () => {
  test("begins at the commit watermark of what lies under it", () => {
    const state = overlay(holding(BASE, 1));
    expect(state).toMatchObject({ pagedTo: 1, commitWatermark: 1, complete: false });
    expect(state.watermark.value).toBe(1);
    expect(all(state.replica)).toEqual([]);
  });

  test("asks about each own key above it, tombstones too, once a connection", () => {
    const state = overlay(holding(BASE, 1));
    const asked = { from: 0, keys: ["b", "c", "d"] };
    expect(state.takeComparison()).toEqual(asked);
    expect(state.takeComparison()).toBeUndefined();
    // The question or its answer was lost with the connection.
    state.reconnected();
    expect(state.takeComparison()).toEqual(asked);
    state.takeCompared({ from: 0, upTo: 3, entries: [], absent: ["b", "c", "d"] });
    state.reconnected();
    expect(state.takeComparison()).toBeUndefined();
  });

  test("asks nothing where all is committed, and is complete with the pages alone", () => {
    const state = overlay(holding(BASE, 4));
    expect(state.takeComparison()).toBeUndefined();
    expect(state.complete).toBe(false);
    state.jumped = true;
    expect(state.complete).toBe(true);
  });

  test("is complete only with both, the pages and the answers", () => {
    const state = overlay(holding(BASE, 3));
    state.jumped = true;
    expect(state.complete).toBe(false);
    state.takeComparison();
    state.takeCompared({ from: 0, upTo: 1, entries: [], absent: ["d"] });
    expect(state.complete).toBe(true);
  });

  test("asks about many keys in turn, and goes on where it was after a lost connection", () => {
    const many = Array.from({ length: 1_100 }, (_, at) => entry(`key${at}`, 1, at + 1));
    const state = overlay(holding(many, 0));
    const sizes: number[] = [];
    for (let asked = state.takeComparison(); asked; asked = state.takeComparison()) {
      sizes.push(asked.keys.length);
      state.reconnected();
      expect(state.takeComparison()).toEqual(asked);
      state.takeCompared({
        from: asked.from,
        upTo: asked.from + asked.keys.length,
        entries: [],
        absent: asked.keys,
      });
    }
    expect(sizes).toEqual([500, 500, 100]);
    state.jumped = true;
    expect(state.complete).toBe(true);
  });

  test("takes no answer to what it has not asked", () => {
    const state = overlay(holding(BASE, 1));
    state.jumped = true;
    state.takeCompared({ from: 0, upTo: 3, entries: [], absent: ["b", "c", "d"] });
    expect(state.complete).toBe(false);
    state.takeComparison();
    state.takeCompared({ from: 3, upTo: 3, entries: [], absent: [] });
    expect(state.complete).toBe(false);
    state.takeCompared({ from: 0, upTo: 3, entries: [], absent: ["b", "c", "d"] });
    expect(state.complete).toBe(true);
    state.takeCompared({ from: 0, upTo: 1, entries: [entry("b", 2, 9)], absent: [] });
    expect(all(state.replica)).toEqual([]);
  });

  test("leaves what lies under it alone until it is laid over, and then is the leader's", () => {
    const base = holding(BASE, 1);
    const before = all(base.replica);
    const state = overlay(base);
    state.takeComparison();
    // The leader has an older b, a newer d, knows no c, and has a new key.
    const older = entry("b", 0.5, 1);
    const told = [older, entry("d", 2, 5)];
    state.takeCompared({ from: 0, upTo: 3, entries: told, absent: ["c"] });
    state.replica.apply(entry("e", 2, 6));
    expect(all(base.replica)).toEqual(before);
    const { forgotten, entries } = state.layOver(base.replica);
    expect(forgotten).toEqual(["c"]);
    expect(entries.map(({ key }) => key).sort()).toEqual(["b", "d", "e"]);
    expect(all(base.replica).sort()).toEqual(["a=1.1", "b=0.5.1", "d=2.5", "e=2.6"]);
  });

  test("keeps a key that the leader wrote after it said that it knows nothing of it", () => {
    const base = holding(BASE, 1);
    const state = overlay(base);
    state.replica.apply(entry("c", 2, 5));
    state.takeComparison();
    state.takeCompared({ from: 0, upTo: 3, entries: [], absent: ["b", "c", "d"] });
    expect(state.layOver(base.replica).forgotten).toEqual(["b", "d"]);
    expect(base.replica.get("c")).toMatchObject({ epoch: 2, sequence: 5 });
  });

  test("goes on as what is followed, over what lay under it", () => {
    const base = holding(BASE, 1);
    const state = overlay(base);
    state.pagedTo = 7;
    state.watermark.raiseTo(7);
    const target = state.over(base.replica);
    expect(target).toMatchObject({ epoch: 2, pagedTo: 7, commitWatermark: 1 });
    expect(target.replica).toBe(base.replica);
    expect(target.watermark.value).toBe(7);
  });
});
