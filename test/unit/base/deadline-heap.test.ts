/** The heap against sorting. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { DeadlineHeap } from "../../../src/base/deadline-heap.ts";

const deadline = fc.oneof(fc.nat(20), fc.double({ min: 0, noNaN: true }));
/** A number goes in; undefined takes one out. */
const step = fc.option(deadline, { freq: 3, nil: undefined });

describe("a deadline heap", () => {
  test("gives what sorting gives, however pushes and pops alternate", () => {
    const steps = fc.array(step, { maxLength: 300, size: "max" });
    const property = fc.property(steps, (taken) => {
      const heap = new DeadlineHeap<{ deadline: number }>();
      const slow: number[] = [];
      for (const each of taken) {
        if (each === undefined) {
          expect(heap.pop()?.deadline).toBe(slow.sort((a, b) => a - b).shift() as number);
        } else {
          heap.push(each, { deadline: each });
          slow.push(each);
        }
        expect(heap.size).toBe(slow.length);
        expect(heap.earliest).toBe(Math.min(...slow));
      }
    });
    fc.assert(property, { numRuns: 300 });
  });

  test("loses no item among those of one deadline", () => {
    const heap = new DeadlineHeap<number>();
    for (let item = 0; item < 100; item++) {
      heap.push(5, item);
    }
    const out = Array.from({ length: 100 }, () => heap.pop());
    expect(new Set(out).size).toBe(100);
    expect(heap.pop()).toBeUndefined();
  });

  test("is empty once cleared, and usable again", () => {
    const heap = new DeadlineHeap<string>();
    heap.push(1, "a");
    heap.push(2, "b");
    heap.clear();
    expect(heap).toMatchObject({ size: 0, earliest: Number.POSITIVE_INFINITY });
    heap.push(3, "c");
    expect(heap.pop()).toBe("c");
  });
});
