import { describe, expect, test } from "bun:test";
import { summarize } from "../../bench/load/statistics.ts";
import { judge } from "../../bench/quorum/figures.ts";
import { planSteps, type WriteStep } from "../../bench/quorum/plan.ts";
import { quorumRows, type Results, type Run } from "../../bench/quorum/results.ts";
import { binStaleReads } from "../../bench/quorum/stale-share.ts";
import { latenciesCsv, quorumCsv, seriesCsv } from "../../bench/quorum/tables.ts";
import { createSeededRandom } from "../../src/base/random.ts";

const setting = {
  followers: 5,
  minDelayMs: 0.1,
  maxDelayMs: 1,
  writes: 4,
  keys: 100,
  clients: 15,
  quorums: [1, 3, 5],
  repeats: 2,
  seed: 1,
};

function run(of: Partial<Run> & { latencies?: number[] }): Run {
  const latenciesMs = Float64Array.from(of.latencies ?? [1, 2, 3, 4]);
  return {
    series: "quorum",
    quorum: 1,
    repeat: 1,
    clients: 15,
    latenciesMs,
    statistics: summarize(latenciesMs),
    throughputPerSecond: 1000,
    success: latenciesMs.length,
    failures: 0,
    failureKinds: new Map(),
    acknowledgementsMean: 1,
    equal: true,
    ...of,
  };
}

function results(runs: Run[]): Results {
  return {
    setting,
    environment: new Map(),
    runs,
    staleReads: [],
    differences: undefined,
    interrupted: true,
  };
}

describe("the tables", () => {
  test("hold a row for each run of the analysis, the other series apart", () => {
    const some = results([
      run({}),
      run({ repeat: 2, latencies: [3, 5] }),
      run({ series: "few-clients", clients: 5 }),
    ]);
    expect(quorumCsv(some)).toBe(
      "quorum,repeat,mean_ms,p50_ms,p95_ms,p99_ms,max_ms,throughput_per_s,success,failures," +
        "acknowledgements_mean,nodes_equal\n" +
        "1,1,2.5000,2.5000,3.8500,3.9700,4.0000,1000.0,4,0,1.0000,true\n" +
        "1,2,4.0000,4.0000,4.9000,4.9800,5.0000,1000.0,2,0,1.0000,true\n",
    );
    expect(seriesCsv(some)).toContain("\nfew-clients,5,1,1,2.5000,");
    expect(latenciesCsv(some)).toBe(
      "quorum,repeat,latency_ms\n" +
        "1,1,1.0000\n1,1,2.0000\n1,1,3.0000\n1,1,4.0000\n1,2,3.0000\n1,2,5.0000\n",
    );
  });

  test("take a quorum's repeats together: mean of means, their spread, all percentiles", () => {
    const [row] = quorumRows(results([run({}), run({ latencies: [3, 5], failures: 2 })]), "quorum");
    expect(row?.meanMs).toBe(3.25);
    expect(row?.meanSpreadMs).toBe(0.75);
    expect(row?.pooled.count).toBe(6);
    expect(row?.pooled.p50).toBe(3);
    expect(row?.theoryMs).toBeCloseTo(0.25);
    expect(row?.failures).toBe(2);
  });

  test("stand a quorum of which every write failed", () => {
    const failed = run({ latencies: [], failures: 4, acknowledgementsMean: Number.NaN });
    expect(quorumCsv(results([failed]))).toContain("1,1,NaN,");
    expect(judge(results([failed])).map(({ verdict }) => verdict)).toContain("missed");
  });
});

describe("the figures", () => {
  const at = (quorum: number, latency: number, of: Partial<Run> = {}) =>
    run({ quorum, latencies: [latency], ...of });
  const verdicts = (runs: Run[]) => judge(results(runs)).map(({ verdict }) => verdict);

  test("are met where everything holds", () => {
    const few = { series: "few-clients", clients: 5 } as const;
    expect(
      verdicts([
        ...[at(1, 0.6), at(3, 0.8), at(5, 1.0)],
        ...[at(1, 0.4, few), at(5, 1.05, few)],
        at(3, 0.4, { series: "no-delay", clients: 20, throughputPerSecond: 44_000 }),
      ]),
    ).toEqual(["met", "met", "met", "met", "met"]);
  });

  test("are missed each for its own reason", () => {
    const few = { series: "few-clients", clients: 5 } as const;
    const failed = { failures: 1, failureKinds: new Map([["504 quorum_timeout", 1]]) };
    const missed = [
      ...[at(1, 0.8), at(3, 0.7, failed), at(5, 1.0)],
      at(1, 0.51, few),
      at(3, 1, { series: "no-delay", clients: 20, throughputPerSecond: 29_999 }),
    ];
    expect(verdicts(missed)).toEqual(["missed", "missed", "missed", "missed", "missed"]);
    const named = judge(results(missed)).map(({ measured }) => measured);
    expect(named[1]).toBe("+0.260 ms");
    expect(named[3]).toContain("1 failure (1 × 504 quorum_timeout)");
  });

  test("are missed where nodes differed after a run", () => {
    expect(verdicts([at(1, 0.5, { equal: false })])[3]).toBe("missed");
  });

  test("say so where nothing was measured", () => {
    expect(verdicts([])).toEqual(Array(5).fill("not measured"));
  });
});

describe("the plan", () => {
  const plan = (seed: number) =>
    planSteps({ ...setting, staleReads: 10 }, createSeededRandom(seed));
  const writes = (seed: number) =>
    plan(seed).filter((step): step is WriteStep => step.kind === "writes");

  test("measures every quorum once in each repeat, in another order for another seed", () => {
    const order = (seed: number) =>
      writes(seed)
        .filter((step) => step.series === "quorum")
        .map((step) => `${step.repeat}/${step.quorum}`);
    expect([...order(1)].sort()).toEqual(["1/1", "1/3", "1/5", "2/1", "2/3", "2/5"]);
    expect(order(1)).toEqual(order(1));
    const orders = new Set([1, 2, 3, 4, 5, 6].map((seed) => order(seed).join(" ")));
    expect(orders.size).toBeGreaterThan(1);
  });

  test("has the points with few clients and without delay too", () => {
    const steps = writes(1);
    expect(steps.filter((step) => step.series === "few-clients").length).toBe(6);
    const still = steps.filter((step) => step.series === "no-delay");
    expect(
      still.map(({ quorum, clients, maxDelayMs }) => ({ quorum, clients, maxDelayMs })),
    ).toEqual(Array(2).fill({ quorum: 3, clients: 20, maxDelayMs: 0 }));
  });

  test("leaves the stale reads out where none are asked for", () => {
    const steps = planSteps({ ...setting, staleReads: 0 }, createSeededRandom(1));
    expect(steps.some((step) => step.kind === "reads")).toBe(false);
  });
});

describe("the share of stale reads", () => {
  test("is counted by the time since the acknowledgement, with the Wilson interval", () => {
    const read = (sinceMs: number, stale: boolean) => ({ quorum: 1, sinceMs, stale });
    const bins = binStaleReads(
      [read(0.05, true), read(0.07, false), read(0.1, false), read(0.31, true), read(9, true)],
      { widthMs: 0.1, count: 5 },
    );
    expect(bins.map(({ reads, stale }) => ({ reads, stale }))).toEqual([
      { reads: 2, stale: 1 },
      { reads: 1, stale: 0 },
      { reads: 1, stale: 1 },
    ]);
    expect(bins[0]?.sinceMs).toBeCloseTo(0.06);
    expect(bins[0]?.share).toBe(0.5);
    // By hand for 1 of 2 at z = 1.96: 0.0945 to 0.9055.
    expect(bins[0]?.low).toBeCloseTo(0.0945, 3);
    expect(bins[0]?.high).toBeCloseTo(0.9055, 3);
    expect(bins[1]?.low).toBe(0);
    expect(bins[2]?.high).toBe(1);
  });
});
