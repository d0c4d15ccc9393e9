/** Epochs: no two leaderships ever use the same one. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { generationOf, nextEpoch } from "../../../src/core/epoch.ts";

describe("an epoch", () => {
  test.each([
    ["the founder's first", 0, 0, 6, 1],
    ["the founder's second", 1, 0, 6, 7],
    ["the next member's", 1, 1, 6, 2],
    ["the last member's", 1, 5, 6, 6],
    ["after one of its own", 8, 1, 6, 14],
    ["after a blank one's", 8.25, 2, 6, 9],
    ["of a group of one", 4, 0, 1, 5],
  ])("%s", (_, ...[seen, slot, members, epoch]) => {
    expect(nextEpoch({ seen, slot, members })).toBe(epoch);
  });

  const options = fc
    .record({
      seen: fc.oneof(fc.nat(1_000), fc.double({ min: 0, max: 2 ** 28, noNaN: true })),
      members: fc.integer({ min: 1, max: 9 }),
      slot: fc.nat(8),
      random: fc.option(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })),
    })
    .map(({ random, slot, members, seen }) => ({
      ...{ seen, members, slot: slot % members },
      ...(random === null ? {} : { random }),
    }));

  test("is the next of its slot above all that was seen", () => {
    const property = fc.property(options, (given) => {
      const { seen, members, slot, random } = given;
      const epoch = nextEpoch(given);
      const whole = generationOf(epoch);
      expect(epoch).toBeGreaterThan(seen);
      expect(whole).toBeGreaterThan(Math.floor(seen));
      expect((whole - 1) % members).toBe(slot);
      expect(whole - Math.floor(seen)).toBeLessThanOrEqual(members);
      expect(Number.isInteger(epoch)).toBe(random === undefined);
    });
    fc.assert(property, { numRuns: 1_000 });
  });

  test("of one that lost its memory keeps its fraction, however high it is", () => {
    for (const random of [0, 0.5, 1 - Number.EPSILON]) {
      const epoch = nextEpoch({ seen: 2 ** 29 - 10, slot: 0, members: 3, random });
      const fraction = epoch - generationOf(epoch);
      expect(fraction).toBeGreaterThan(0);
      expect(fraction).toBeLessThan(1);
      expect(fraction * 2 ** 24).toBe(Math.round(fraction * 2 ** 24));
    }
  });

  test("is another one for other random numbers", () => {
    const epochs = Array.from({ length: 1_000 }, (_, at) =>
      nextEpoch({ seen: 12, slot: 0, members: 6, random: at / 1_000 }),
    );
    expect(new Set(epochs).size).toBe(1_000);
  });
});
