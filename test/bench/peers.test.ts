import { describe, expect, test } from "bun:test";
import { CONTESTANTS, type Name } from "../../bench/peers/contestants.ts";
import { readOptions } from "../../bench/peers/options.ts";
import { installLines, NEEDS } from "../../bench/peers/packages.ts";
import { isBase, planOf, pointsOf } from "../../bench/peers/plan.ts";
import { ratioAt } from "../../bench/peers/ratios.ts";
import type { Results, Run } from "../../bench/peers/results.ts";
import { summaryMarkdown } from "../../bench/peers/summary.ts";
import { isWithin, judge } from "../../bench/peers/wanted.ts";

const WRITES_20 = { load: "writes", quorum: 3, connections: 20, valueBytes: 100 } as const;

/** A run of which only a few numbers matter. */
function runOf(name: Name, round: number, perSecond: number, own: Partial<Run> = {}): Run {
  const contestant = CONTESTANTS.find((each) => each.name === name)!;
  const latency = { p50: 1, p99: 2 } as Run["load"]["writes"];
  const load = {
    ...{ served: 100, servedPerSecond: perSecond, writes: latency, reads: latency },
    failures: {},
  } as unknown as Run["load"];
  return {
    ...{ contestant, round, point: WRITES_20, load, systemMicros: 10, driverMicros: 5 },
    ...{ driverShare: 0.5, idleShare: 0, limitShare: undefined, ...own },
  };
}

function resultsOf(runs: readonly Run[], memory: Results["memory"] = []): Results {
  return { environment: new Map(), missing: [], limits: [], runs, memory };
}

describe("the plan", () => {
  const options = readOptions(["--seed", "7"])!;

  test("is the same for the same seed, and another for another", () => {
    const names = (seed: number) =>
      planOf({ ...options, seed }).map(({ contestant, point, round }) => {
        return [contestant.name, ...Object.values(point), round].join(" ");
      });
    expect(names(7)).toEqual(names(7));
    expect(names(8)).not.toEqual(names(7));
    expect(names(8).sort()).toEqual(names(7).sort());
  });

  test("goes along one axis at a time from the base point", () => {
    const points = pointsOf(options);
    for (const point of points) {
      const away = [
        point.load !== "writes",
        point.quorum !== 3,
        point.valueBytes !== 100,
        ![20, 100].includes(point.connections),
      ];
      expect(away.filter(Boolean).length).toBeLessThanOrEqual(1);
    }
    expect(new Set(points.map((point) => JSON.stringify(point))).size).toBe(points.length);
  });

  test("asks all contestants of a point one behind the other", () => {
    const plan = planOf(options);
    const turns = plan.map(({ point, round }) => JSON.stringify([point, round]));
    const changes = turns.filter((turn, index) => turn !== turns[index - 1]);
    expect(changes.length).toBe(new Set(turns).size);
  });

  test("gives the figures' points more rounds than the others", () => {
    const rounds = (base: boolean) => {
      return planOf(options)
        .filter(({ point }) => isBase(point) === base)
        .map((each) => each.round);
    };
    expect(Math.max(...rounds(true))).toBe(4);
    expect(Math.max(...rounds(false))).toBe(2);
  });
});

describe("a ratio", () => {
  const pair = { ours: "kvnode-memory", theirs: "redis" } as const;

  test("is taken within a round, and its median over the rounds", () => {
    const results = resultsOf([
      ...[runOf("kvnode-memory", 0, 100), runOf("redis", 0, 50)],
      ...[runOf("redis", 1, 300), runOf("kvnode-memory", 1, 300)],
      ...[runOf("kvnode-memory", 2, 30), runOf("redis", 2, 10)],
    ]);
    expect(ratioAt(results, pair, WRITES_20, "rate")).toEqual({
      ...{ median: 2, min: 1, max: 3, rounds: 3 },
    });
  });

  test("leaves out a round that has only one side", () => {
    const results = resultsOf([runOf("kvnode-memory", 0, 100), runOf("redis", 1, 50)]);
    expect(ratioAt(results, pair, WRITES_20, "rate")).toBeUndefined();
  });

  test("of what is wanted says where the driver may have been the limit", () => {
    const [first] = judge(
      resultsOf([runOf("kvnode-memory", 0, 100, { limitShare: 0.95 }), runOf("redis", 0, 100)]),
    );
    expect(first?.atLimit).toBe(true);
    expect(isWithin(first!, first!.bound)).toBe(true);
    expect(isWithin(first!, first!.aim)).toBe(false);
  });

  test("of a time is met where it is small", () => {
    const of = { keys: 1000, before: [], after: [] };
    const memory = [
      { ...of, system: "kvnode-memory", leaderBytes: 300, followerBytes: 500 },
      { ...of, system: "redis", leaderBytes: 200, followerBytes: 200 },
    ] as const;
    const judged = judge(resultsOf([], memory));
    expect(judged.map((each) => isWithin(each, each.bound))).toEqual([true, false]);
  });
});

describe("the page", () => {
  test("says who was left out and what the others took, and shows each table that has rows", () => {
    const runs = [runOf("kvnode-memory", 0, 150, { idleShare: 0.12 }), runOf("redis", 0, 100)];
    const missing = ["etcd-5 is left out: it needs etcd-server."];
    const page = summaryMarkdown({ ...resultsOf(runs), missing }, ["throughput"]);
    expect(page).toContain(`- ${missing[0]}`);
    expect(page).toContain("took, heartbeats and timers, 6 % of one core");
    expect(page).toContain("| ≥ 1 | ≥ 1.5 | 1.5 | 1.5–1.5 | yes, and the aim |");
    expect(page).not.toContain("## Memory per key");
  });
});

describe("the packages", () => {
  test("are named in one line, and the services that Debian starts in another", () => {
    const lines = installLines([NEEDS.redis, NEEDS.flask]).split("\n");
    expect(lines[0]).toEndWith("redis-server python3-flask python3-requests");
    expect(lines.at(-1)).toBe("sudo systemctl disable --now redis-server");
  });

  test("need nothing where all are there", () => {
    expect(installLines([])).toStartWith("#");
  });
});

describe("the options", () => {
  test("take a list of systems and refuse an unknown one with what is allowed", () => {
    expect(readOptions(["--systems", "redis,etcd-5"])?.systems).toEqual(["redis", "etcd-5"]);
    expect(() => readOptions(["--systems", "mysql"])).toThrow(/--systems "mysql": allowed is/);
  });

  test("refuse so few keys that what one takes can't be told", () => {
    expect(() => readOptions(["--memory-keys", "5000"])).toThrow(/allowed is 0 or a whole number/);
    expect(readOptions(["--memory-keys", "0"])?.memoryKeys).toBe(0);
  });

  test("let a given number stand beside --quick", () => {
    expect(readOptions(["--quick", "--rounds", "9"])?.rounds).toBe(9);
    expect(readOptions(["--quick"])?.rounds).toBeLessThan(readOptions([])!.rounds);
  });
});
