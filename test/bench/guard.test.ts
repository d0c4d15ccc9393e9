import { describe, expect, test } from "bun:test";
import { mean, sampleStandardDeviation } from "simple-statistics";
import { readOptions } from "../../bench/guard/options.ts";
import { parsePoints } from "../../bench/guard/point.ts";
import { judgeRatios } from "../../bench/guard/ratio.ts";
import { studentT } from "../../bench/guard/student.ts";
import { createSeededRandom, type Random } from "../../src/base/random.ts";

describe("Student's t is as in the tables", () => {
  test.each([
    [0.95, 1, 12.706],
    [0.95, 2, 4.303],
    [0.95, 5, 2.571],
    [0.95, 10, 2.228],
    [0.95, 19, 2.093],
    [0.99, 4, 4.604],
    [0.99, 30, 2.75],
    [0.998, 9, 4.297],
    [0.95, 1000, 1.962],
  ])("probability %p, %p degrees of freedom", (probability, freedom, expected) => {
    expect(studentT(probability, freedom)).toBeCloseTo(expected, 3);
  });

  test("without a degree of freedom nothing is certain", () => {
    expect(studentT(0.95, 0)).toBe(Number.POSITIVE_INFINITY);
  });
});

/** Twelve of them have the mean and the spread of a normal variable, roughly. */
function normal(random: Random): number {
  return Array.from({ length: 12 }, () => random.next()).reduce((sum, each) => sum + each, -6);
}

function ratiosOf(of: { middle: number; spread: number; pairs: number; seed: number }): number[] {
  const random = createSeededRandom(of.seed);
  return Array.from({ length: of.pairs }, () => of.middle * Math.exp(of.spread * normal(random)));
}

const throughput = { moreIsFaster: true, together: 1 };

describe("the judgement of paired ratios", () => {
  test("a ratio and its inverse are judged alike", () => {
    const ratios = [0.7, 0.8, 0.9, 1.1];
    const seen = judgeRatios(ratios, throughput);
    const turned = judgeRatios(
      ratios.map((ratio) => 1 / ratio),
      throughput,
    );
    expect(turned.ratio).toBeCloseTo(1 / seen.ratio, 12);
    expect(turned.low).toBeCloseTo(1 / seen.high, 12);
  });

  test("the interval is the mean of the logarithms and t times its standard error", () => {
    const ratios = [1.02, 0.97, 1.05, 1.01];
    const logs = ratios.map(Math.log);
    const half = (3.18245 * sampleStandardDeviation(logs)) / 2;
    const { ratio, low, high } = judgeRatios(ratios, throughput);
    expect(ratio).toBeCloseTo(Math.exp(mean(logs)), 12);
    expect(low).toBeCloseTo(Math.exp(mean(logs) - half), 5);
    expect(high).toBeCloseTo(Math.exp(mean(logs) + half), 5);
  });

  test("the 95 % interval holds the true ratio in 95 of 100 runs", () => {
    const runs = Array.from({ length: 2_000 }, (_, seed) =>
      judgeRatios(ratiosOf({ middle: 1.1, spread: 0.05, pairs: 8, seed }), throughput),
    );
    const held = runs.filter(({ low, high }) => low <= 1.1 && 1.1 <= high).length;
    expect(held / runs.length).toBeGreaterThan(0.935);
    expect(held / runs.length).toBeLessThan(0.965);
  });

  test("twelve judgements of equal builds call one of them different in 5 of 100 runs", () => {
    const runs = Array.from({ length: 100 }, (_, run) =>
      Array.from({ length: 12 }, (_, line) =>
        judgeRatios(ratiosOf({ middle: 1, spread: 0.2, pairs: 20, seed: run * 12 + line }), {
          moreIsFaster: true,
          together: 12,
        }),
      ),
    );
    const wrong = runs.filter((lines) =>
      lines.some(({ verdict }) => verdict === "faster" || verdict === "slower"),
    );
    expect(wrong.length / runs.length).toBeLessThan(0.1);
  });

  test("what lies within three percent is equal, and what is a tenth away is not", () => {
    const equal = ratiosOf({ middle: 1.01, spread: 0.02, pairs: 20, seed: 1 });
    expect(judgeRatios(equal, throughput).verdict).toBe("equal");
    const faster = ratiosOf({ middle: 1.1, spread: 0.02, pairs: 20, seed: 1 });
    expect(judgeRatios(faster, throughput).verdict).toBe("faster");
    const latency = { moreIsFaster: false, together: 1 };
    expect(judgeRatios(faster, latency).verdict).toBe("slower");
  });

  test("where it is not decided, so many pairs more do decide it", () => {
    const ratios = ratiosOf({ middle: 1.05, spread: 0.15, pairs: 10, seed: 3 });
    const seen = judgeRatios(ratios, throughput);
    expect(seen.verdict).toBe("undecided");
    const again = Math.ceil((seen.pairs + seen.morePairs) / seen.pairs);
    const more = Array.from({ length: again }, () => ratios).flat();
    expect(judgeRatios(more, throughput).verdict).not.toBe("undecided");
  });

  test("one pair decides nothing", () => {
    expect(judgeRatios([0.5], throughput)).toMatchObject({ verdict: "undecided", morePairs: 1 });
  });
});

describe("the guard's options", () => {
  test("points are a kind of load and a number of connections", () => {
    expect(parsePoints("writes-20, reads-100")).toEqual([
      { kind: "writes", connections: 20 },
      { kind: "reads", connections: 100 },
    ]);
  });

  test.each([
    ["writes", /--points "writes": allowed is a list such as writes-20/],
    ["scans-20", /allowed is a list/],
    ["writes-0", /allowed is a list/],
  ])("the point %p is refused in one sentence", (points, sentence) => {
    expect(() => readOptions(["--points", points])).toThrow(sentence);
  });

  test("two things to compare with are one too many", () => {
    const args = ["--against", "HEAD~3", "--against-executable", "dist/kvnode"];
    expect(() => readOptions(args)).toThrow(/give one of them/);
  });
});
