/** A short run of `bun run torture`, and a check that it would find what it looks for. */
import { expect, test } from "bun:test";
import { createSeededRandom } from "../../../src/base/random.ts";
import { temporaryDirectories } from "../../support/temporary-directory.ts";
import { readOptions, UsageError } from "./options.ts";
import { describePlan, drawPlans, type RoundPlan } from "./plan.ts";
import { Tally } from "./tally.ts";
import { TorturedGroup } from "./tortured-group.ts";

const newDirectory = temporaryDirectories();

const RETURNS: RoundPlan = { victim: "leader", end: "returns", beside: "nothing" };
const FOLLOWER_RETURNS: RoundPlan = { victim: "follower", end: "returns", beside: "nothing" };
const REPLACED: RoundPlan = { victim: "leader", end: "is replaced", beside: "nothing" };
const ALL_SIX: RoundPlan = { victim: "leader", end: "falls with everybody", beside: "nothing" };

/** What was found in these rounds, with the counts. */
async function torment(durable: boolean, plans: readonly RoundPlan[]) {
  const tally = new Tally();
  const random = createSeededRandom(Math.floor(Math.random() * 2 ** 31));
  const directory = newDirectory();
  const group = new TorturedGroup({ directory, durable, random, tally, disk: undefined });
  const found: string[] = [];
  try {
    await group.start();
    for (const plan of plans) {
      const wrong = await group.round(plan);
      found.push(...wrong.map((sentence) => `${describePlan(plan)}: ${sentence}`));
    }
  } finally {
    await group.end(true);
  }
  return { found, tally };
}

test("a group with disks keeps its word: leader dies, all six die, one is promoted", async () => {
  const { found, tally } = await torment(true, [RETURNS, ALL_SIX, REPLACED]);
  expect(found).toEqual([]);
  expect(tally.leaderKills).toBe(3);
  expect(tally.promotions).toBe(1);
  expect(tally.takeovers).toBeGreaterThanOrEqual(4);
  expect(tally.acknowledged).toBeGreaterThan(100);
  expect(tally.reads).toBeGreaterThan(100);
}, 60_000);

test("a group in memory keeps its word: its leader and a follower lose their memory", async () => {
  const { found, tally } = await torment(false, [
    { victim: "leader", end: "falls with a follower", beside: "nothing" },
  ]);
  expect(found).toEqual([]);
  expect(tally.acknowledged).toBeGreaterThan(50);
}, 60_000);

test("a group in memory that loses all memories at once is found out", async () => {
  // Nobody writes the keys of the first round anew.
  const { found, tally } = await torment(false, [FOLLOWER_RETURNS, ALL_SIX]);
  expect(tally.lost).toBeGreaterThan(0);
  expect(found.join("\n")).toContain("was acknowledged, (absent)");
}, 60_000);

test("every second round kills the leader, and the same seed plans the same", () => {
  const draw = () => {
    const next = drawPlans(createSeededRandom(7), { durable: true, fillable: true });
    return Array.from({ length: 60 }, () => next());
  };
  const plans = draw();
  expect(plans).toEqual(draw());
  expect(plans.filter(({ victim }) => victim === "leader")).toHaveLength(30);
  expect(new Set(plans.map(({ victim, end }) => `${victim} ${end}`)).size).toBe(11);
  expect(new Set(plans.map(({ beside }) => beside)).size).toBe(5);
});

test("memory mode is spared what it does not promise to survive", () => {
  const next = drawPlans(createSeededRandom(7), { durable: false, fillable: false });
  const plans = Array.from({ length: 60 }, () => next());
  const ends = new Set<string>(plans.flatMap(({ end, beside }) => [end, beside]));
  for (const spared of ["falls with everybody", "loses its disk", "a disk is full"]) {
    expect(ends.has(spared)).toBe(false);
  }
});

test("the options of bun run torture are read strictly", () => {
  expect(readOptions(["--rounds", "3", "--seed", "4", "--mode", "disk"])).toEqual({
    ...{ rounds: 3, seed: 4, mode: "disk", partitioned: false },
  });
  expect(readOptions(["--partitioned"])).toMatchObject({ rounds: 200, partitioned: true });
  expect(() => readOptions(["--partitioned", "--mode", "memory"])).toThrow(UsageError);
  expect(() => readOptions(["--rounds", "none"])).toThrow(UsageError);
  expect(() => readOptions(["--mode", "tape"])).toThrow(UsageError);
});
