/** The watermark against a sorted set of all that was added. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Watermark } from "../../../src/core/watermark.ts";

/** What it should be: everything ever held, looked through each time. */
class SortedSet {
  readonly held = new Set<number>();

  constructor(value: number) {
    this.raiseTo(value);
  }

  raiseTo(sequence: number): void {
    for (let each = 1; each <= sequence; each++) {
      this.held.add(each);
    }
  }

  get value(): number {
    let value = 0;
    while (this.held.has(value + 1)) {
      value += 1;
    }
    return value;
  }

  get above(): number[] {
    const { value } = this;
    return [...this.held].filter((each) => each > value).sort((a, b) => a - b);
  }
}

const step = fc.oneof(
  { weight: 10, arbitrary: fc.record({ add: fc.integer({ min: 1, max: 40 }) }) },
  { weight: 1, arbitrary: fc.record({ raiseTo: fc.nat(45) }) },
);

const steps = fc.array(step, { maxLength: 100, size: "max" });

describe("a watermark", () => {
  test("is what a sorted set of everything added says", () => {
    const property = fc.property(fc.nat(10), steps, (first, taken) => {
      const watermark = new Watermark(first);
      const slow = new SortedSet(first);
      for (const each of taken) {
        const before = watermark.value;
        if ("add" in each) {
          expect(watermark.add(each.add)).toBe(!slow.held.has(each.add));
          slow.held.add(each.add);
        } else {
          watermark.raiseTo(each.raiseTo);
          slow.raiseTo(each.raiseTo);
        }
        expect(watermark.value).toBe(slow.value);
        expect(watermark.value).toBeGreaterThanOrEqual(before);
        expect(watermark.above().sort((a, b) => a - b)).toEqual(slow.above);
        expect(watermark.aboveCount).toBe(slow.above.length);
      }
      for (let sequence = 1; sequence <= 50; sequence++) {
        expect(watermark.holds(sequence)).toBe(slow.held.has(sequence));
      }
    });
    fc.assert(property, { numRuns: 300 });
  });

  test("says whether raising it would reach a goal, without raising it", () => {
    const added = fc.array(fc.integer({ min: 1, max: 20 }));
    const property = fc.property(added, fc.nat(22), fc.nat(22), (sequences, to, goal) => {
      const watermark = new Watermark();
      for (const sequence of sequences) {
        watermark.add(sequence);
      }
      const before = watermark.value;
      const would = watermark.wouldReach(to, goal);
      expect(watermark.value).toBe(before);
      watermark.raiseTo(to);
      expect(would).toBe(watermark.value >= goal);
    });
    fc.assert(property, { numRuns: 1_000 });
  });
});
