import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { createSeededRandom, randomBelow, systemRandom } from "../../../src/base/random.ts";

const draw = (seed: number, count: number) => {
  const random = createSeededRandom(seed);
  return Array.from({ length: count }, () => random.next());
};

describe("a seeded random", () => {
  test("repeats itself for the same seed and differs for another", () => {
    const seeds = fc.integer({ min: 0, max: 2 ** 32 - 2 });
    const property = fc.property(seeds, (seed) => {
      expect(draw(seed, 20)).toEqual(draw(seed, 20));
      expect(draw(seed, 20)).not.toEqual(draw(seed + 1, 20));
    });
    fc.assert(property);
  });

  test("is the same on every machine", () => {
    expect(draw(1, 3)).toEqual([0.6270739405881613, 0.002735721180215478, 0.5274470399599522]);
  });

  test("is spread evenly over [0, 1)", () => {
    const buckets = new Array<number>(10).fill(0);
    for (const number of draw(7, 100_000)) {
      expect(number >= 0 && number < 1).toBe(true);
      const bucket = Math.floor(number * 10);
      buckets[bucket] = (buckets[bucket] ?? 0) + 1;
    }
    for (const count of buckets) {
      expect(Math.abs(count - 10_000)).toBeLessThan(500);
    }
  });
});

describe("a whole number below a limit", () => {
  test.each([
    ["seeded", createSeededRandom(3)],
    ["of the system", systemRandom],
  ])("takes every value and no other, %s", (_, random) => {
    const seen = new Set(Array.from({ length: 1_000 }, () => randomBelow(random, 5)));
    expect([...seen].sort()).toEqual([0, 1, 2, 3, 4]);
  });
});
