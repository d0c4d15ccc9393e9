/** How rows are brought into the order of the tree, a few at a time. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { type FoldStep, foldSteps, foldWeight } from "../../../src/storage/fold-steps.ts";
import { Unfolded } from "../../../src/storage/unfolded.ts";

function unfoldedOf(sides: ReadonlyMap<number, Iterable<string>>): Unfolded {
  const unfolded = new Unfolded();
  for (const [side, keys] of sides) {
    const nothing = { group: side, side, entries: [], record: undefined };
    unfolded.takeIn({ ...nothing, forgotten: [...keys] });
  }
  return unfolded;
}

function keysOf(steps: readonly FoldStep[], side: number): string[] {
  return steps.filter((step) => step.side === side).flatMap(({ keys }) => keys);
}

test("every key of every side comes once and in order, and the work is what was said", () => {
  const keys = fc.uniqueArray(fc.string({ maxLength: 4 }), { maxLength: 700, size: "max" });
  fc.assert(
    fc.property(keys, keys, (one, two) => {
      const sides = new Map([one, two].map((side, index) => [index + 3, side]));
      const unfolded = unfoldedOf(sides);
      const steps = [...foldSteps(unfolded)];
      for (const [side, expected] of sides) {
        expect(keysOf(steps, side)).toEqual([...expected].sort());
      }
      const weight = steps.reduce((sum, step) => sum + step.weight, 0);
      expect(weight).toBe(foldWeight(unfolded));
    }),
    { numRuns: 50 },
  );
});

test("no step has much more than its share, whatever the order of the keys", () => {
  const count = 128 * 160;
  const inOrder = Array.from({ length: count }, (_, index) => String(index).padStart(6, "0"));
  const scattered = inOrder.map((_, index) => Bun.hash(String(index)).toString(16));
  // The number of a bucket's keys is a multiple of that of those who take turns.
  const byTurns = inOrder.map((key, index) => `user${index % 64}-${key}`);
  for (const keys of [inOrder, inOrder.toReversed(), scattered, byTurns]) {
    const steps = [...foldSteps(unfoldedOf(new Map([[1, keys]])))];
    expect(Math.max(...steps.map((step) => step.keys.length))).toBeLessThanOrEqual(256);
    // Nor are there many more steps than it takes.
    expect(steps.filter((step) => step.keys.length > 0).length).toBeLessThan(2 * 160);
    expect(keysOf(steps, 1)).toEqual([...keys].sort());
  }
});

test("no step has much more text than one large value", () => {
  const unfolded = new Unfolded();
  const entries = Array.from({ length: 300 }, (_, index) => ({
    ...{ key: `key${index}`, value: "x".repeat(50_000), epoch: 1, sequence: index + 1 },
  }));
  unfolded.takeIn({ group: 0, side: 1, forgotten: [], entries, record: undefined });
  const steps = [...foldSteps(unfolded)];
  expect(Math.max(...steps.map((step) => step.keys.length))).toBe(3);
  expect(keysOf(steps, 1)).toHaveLength(300);
});
