/** The packed store against a map of entries, sorted whenever it is asked. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { createSeededRandom, randomBelow } from "../../../../src/base/random.ts";
import type { Entry } from "../../../../src/core/entry.ts";
import { compareKeys } from "../../../../src/core/key-order.ts";
import { EntryStore } from "../../../../src/core/store/entry-store.ts";
import { NO_RECORD } from "../../../../src/core/store/places.ts";

const byKey = (a: Entry, b: Entry) => compareKeys(a.key, b.key);

/** A store and what it should hold. */
class Pair {
  readonly store = new EntryStore();
  readonly model = new Map<string, Entry>();
  #sequence = 0;

  put(key: string, value: string | undefined): void {
    this.#sequence += 1;
    // A whole one, one with a fraction, and more than 32 bits: each must come back as it was.
    const epoch = [1, 7.25, 2 ** 40 + 2 ** -8][this.#sequence % 3] as number;
    const entry = { key, value, epoch, sequence: this.#sequence * 2 ** 33 };
    this.store.put(entry, this.store.find(key));
    this.model.set(key, entry);
  }

  remove(key: string): void {
    const number = this.store.find(key);
    expect(number !== NO_RECORD).toBe(this.model.delete(key));
    if (number !== NO_RECORD) {
      this.store.remove(number);
    }
  }

  get(key: string): Entry | undefined {
    const number = this.store.find(key);
    return number === NO_RECORD ? undefined : this.store.entry(number);
  }

  check(keys: Iterable<string>): void {
    const { store, model } = this;
    expect(store.size).toBe(model.size);
    for (const key of keys) {
      expect(this.get(key)).toEqual(model.get(key));
    }
    const all = [...model.values()].sort(byKey);
    expect([...store.from("")]).toEqual(all);
    const numbers = [...store.numbers()];
    expect(numbers.map((number) => store.entry(number)).sort(byKey)).toEqual(all);
    for (const number of numbers) {
      const { key, value, epoch, sequence } = store.entry(number);
      expect(store.find(key)).toBe(number);
      expect(store.isTombstone(number)).toBe(value === undefined);
      expect([store.epoch(number), store.sequence(number)]).toEqual([epoch, sequence]);
    }
  }
}

const key = fc.oneof(
  fc.constantFrom("", "a", "a/", "a/b", "ab", "\u0000", "é", "\ud7ff", "\uffff", "😀", "😀/x"),
  fc.string({ unit: "binary", maxLength: 8 }),
  fc.nat(1_023).map((length) => "€".repeat(length)),
);
const value = fc.option(
  fc.oneof(
    fc.string({ unit: "binary", maxLength: 12 }),
    fc.nat(200).map((length) => "x".repeat(length)),
    fc.constantFrom(1_000, 65_000, 66_000, 200_000).map((length) => "€".repeat(length / 3)),
  ),
  { nil: undefined },
);
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ key, value }) },
  { weight: 1, arbitrary: fc.record({ key, gone: fc.constant(true) }) },
);

describe("a packed store", () => {
  test("holds what a map would hold, whatever the texts", () => {
    const property = fc.property(fc.array(step, { maxLength: 40 }), key, (steps, first) => {
      const pair = new Pair();
      for (const each of steps) {
        if ("gone" in each) {
          pair.remove(each.key);
        } else {
          pair.put(each.key, each.value);
        }
      }
      pair.check(steps.map((each) => each.key));
      const behind = [...pair.model.values()].filter((each) => compareKeys(each.key, first) >= 0);
      expect([...pair.store.from(first)]).toEqual(behind.sort(byKey));
    });
    fc.assert(property, { numRuns: 300 });
  });

  test("has no key that is too long to be one, and is listed from behind it", () => {
    const pair = new Pair();
    const long = "b".repeat(1_400);
    for (const each of ["a", long, `${long}b`, "€".repeat(1_365), "c"]) {
      pair.put(each, "1");
    }
    for (const first of ["b".repeat(1_401), "b".repeat(9_000), `${"€".repeat(1_365)}€`, "a€"]) {
      const behind = [...pair.model.values()].filter((each) => compareKeys(each.key, first) >= 0);
      expect([...pair.store.from(first)]).toEqual(behind.sort(byKey));
    }
    expect(pair.store.find("b".repeat(9_000))).toBe(NO_RECORD);
    expect(pair.store.find("€".repeat(1_366))).toBe(NO_RECORD);
    const entry = { key: "€".repeat(1_366), value: "1", epoch: 1, sequence: 1 };
    expect(() => pair.store.put(entry, pair.store.find(entry.key))).toThrow("too long");
  });

  function numbersFrom(seed: number): (below: number) => number {
    const random = createSeededRandom(seed);
    return (below) => randomBelow(random, below);
  }

  test.each([
    ["grows and shrinks", 3],
    ["grows", 9],
    ["shrinks", 1],
  ])("holds it through thousands of changes while it %s", (_, puts) => {
    const property = fc.property(fc.nat(), (seed) => {
      const next = numbersFrom(seed);
      const pair = new Pair();
      const keyAt = (at: number) => `key-${String(at).padStart(5, "0")}`;
      for (let at = 0; at < 3_000; at++) {
        pair.put(keyAt(at), String(at));
      }
      for (let change = 0; change < 12_000; change++) {
        const at = keyAt(next(6_000));
        if (next(puts + 2) < puts) {
          pair.put(at, next(10) === 0 ? undefined : "x".repeat(next(300)));
        } else {
          pair.remove(at);
        }
      }
      pair.check(Array.from({ length: 6_000 }, (_unused, at) => keyAt(at)));
    });
    fc.assert(property, { numRuns: 4 });
  });

  test("holds it when of keys that came in order a whole stretch goes", () => {
    const keyAt = (at: number) => `key-${String(at).padStart(5, "0")}`;
    for (let from = 0; from < 2_000; from += 64) {
      const pair = new Pair();
      for (let at = 0; at < 2_000; at++) {
        pair.put(keyAt(at), "1");
      }
      for (let at = from; at < Math.min(from + 550, 2_000); at++) {
        pair.remove(keyAt(at));
      }
      for (const at of [3, 2_100, from + 10]) {
        pair.put(keyAt(at), "2");
        pair.remove(keyAt(at));
      }
      const behind = [...pair.model.keys()].sort();
      expect([...pair.store.from("")].map(({ key }) => key)).toEqual(behind);
    }
  });

  test("gives garbage back with the writes that make it", () => {
    const store = new EntryStore();
    const next = numbersFrom(7);
    const lengths = new Map<string, number>();
    let live = 0;
    let most = 0;
    for (let change = 1; change <= 100_000; change++) {
      const at = `key-${next(2_000)}`;
      const length = next(400);
      live += length - (lengths.get(at) ?? -32);
      lengths.set(at, length);
      const entry = { key: at, value: "x".repeat(length), epoch: 1, sequence: change };
      store.put(entry, store.find(at));
      most = Math.max(most, store.garbage / live);
    }
    expect(lengths.size).toBe(2_000);
    expect(store.garbage / live).toBeLessThan(0.4);
    // While it is small the segment that is being filled counts for much.
    expect(most).toBeLessThan(4);
  });

  test("needs no garbage where values keep their length", () => {
    const store = new EntryStore();
    for (let change = 1; change <= 50_000; change++) {
      const at = `key-${change % 1_000}`;
      const entry = { key: at, value: "x".repeat(100), epoch: 1, sequence: change };
      store.put(entry, store.find(at));
    }
    expect(store.size).toBe(1_000);
    expect(store.garbage).toBeLessThan(10_000);
  });

  test("gives all memory of what was removed to what comes", () => {
    const pair = new Pair();
    for (let round = 0; round < 20; round++) {
      for (let at = 0; at < 1_000; at++) {
        pair.put(`${round}/${at}`, "x".repeat(200));
      }
      for (let at = 0; at < 1_000; at++) {
        pair.remove(`${round}/${at}`);
      }
    }
    pair.check([]);
    expect(pair.store.garbage).toBeLessThan(100_000);
  });
});

describe("a walk through a packed store", () => {
  test("in key order gives what stands behind it now, whatever is put in and removed", () => {
    const writes = fc.array(fc.tuple(fc.nat(2_000), fc.boolean()), { maxLength: 4 });
    const plan = fc.array(writes, { minLength: 1, maxLength: 200 });
    const property = fc.property(plan, (rounds) => {
      const pair = new Pair();
      const keyAt = (at: number) => `k${String(at).padStart(5, "0")}`;
      for (let at = 0; at < 2_000; at += 3) {
        pair.put(keyAt(at), "1");
      }
      let last: string | undefined;
      let round = 0;
      for (const entry of pair.store.from("")) {
        const behind = [...pair.model.keys()].filter((each) => last === undefined || each > last);
        expect(entry.key).toBe(behind.sort()[0] as string);
        last = entry.key;
        for (const [at, there] of rounds[round % rounds.length] ?? []) {
          if (there) {
            pair.put(keyAt(at), "2");
          } else {
            pair.remove(keyAt(at));
          }
        }
        round += 1;
        if (round === 150) {
          break;
        }
      }
    });
    fc.assert(property, { numRuns: 30 });
  });

  test("in no order gives what stands all the time once", () => {
    const pair = new Pair();
    for (let at = 0; at < 2_000; at++) {
      pair.put(`stays-${at}`, "x".repeat(at % 50));
    }
    const seen: string[] = [];
    let change = 0;
    for (const number of pair.store.numbers()) {
      seen.push(pair.store.entry(number).key);
      change += 1;
      if (change < 5_000) {
        pair.put(`stays-${(change * 7) % 2_000}`, "y".repeat(change % 90));
        pair.put(`comes-${change}`, "z");
        pair.remove(`comes-${change - 3}`);
      }
    }
    const stayed = seen.filter((each) => each.startsWith("stays-"));
    expect(stayed.length).toBe(2_000);
    expect(new Set(stayed).size).toBe(2_000);
  });
});
