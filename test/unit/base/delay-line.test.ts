/** The delay line on a virtual clock, where deadlines are met exactly, and on the real one. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { systemClock } from "../../../src/base/clock.ts";
import { DelayLine } from "../../../src/base/delay-line.ts";
import { createSeededRandom } from "../../../src/base/random.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

function virtualLine() {
  const clock = new VirtualClock();
  const handed: { item: number; atMs: number }[] = [];
  const batches: number[][] = [];
  const line = new DelayLine<number>(clock, (due) => {
    batches.push(due);
    handed.push(...due.map((item) => ({ item, atMs: clock.nowMs() })));
  });
  return { clock, line, handed, batches };
}

describe("a delay line on a virtual clock", () => {
  test("hands over each item at its own deadline, earliest first", async () => {
    const hold = fc.record({
      waitMs: fc.nat(5),
      delayMs: fc.double({ min: 0, max: 9, noNaN: true }),
    });
    const holds = fc.array(hold, { maxLength: 40 });
    const property = fc.asyncProperty(holds, async (all) => {
      const { clock, line, handed } = virtualLine();
      const deadlines: number[] = [];
      for (const { waitMs, delayMs } of all) {
        await clock.advance(waitMs);
        deadlines.push(clock.nowMs() + delayMs);
        line.hold(clock.nowMs() + delayMs, deadlines.length - 1);
      }
      await clock.runUntilIdle();
      expect(handed.length).toBe(all.length);
      expect(line.size).toBe(0);
      for (const { item, atMs } of handed) {
        expect(atMs).toBe(deadlines[item] as number);
      }
      const order = handed.map(({ atMs }) => atMs);
      expect(order).toEqual(order.toSorted((a, b) => a - b));
    });
    await fc.assert(property, { numRuns: 50 });
  });

  test("hands over together what is due together, and never an empty list", async () => {
    const { clock, line, batches } = virtualLine();
    line.hold(3, 1);
    line.hold(5, 2);
    line.hold(3, 3);
    await clock.runUntilIdle();
    expect(batches.map((batch) => batch.toSorted())).toEqual([[1, 3], [2]]);
  });

  test("hands over what is overdue at once, but never from within the call", async () => {
    const { clock, line, handed } = virtualLine();
    await clock.advance(10);
    line.hold(4, 1);
    expect(handed).toEqual([]);
    await clock.advance(0);
    expect(handed).toEqual([{ item: 1, atMs: 10 }]);
  });

  test("costs no timer while it holds nothing, and one however much it holds", async () => {
    const { clock, line } = virtualLine();
    expect(clock.waiting).toBe(0);
    for (let item = 0; item < 100; item++) {
      line.hold((item * 37) % 100, item);
      expect(clock.waiting).toBe(1);
    }
    await clock.advance(50);
    expect(clock.waiting).toBe(1);
    await clock.runUntilIdle();
    expect(clock.waiting).toBe(0);
  });

  test("drops all that it holds when it is cleared, and is usable again", async () => {
    const { clock, line, handed } = virtualLine();
    line.hold(3, 1);
    line.hold(1, 2);
    line.clear();
    expect([line.size, clock.waiting]).toEqual([0, 0]);
    line.hold(5, 3);
    await clock.runUntilIdle();
    expect(handed).toEqual([{ item: 3, atMs: 5 }]);
  });

  test("takes new items from within a delivery", async () => {
    const clock = new VirtualClock();
    const atMs: number[] = [];
    const line = new DelayLine<number>(clock, ([left = 0]) => {
      atMs.push(clock.nowMs());
      if (left > 0) {
        line.hold(clock.nowMs() + 0.5, left - 1);
      }
    });
    line.hold(1, 3);
    await clock.runUntilIdle();
    expect(atMs).toEqual([1, 1.5, 2, 2.5]);
  });
});

describe("a delay line on the real clock", () => {
  test("is never early, and at 0.1–1 ms true to hundredths at the median", async () => {
    const random = createSeededRandom(1);
    const errorsMs: number[] = [];
    for (let round = 0; round < 300; round++) {
      await new Promise<void>((resolve) => {
        const line = new DelayLine<number>(systemClock, ([deadlineMs = 0]) => {
          errorsMs.push(performance.now() - deadlineMs);
          resolve();
        });
        const deadlineMs = performance.now() + 0.1 + 0.9 * random.next();
        line.hold(deadlineMs, deadlineMs);
      });
    }
    expect(Math.min(...errorsMs)).toBeGreaterThanOrEqual(0);
    // A timer of 1 ms grain would be off by about 0.5; a busy machine moves the tail, not this.
    expect(errorsMs.sort((a, b) => a - b)[150]).toBeLessThan(0.25);
  });
});
