/** The latencies of the last writes: runs under equal conditions, numbers, and the chart. */
import { describe, expect, test } from "bun:test";
import { latencyChart, niceMax } from "../../../src/ui/latency-chart.ts";
import { addSample, quantile, SAMPLES_MAX, type Sample, toRuns } from "../../../src/ui/samples.ts";
import { findAll } from "../../../src/ui/tree.ts";
import { writesBetween } from "../../../src/ui/write-clock.ts";

const sample = (required: number, ms: number, network = "no delay"): Sample => {
  return { required, ms, network, writes: 1 };
};

describe("runs", () => {
  test("end where the quorum or the network changes, and begin anew when it is as before", () => {
    const samples = [sample(1, 1), sample(1, 2), sample(2, 3), sample(1, 4), sample(1, 5, "1ms")];
    expect(toRuns(samples).map(({ from, required, ms }) => [from, required, ms])).toEqual([
      [0, 1, [1, 2]],
      [2, 2, [3]],
      [3, 1, [4]],
      [4, 1, [5]],
    ]);
  });

  test("count the writes that their samples stand for", () => {
    expect(toRuns([sample(1, 1), { ...sample(1, 2), writes: 500 }])[0]?.writes).toBe(501);
  });

  test("only the last samples are kept", () => {
    let samples: readonly Sample[] = [];
    for (let ms = 0; ms < SAMPLES_MAX + 10; ms++) samples = addSample(samples, sample(1, ms));
    expect(samples).toHaveLength(SAMPLES_MAX);
    expect(samples[0]?.ms).toBe(10);
  });
});

test.each([
  [[], 0.5, 0],
  [[3], 0.95, 3],
  [[5, 1, 3], 0.5, 3],
  [[4, 3, 2, 1], 1, 4],
])("of %p the quantile %p is %p", (numbers, share, expected) => {
  expect(quantile(numbers, share)).toBe(expected);
});

test.each([
  [0, 1],
  [0.37, 0.5],
  [1, 1],
  [7.2, 10],
  [110, 200],
])("an axis for %p ms ends at %p ms", (ms, expected) => {
  expect(niceMax(ms)).toBeCloseTo(expected, 9);
});

describe("the chart", () => {
  test("has a dot for each write and a line for each run, and says the medians in words", () => {
    const samples = [sample(1, 1), sample(1, 3), sample(1, 2), sample(3, 8)];
    const chart = latencyChart(samples, 600);
    const dots = findAll(chart, ({ attributes }) => attributes.class === "chart-dots");
    expect(dots.map(({ attributes }) => attributes.d?.match(/M/g)?.length)).toEqual([3, 1]);
    expect(findAll(chart, ({ attributes }) => attributes.class === "chart-median")).toHaveLength(2);
    expect(chart.attributes["aria-label"]).toBe(
      "Latency of the last writes. quorum 1: median 2.0 ms; quorum 3: median 8.0 ms.",
    );
  });

  test("a write far above the others stays inside", () => {
    const usual = Array.from({ length: 99 }, () => sample(1, 1));
    const chart = latencyChart([...usual, sample(1, 5_000)], 600);
    const [dots] = findAll(chart, ({ attributes }) => attributes.class === "chart-dots");
    const heights = [...(dots?.attributes.d ?? "").matchAll(/M\S+ (\S+)h0/g)].map((match) => {
      return Number(match[1]);
    });
    expect(heights).toHaveLength(100);
    expect(Math.min(...heights)).toBeGreaterThanOrEqual(0);
    expect(new Set(heights).size).toBe(2);
  });
});

describe("writes between two readings of the node's clock", () => {
  const at = (writes: number, totalMs: number) => ({ writes, totalMs });

  test.each([
    [at(10, 50), at(12, 60), { writes: 2, meanMs: 5 }],
    [at(10, 50), at(10, 50), undefined],
    [undefined, at(10, 50), undefined],
    [at(10, 50), undefined, undefined],
    // The node was started anew.
    [at(10, 50), at(1, 3), undefined],
  ])("%j and %j are %j", (before, after, expected) => {
    expect(writesBetween(before, after)).toEqual(expected as typeof expected & object);
  });
});
