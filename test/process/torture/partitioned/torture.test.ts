/** A short run with a cluster, and a check that it would find what it looks for. */
import { describe, expect, test } from "bun:test";
import { createSeededRandom } from "../../../../src/base/random.ts";
import type { Answered } from "../../../linearizability/recorder.ts";
import { FAST_ROOT, temporaryDirectories } from "../../../support/temporary-directory.ts";
import { Acknowledgers } from "./acknowledgers.ts";
import type { ClusterStatus, PartitionView } from "./crew.ts";
import { idealOf, misplaced } from "./placing.ts";
import { drawPlans, GENTLE, isCalm, ROUGH, type RoundPlan } from "./plan.ts";
import { ClusterTally } from "./tally.ts";
import { TorturedCluster } from "./tortured-cluster.ts";

const newDirectory = temporaryDirectories(FAST_ROOT);

/** What was found in these rounds, with the counts; `between` is done before the last one. */
async function torment(
  plans: readonly RoundPlan[],
  between: (cluster: TorturedCluster) => Promise<void> = async () => {},
) {
  const tally = new ClusterTally();
  const random = createSeededRandom(Math.floor(Math.random() * 2 ** 31));
  const settings = {
    partitions: 8,
    replicas: 3,
    writeQuorum: 2,
    ballast: false,
    durable: true,
    env: {},
  };
  const directory = newDirectory();
  const cluster = new TorturedCluster({ directory, random, tally, disk: undefined, settings });
  const found: string[] = [];
  try {
    await cluster.start();
    for (const [index, plan] of plans.entries()) {
      if (index === plans.length - 1) await between(cluster);
      found.push(...(await cluster.round(plan)));
    }
  } finally {
    await cluster.end(true);
  }
  return { found, tally };
}

test("a cluster keeps its word: two workers die, one leaves, one loses its directory", async () => {
  const { found, tally } = await torment([
    ["two workers are killed"],
    ["a worker is told to stop", "a worker loses its directory"],
  ]);
  expect(found).toEqual([]);
  expect(tally.workerKills).toBe(3);
  expect(tally.generations).toBeGreaterThan(0);
  expect(tally.acknowledged).toBeGreaterThan(100);
  expect(tally.reads).toBeGreaterThan(100);
}, 60_000);

test("a cluster in which somebody secretly removes keys is found out", async () => {
  const plan = ["the controller is killed"] as const;
  const { found, tally } = await torment([plan, plan], async ({ crew }) => {
    for (let index = 0; index < 24; index++) {
      await crew.regular[0]?.ask("DELETE", `/kv/round1-${index}`);
    }
  });
  expect(tally.lost).toBeGreaterThan(10);
  expect(found.join("\n")).toContain("was acknowledged, (absent)");
}, 60_000);

test("everything comes before it comes again, and the same seed plans the same", () => {
  const draw = () => {
    const next = drawPlans(createSeededRandom(7), { fillable: true, durable: true });
    return Array.from({ length: 39 }, () => next());
  };
  const plans = draw();
  expect(plans).toEqual(draw());
  expect(new Set(plans.flat())).toEqual(new Set([...ROUGH, ...GENTLE]));
  expect(plans.some((plan) => plan.length === 2)).toBe(true);
  for (const plan of plans.filter(({ length }) => length === 2)) {
    expect([isCalm(plan), plan[0] === plan[1]]).toEqual([false, false]);
  }
});

test("without disks only one memory is lost at once", () => {
  const next = drawPlans(createSeededRandom(7), { fillable: false, durable: false });
  const plans = Array.from({ length: 40 }, () => next());
  expect(plans.every(({ length }) => length === 1)).toBe(true);
  for (const spared of ["two workers are killed", "a power cut", "a disk is full"] as const) {
    expect(plans.flat()).not.toContain(spared);
  }
});

describe("who acknowledges", () => {
  const answer = (node: string, version: string, value: string): Answered => {
    const times = { invokedAtMs: 1, returnedAtMs: 2 };
    const operation = { client: 1, key: "a", kind: "write", value, outcome: "ok" } as const;
    return { operation: { ...operation, ...times }, status: 200, body: bodyOf(node, version) };
  };
  const bodyOf = (node: string, version: string) => JSON.stringify({ node, version });

  test("is one worker in each generation, and each version is given once", () => {
    const acknowledgers = new Acknowledgers(1);
    expect(acknowledgers.note(answer("w1", "1.1", "x"))).toBeUndefined();
    expect(acknowledgers.note(answer("w2", "2.2", "y"))).toBeUndefined();
    expect(acknowledgers.note(answer("w2", "2.2", "z"))).toContain("two writes of version 2.2");
    expect(acknowledgers.note(answer("w2", "1.3", "z"))).toContain("w1 and w2");
  });
});

describe("where copies should be", () => {
  const up = ["w1", "w2", "w3", "w4"];
  const expected = { up, replicas: 2, partitions: 1 };
  const [first = "", second = "", third = ""] = idealOf(0, up, 3);

  const statusWith = (primary: string, replica: string, state = "ok"): ClusterStatus => {
    const member = { state: "synced", role: "replica" } as const;
    const members: PartitionView["members"] = [
      { ...member, id: primary, role: "primary" },
      { ...member, id: replica },
      { ...member, id: third, role: "away" },
    ];
    const workers = up.map((id) => {
      return { id, status: "up", partitions: 1, primaries: 0 } as const;
    });
    const partitions = [{ partition: 0, generation: 1, primary, members, state }];
    return { mapVersion: 1, workers, partitions, moving: [] };
  };

  test("is at the best workers, led by the best of them", () => {
    expect(misplaced(statusWith(first, second), expected)).toBeUndefined();
    expect(misplaced(statusWith(second, first), expected)).toContain(`and not ${first}`);
    expect(misplaced(statusWith(first, third), expected)).toContain("should be at");
    expect(misplaced(statusWith(first, second, "moving"), expected)).toContain("moving");
    const missing = { ...expected, up: up.slice(1) };
    expect(misplaced(statusWith(first, second), missing)).toContain("should be w2, w3, w4");
  });

  test("changes only where the worker that comes or goes is among the best", () => {
    for (let partition = 0; partition < 64; partition++) {
      const before = idealOf(partition, up, 3);
      const after = idealOf(partition, up.slice(1), 3);
      expect(after.filter((id) => !before.includes(id)).length).toBe(before.includes("w1") ? 1 : 0);
    }
  });
});
