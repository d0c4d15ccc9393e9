/** The formulas against the thing itself: random delays, drawn and sorted. */
import { describe, expect, test } from "bun:test";
import { shuffled } from "../../bench/quorum/plan.ts";
import { latencyShareBy, meanLatencyMs, staleShare } from "../../bench/quorum/theory.ts";
import { createSeededRandom } from "../../src/base/random.ts";

const ROUNDS = 60_000;
/** Four standard errors of a share of one half. */
const TOLERANCE = (4 * 0.5) / Math.sqrt(ROUNDS);

function drawnDelays(model: { followers: number; minDelayMs: number; maxDelayMs: number }) {
  const random = createSeededRandom(7);
  const spreadMs = model.maxDelayMs - model.minDelayMs;
  return Array.from({ length: ROUNDS }, () =>
    Array.from({ length: model.followers }, () => model.minDelayMs + spreadMs * random.next()),
  );
}

const models = [
  { followers: 5, minDelayMs: 0.1, maxDelayMs: 1 },
  { followers: 3, minDelayMs: 0, maxDelayMs: 2 },
];

for (const model of models) {
  const delays = drawnDelays(model);
  const sortedDelays = delays.map((each) => [...each].sort((one, other) => one - other));
  const quorums = Array.from({ length: model.followers }, (_, index) => index + 1);

  const range = `${model.minDelayMs}-${model.maxDelayMs} ms`;
  describe(`theory for ${model.followers} followers at ${range}`, () => {
    for (const quorum of quorums) {
      const acknowledgedAt = sortedDelays.map((each) => each[quorum - 1] ?? Number.NaN);

      test(`the mean of confirmation ${quorum} agrees with drawn delays`, () => {
        const drawn = acknowledgedAt.reduce((sum, each) => sum + each, 0) / ROUNDS;
        expect(Math.abs(drawn - meanLatencyMs(model, quorum))).toBeLessThan(2 * TOLERANCE);
      });

      test(`the distribution of confirmation ${quorum} agrees with drawn delays`, () => {
        for (const timeMs of [0.05, 0.3, 0.55, 0.8, 0.95, 1.7]) {
          const drawn = acknowledgedAt.filter((each) => each <= timeMs).length / ROUNDS;
          expect(Math.abs(drawn - latencyShareBy(model, quorum, timeMs))).toBeLessThan(TOLERANCE);
        }
      });

      test(`the share of stale reads at quorum ${quorum} agrees with drawn delays`, () => {
        const random = createSeededRandom(11);
        for (const sinceMs of [0, 0.05, 0.2, 0.5, 0.85, 1.5]) {
          const stale = delays.filter((each, round) => {
            const arrivesAt = each[Math.floor(random.next() * model.followers)] ?? Number.NaN;
            return arrivesAt > (acknowledgedAt[round] ?? Number.NaN) + sinceMs;
          });
          const drawn = stale.length / ROUNDS;
          expect(Math.abs(drawn - staleShare(model, quorum, sinceMs))).toBeLessThan(TOLERANCE);
        }
      });
    }
  });
}

describe("theory at its edges", () => {
  const model = { followers: 5, minDelayMs: 0.1, maxDelayMs: 1 };

  test("gives the means that the design names", () => {
    const means = [1, 2, 3, 4, 5].map((quorum) => meanLatencyMs(model, quorum).toFixed(2));
    expect(means).toEqual(["0.25", "0.40", "0.55", "0.70", "0.85"]);
  });

  test("starts stale reads at the share of followers outside the quorum, and ends at 0", () => {
    const atOnce = [1, 2, 3, 4, 5].map((quorum) => staleShare(model, quorum, 0));
    expect(atOnce.map((share) => share.toFixed(6))).toEqual(
      [4 / 5, 3 / 5, 2 / 5, 1 / 5, 0].map((share) => share.toFixed(6)),
    );
    expect(staleShare(model, 1, 0.9)).toBe(0);
  });

  test("knows no waiting and no stale read without a delay", () => {
    const still = { followers: 5, minDelayMs: 0, maxDelayMs: 0 };
    expect(meanLatencyMs(still, 3)).toBe(0);
    expect(staleShare(still, 1, 0)).toBe(0);
    expect(latencyShareBy(still, 1, 0)).toBe(1);
  });

  test("waits for nobody at quorum 0", () => {
    expect(meanLatencyMs(model, 0)).toBe(0);
    expect(staleShare(model, 0, 0.05)).toBe(1);
    expect(staleShare(model, 0, 0.55)).toBeCloseTo(0.5);
    expect(staleShare(model, 0, 2)).toBe(0);
  });
});

describe("the seeded random", () => {
  test("gives the same order for the same seed, and keeps every item", () => {
    const items = Array.from({ length: 50 }, (_, index) => index);
    const order = shuffled(items, createSeededRandom(3));
    expect(shuffled(items, createSeededRandom(3))).toEqual(order);
    expect(shuffled(items, createSeededRandom(4))).not.toEqual(order);
    expect([...order].sort((one, other) => one - other)).toEqual(items);
  });
});
