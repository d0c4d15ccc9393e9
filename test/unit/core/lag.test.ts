/** The lag clock against a list of every write's time. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { LagClock } from "../../../src/core/lag.ts";

/** Writes at these distances in time; gives the clock and each write's time. */
function writeAt(distancesMs: readonly number[]): { clock: LagClock; timesMs: number[] } {
  const clock = new LagClock();
  const timesMs: number[] = [];
  let nowMs = 1_000;
  for (const distanceMs of distancesMs) {
    nowMs += distanceMs;
    timesMs.push(nowMs);
    clock.note(timesMs.length, nowMs);
  }
  return { clock, timesMs };
}

describe("the lag clock", () => {
  const distance = fc.oneof(
    { weight: 10, arbitrary: fc.double({ min: 0, max: 2, noNaN: true }) },
    { weight: 1, arbitrary: fc.double({ min: 0, max: 500, noNaN: true }) },
  );
  const distances = fc.array(distance, { minLength: 1, maxLength: 300, size: "max" });

  test("is never too small, and at most 5 ms too large", () => {
    const property = fc.property(distances, fc.nat(1_000), (distancesMs, laterMs) => {
      const { clock, timesMs } = writeAt(distancesMs);
      const newest = timesMs.length;
      const nowMs = (timesMs.at(-1) as number) + laterMs;
      for (let watermark = 0; watermark < newest; watermark++) {
        const trueMs = nowMs - (timesMs[watermark] as number);
        const saidMs = clock.lagMs(watermark, newest, nowMs);
        expect(saidMs).toBeGreaterThanOrEqual(trueMs);
        expect(saidMs - trueMs).toBeLessThan(5);
      }
    });
    fc.assert(property, { numRuns: 200 });
  });

  test("is 0 for whoever holds everything", () => {
    const { clock } = writeAt([0, 1, 2]);
    expect(clock.lagMs(3, 3, 99_999)).toBe(0);
    expect(new LagClock().lagMs(0, 0, 99_999)).toBe(0);
  });

  test.each([
    ["hours of writes", 300_000, 50],
    ["a burst", 100_000, 0.01],
    ["years of rare writes", 100_000, 1_000_000],
  ])("stays within an eighth of the truth through %s", (_, count, distanceMs) => {
    const { clock, timesMs } = writeAt(Array.from({ length: count }, () => distanceMs));
    const nowMs = (timesMs.at(-1) as number) + distanceMs;
    for (let watermark = 0; watermark < count; watermark += 997) {
      const trueMs = nowMs - (timesMs[watermark] as number);
      const saidMs = clock.lagMs(watermark, count, nowMs);
      expect(saidMs).toBeGreaterThanOrEqual(trueMs);
      expect(saidMs - trueMs).toBeLessThanOrEqual(Math.max(5, trueMs / 8));
    }
  });
});
