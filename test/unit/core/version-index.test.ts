/** The index by version against an array that is sorted whenever it is asked. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { createSeededRandom, randomBelow } from "../../../src/base/random.ts";
import { VersionIndex } from "../../../src/core/version-index.ts";

interface Known {
  readonly sequence: number;
  readonly number: number;
}

/** What is above, by sequence; where several have one, in no order. */
function aboveOf(pairs: readonly Known[], from: number): Known[] {
  return pairs
    .filter(({ sequence }) => sequence > from)
    .sort((a, b) => a.sequence - b.sequence || a.number - b.number);
}

function check(index: VersionIndex, pairs: readonly Known[], from: number): void {
  const sequenceOf = new Map(pairs.map(({ sequence, number }) => [number, sequence]));
  const found = [...index.above(from)].map((number) => ({
    sequence: sequenceOf.get(number) ?? Number.NaN,
    number,
  }));
  const order = found.map(({ sequence }) => sequence);
  expect(order).toEqual(order.toSorted((a, b) => a - b));
  expect(aboveOf(found, from)).toEqual(aboveOf(pairs, from));
  expect(index.size).toBe(pairs.length);
}

/** Each step gives a record, new or known, a sequence; or takes it out. */
function run(steps: readonly { number: number; sequence: number | null }[], from: number): void {
  const index = new VersionIndex();
  const standing = new Map<number, number>();
  for (const { number, sequence } of steps) {
    const before = standing.get(number);
    if (before !== undefined) {
      index.remove(before, number);
      standing.delete(number);
    }
    if (sequence !== null) {
      index.add(sequence, number);
      standing.set(number, sequence);
    }
  }
  const pairs = [...standing].map(([number, sequence]) => ({ sequence, number }));
  for (const bound of [0, from, ...pairs.slice(0, 5).map(({ sequence }) => sequence)]) {
    check(index, pairs, bound);
  }
}

const sequence = fc.oneof(
  fc.integer({ min: 1, max: 50 }),
  fc.integer({ min: 2 ** 32 - 20, max: 2 ** 32 + 20 }),
  fc.maxSafeNat().map((each) => Math.max(1, each)),
);
const steps = fc.array(
  fc.record({ number: fc.integer({ min: 1, max: 40 }), sequence: fc.option(sequence) }),
  { maxLength: 120, size: "max" },
);

describe("the index by version", () => {
  test("gives what is above any sequence in order, also where several have the same", () => {
    fc.assert(
      fc.property(steps, sequence, (all, from) => run(all, from)),
      { numRuns: 1_000 },
    );
  });

  test.each([
    ["in order", 5_000, (at: number) => at + 1],
    ["in order, over few records", 40, (at: number) => at + 1],
    ["nearly in order", 5_000, (at: number) => at + 1 + ((at * 7_919) % 40)],
    ["in no order", 5_000, (at: number) => 1 + ((at * 7_919) % 20_011)],
    ["backwards", 5_000, (at: number) => 30_000 - at],
    ["all the same", 600, () => 3],
    ["on both sides of 2^32", 3_000, (at: number) => 2 ** 32 - 5_000 + ((at * 7_919) % 9_973)],
  ])("is right through thousands of changes that come %s", (_, records, sequenceAt) => {
    const property = fc.property(fc.integer({ min: 1, max: 99_991 }), fc.nat(9), (stride, gone) => {
      const changes = Array.from({ length: 20_000 }, (_unused, at) => ({
        number: 1 + ((at * stride) % records),
        sequence: at % 10 < gone - 5 ? null : sequenceAt(at),
      }));
      run(changes, sequenceAt(12_345));
    });
    fc.assert(property, { numRuns: 5 });
  });

  test("is right while records chosen at random are overwritten and go", () => {
    const property = fc.property(fc.nat(), fc.nat(3), (seed, gone) => {
      const random = createSeededRandom(seed);
      const changes = Array.from({ length: 12_000 }, (_unused, at) => ({
        number: 1 + randomBelow(random, 3_000),
        sequence: randomBelow(random, 10) < gone ? null : at + 1,
      }));
      run(changes, 11_000);
    });
    fc.assert(property, { numRuns: 10 });
  });
});
