/** The ring of what belongs to consecutive sequences, against a plain map. */
import { edenGC, fullGC, heapStats } from "bun:jsc";
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { SequenceWindow } from "../../../src/core/sequence-window.ts";

/** Near where 32 bits end, near where a double's whole numbers end, and the beginning. */
const BEGINNINGS = [0, 2 ** 31 - 40, 2 ** 32 - 40, Number.MAX_SAFE_INTEGER - 1_000];

interface Held {
  readonly name: string;
}

/** How many plain objects the collector has not taken. */
function objectCount(): number {
  return heapStats().objectTypeCounts.Object ?? 0;
}

describe("a window of sequences", () => {
  test("holds what a map would, and says which is the first", () => {
    // More are added than deleted, so that it grows; now and then it is emptied.
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.constant("add" as const) },
      { weight: 4, arbitrary: fc.nat(300) },
      { weight: 1, arbitrary: fc.constant("empty" as const) },
    );
    const steps = fc.array(step, { maxLength: 400, size: "max" });
    const property = fc.property(fc.constantFrom(...BEGINNINGS), steps, (beginning, taken) => {
      const window = new SequenceWindow<Held>(beginning);
      const map = new Map<number, Held>();
      let newest = beginning;
      const remove = (sequence: number) => {
        window.delete(sequence);
        map.delete(sequence);
      };
      for (const each of taken) {
        if (each === "add") {
          newest += 1;
          const item = { name: `${newest}` };
          window.add(newest, item);
          map.set(newest, item);
        } else if (each === "empty") {
          [...map.keys()].forEach(remove);
        } else if (map.has(newest - each)) {
          remove(newest - each);
        }
        expect(window.size).toBe(map.size);
        expect(window.first).toBe([...map.keys()][0] ?? newest + 1);
        expect([...window.values()]).toEqual([...map.values()]);
        for (const sequence of [
          newest - (typeof each === "number" ? each : 0),
          newest,
          newest + 1,
          newest + 64,
          0,
        ]) {
          expect(window.get(sequence)).toBe(map.get(sequence));
        }
      }
    });
    fc.assert(property, { numRuns: 100 });
  });

  test("takes only the next sequence, and gives up only what it holds", () => {
    const window = new SequenceWindow<Held>(5);
    expect(() => window.add(5, { name: "again" })).toThrow("sequences in order");
    expect(() => window.add(7, { name: "too far" })).toThrow("sequences in order");
    window.add(6, { name: "six" });
    window.delete(6);
    expect(() => window.delete(6)).toThrow("a sequence that is held");
  });

  test("goes on after a burst, whatever the order in which that is forgotten", () => {
    const count = 10_000;
    const window = new SequenceWindow<Held>(0);
    for (let burst = 0; burst < 3; burst++) {
      const before = window.newest;
      for (let at = 1; at <= count; at++) {
        window.add(before + at, { name: `${before + at}` });
      }
      // 7 has no divisor with the count in common: each is met once, the first of them early.
      for (let at = 0; at < count; at++) {
        const sequence = before + 1 + ((at * 7) % count);
        expect(window.get(sequence)?.name).toBe(`${sequence}`);
        window.delete(sequence);
      }
      expect(window.size).toBe(0);
      expect(window.first).toBe(before + count + 1);
    }
  });

  test("leaves nothing behind that a young collection of garbage does not take", () => {
    const held = 20;
    const window = new SequenceWindow<Held>(0);
    let newest = 0;
    const churn = (count: number) => {
      for (let left = count; left > 0; left--) {
        newest += 1;
        window.add(newest, { name: "x" });
        if (newest > held) {
          window.delete(newest - held);
        }
      }
    };
    churn(1_000);
    fullGC();
    const before = objectCount();
    for (let round = 0; round < 5; round++) {
      churn(10_000);
      edenGC();
    }
    // A map that is used like this keeps 45,000 of the 50,000.
    expect(objectCount() - before).toBeLessThan(2_500);
  });
});
