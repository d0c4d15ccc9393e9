import { describe, expect, test } from "bun:test";
import { type AxisPoint, bytesPerKey, shownPoints } from "../../bench/growth/axis.ts";
import type { Run } from "../../bench/growth/group.ts";
import { PARTS, readOptions } from "../../bench/growth/options.ts";
import { batchesOf, expectedMs, loadOf, planAxis } from "../../bench/growth/plan.ts";
import { axisPlot } from "../../bench/growth/plot.ts";
import { readGrowth } from "../../bench/growth/redraw.ts";
import { figuresOf, pairRatios } from "../../bench/growth/results.ts";
import { slopesOf } from "../../bench/growth/slopes.ts";
import { growthRows, summaryMarkdown } from "../../bench/growth/tables.ts";

function run(of: Partial<Run>): Run {
  return {
    ...{ perSecond: 1_000, p50Ms: 1, p99Ms: 2, maxMs: 3, failures: 0, complaint: undefined },
    ...{ leaderMicros: 20, followerMicros: 4, driverMicros: 10 },
    ...{ leaderBytes: 2 ** 27, followerBytes: 2 ** 26 },
    ...of,
  };
}

function point(of: Partial<AxisPoint>): AxisPoint {
  const still = { at: 5, clients: 100, keys: 10_000, valueBytes: 100 };
  return { axis: "followers", ...still, runs: [run({})], ...of };
}

function options(...args: string[]) {
  const read = readOptions(args);
  if (read === undefined) throw new Error("help was not asked for");
  return read;
}

describe("the options of bench:growth", () => {
  test("are the whole extent unless told otherwise", () => {
    const whole = options();
    expect(whole.followers).toEqual([1, 2, 3, 5, 7, 10, 15]);
    expect(whole).toMatchObject({ storage: "memory", large: false, rounds: 4 });
    expect(options("--quick", "--rounds", "2")).toMatchObject({ rounds: 2, seconds: 1 });
  });

  test.each([
    [["--only", "followers,dta"], '--only "followers,dta": allowed is a list of followers, '],
    [["--storage", "tape"], '--storage "tape": allowed is memory or disk'],
    [["--followers", "31"], '--followers "31": allowed is a whole number from 1 to 30'],
  ])("%p is refused in one sentence", (args, sentence) => {
    expect(() => readOptions(args)).toThrow(sentence);
  });
});

describe("the plan", () => {
  test("compares 5 and 15 followers at 20 connections too, where both are there", () => {
    const clientsOf = (followers: string) =>
      planAxis("followers", options("--followers", followers)).map(({ points }) =>
        points.map(({ clients }) => clients),
      );
    expect(clientsOf("1,5,15")).toEqual([[100], [20, 100], [20, 100]]);
    expect(clientsOf("1,5")).toEqual([[100], [100]]);
  });

  test("has the groups with small values at the same time, large ones one after the other", () => {
    const batches = batchesOf("values", options("--value-bytes", "16,4096,16384,1048576"));
    const sizes = batches.map((batch) => batch.map(({ points }) => points[0]?.at));
    expect(sizes).toEqual([[16, 4_096], [16_384], [1_048_576]]);
  });

  test("takes a quarter of an hour", () => {
    const whole = options();
    const expected = PARTS.reduce((sum, part) => sum + expectedMs(part, whole), 0);
    expect(expected).toBeLessThan(15 * 60_000);
  });

  test("bounds what large values have under way and written", () => {
    expect(loadOf(100)).toEqual({ clients: 100, keys: 10_000, valueBytes: 100 });
    expect(loadOf(65_536)).toEqual({ clients: 64, keys: 1_024, valueBytes: 65_536 });
    expect(loadOf(2 ** 20)).toEqual({ clients: 4, keys: 64, valueBytes: 2 ** 20 - 2 });
  });
});

test("a slope is told in the unit of its axis, over all points and from each to the next", () => {
  const followers = [1, 2, 5].map((at) => {
    const micros = { leaderMicros: 10 + 3 * at, followerMicros: 4, driverMicros: 10 };
    return point({ at, runs: [run({ ...micros, perSecond: 1_000 / at })] });
  });
  const slopes = slopesOf(followers, "followers");
  expect(slopes?.overall.leader).toBeCloseTo(3);
  expect(slopes?.overall.follower).toBeCloseTo(0);
  expect(slopes?.steps.map(({ from, to }) => [from, to])).toEqual([
    [1, 2],
    [2, 5],
  ]);
  expect(slopes?.steps[1]).toMatchObject({ rateRatio: 0.4 });
  const data = [1_000, 100_000].map((keys, index) =>
    point({ axis: "data", at: keys, runs: [run({ leaderMicros: 20 + 5 * index })] }),
  );
  expect(slopesOf(data, "data")?.overall.leader).toBeCloseTo(2.5);
  expect(slopesOf(followers, "values")).toBeUndefined();
});

test("memory per key is what a filled group takes above one that has worked", () => {
  const memory = {
    empty: { leaderBytes: 1e8, followerBytes: 8e7 },
    filled: { leaderBytes: 4e8, followerBytes: 2.8e8 },
  };
  const filled = point({ axis: "data", keys: 1_000_000, memory });
  expect(bytesPerKey(filled)).toEqual({ leaderBytes: 300, followerBytes: 200 });
  // A few keys are lost in what a process takes more or less.
  expect(bytesPerKey({ ...filled, keys: 1_000 })).toBeUndefined();
  const redis = [{ keys: 1_000_000, valueBytes: 100, bytesPerKey: 200 }];
  const base = { environment: new Map(), checks: [], leftOut: [] };
  const figures = figuresOf({ ...base, axes: [filled], redis });
  expect(figures.find(({ name }) => name === "leader / Redis")?.value).toBeCloseTo(1.5);
});

test("15 followers are compared with 5 round by round, and judged by the median", () => {
  const rates = (at: number, clients: number, ...perSecond: number[]) =>
    point({ at, clients, runs: perSecond.map((each) => run({ perSecond: each })) });
  const axes = [rates(5, 20, 100, 200, 400), rates(15, 20, 50, 120, 160), rates(5, 100, 100)];
  expect(pairRatios(axes, 20, ({ perSecond }) => perSecond)).toEqual([0.5, 0.6, 0.4]);
  expect(pairRatios(axes, 100, ({ perSecond }) => perSecond)).toEqual([]);
  expect(shownPoints(axes, "followers").map(({ clients }) => clients)).toEqual([100]);
  const base = { environment: new Map(), checks: [], leftOut: [], redis: [] };
  const figures = figuresOf({ ...base, axes });
  expect(figures[0]).toMatchObject({ value: 0.5, atLeast: 0.45 });
  // Leader 20, driver 10 and 4 for each follower: 50 µs beside 90.
  expect(figures[3]?.value).toBeCloseTo(50 / 90);
  expect(summaryMarkdown({ ...base, axes }, { plots: ["followers"], bends: false })).toContain(
    "![followers](followers.png)",
  );
});

test("the plots of a former run are drawn from its growth.csv as they were", () => {
  const bytes = (each: number) => ({ leaderBytes: each, followerBytes: each / 2 });
  const memory = { empty: bytes(1e8), filled: bytes(4e8) };
  const axes = [
    point({ at: 5, runs: [run({ perSecond: 900 }), run({ failures: 3 })] }),
    point({ at: 15, clients: 20 }),
    point({ axis: "data", at: 1_000, keys: 1_000 }),
    point({ axis: "data", at: 1_000_000, keys: 1_000_000, memory }),
  ];
  const redis = [1_000, 1_000_000].map((keys) => ({ keys, valueBytes: 100, bytesPerKey: 200 }));
  const text = growthRows(axes, redis)
    .map((row) => row.join(","))
    .join("\n");
  const former = readGrowth(text);
  expect(former.axes.map(({ runs }) => runs.length)).toEqual([2, 1, 1, 1]);
  // What a thousand keys take of Redis is lost in what a process takes.
  expect(former.redis).toEqual([{ keys: 1_000_000, valueBytes: 100, bytesPerKey: 200 }]);
  for (const axis of ["followers", "data"] as const) {
    const drawn = JSON.stringify(axisPlot(axis, former.axes, former.redis));
    expect(drawn).toBe(JSON.stringify(axisPlot(axis, axes, redis)));
  }
});
