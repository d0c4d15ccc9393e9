/** A leader and its followers under random schedules; group-world.ts says what is checked. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { GroupWorld, type Sabotage } from "./group-world.ts";

const FOLLOWERS = 3;
/** Few, so that overwriting is the rule. */
const KEYS = ["a", "b", "c", "d"];

interface Step {
  readonly kind: keyof typeof WEIGHTS;
  readonly follower: number;
  readonly pick: number;
}

/** How often each kind of step comes. */
const WEIGHTS = {
  write: 10,
  remove: 4,
  endTurn: 8,
  letGo: 12,
  letGoTwice: 3,
  takeIn: 20,
  say: 12,
  hear: 12,
  hearAndBreathe: 5,
  beat: 4,
  cut: 2,
  restartBlank: 1,
  greet: 3,
  join: 3,
  connect: 3,
  settle: 3,
  fallBehind: 1,
} as const;

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.oneof(
    ...Object.entries(WEIGHTS).map(([kind, weight]) => ({
      weight,
      arbitrary: fc.constant(kind as Step["kind"]),
    })),
  ),
  follower: fc.nat(FOLLOWERS - 1),
  pick: fc.nat(60),
});

const schedule = fc.record({
  writeQuorum: fc.nat(FOLLOWERS),
  steps: fc.array(step, { minLength: 1, maxLength: 500, size: "max" }),
});

/** What each kind of step does. */
const STEPS: Record<keyof typeof WEIGHTS, (world: GroupWorld, step: Step) => void> = {
  write: (world, { pick }) => world.write(keyOf(pick), String(pick)),
  remove: (world, { pick }) => world.write(keyOf(pick), undefined),
  endTurn: (world) => world.endTurn(),
  letGo: (world, { follower, pick }) => world.letGo(follower, pick, false),
  letGoTwice: (world, { follower, pick }) => world.letGo(follower, pick, true),
  takeIn: (world, { follower }) => world.takeIn(follower),
  say: (world, { follower }) => world.say(follower),
  hear: (world, { follower }) => world.hear(follower, false),
  hearAndBreathe: (world, { follower }) => world.hear(follower, true),
  beat: (world) => world.beat(),
  cut: (world, { follower }) => world.cut(follower),
  restartBlank: (world, { follower }) => world.restartBlank(follower),
  greet: (world, { follower }) => world.greet(follower),
  join: (world, { follower }) => world.join(follower),
  connect: (world, { follower }) => world.connect(follower),
  settle: (world, { follower }) => world.settle(follower),
  fallBehind: (world, { follower }) => world.fallBehind(follower),
};

function keyOf(pick: number): string {
  return KEYS[pick % KEYS.length] as string;
}

/** Runs schedules until one breaks a check; `sabotage` builds a fault in. */
function explore(runs: number, sabotage: Sabotage = {}, seed?: number) {
  const property = fc.property(schedule, ({ writeQuorum, steps }) => {
    const world = new GroupWorld({ followers: FOLLOWERS, writeQuorum, sabotage });
    for (const each of steps) {
      STEPS[each.kind](world, each);
    }
    world.heal();
  });
  return fc.check(property, { numRuns: runs, ...(seed === undefined ? {} : { seed }) });
}

describe("a leader and its followers", () => {
  test("keep every promise in every schedule, and end equal", () => {
    const found = explore(Number(process.env.SCHEDULES ?? 300));
    if (found.failed) {
      throw new Error(fc.defaultReportMessage(found) ?? "a schedule broke a promise");
    }
  });
});

describe("the checks find", () => {
  const faults: readonly [string, RegExp, Sabotage][] = [
    [
      "a watermark that jumps before the live entries of the catch-up are there",
      /^(covers|acknowledges)/,
      { page: (page) => ({ ...page, needs: page.upTo }) },
    ],
    [
      "the highest sequence seen that passes for a watermark",
      /^acknowledges/,
      { said: (said) => ({ ...said, watermark: Math.max(said.watermark, ...said.above) }) },
    ],
    [
      "an acknowledgement of a follower that is not synced",
      /^(acknowledges|ends)/,
      { said: (said) => ({ ...said, synced: true, watermark: said.pagedTo }) },
    ],
    [
      "a tombstone that goes once the quorum has it",
      /^(covers|rises|ends)/,
      { news: (news, leader) => ({ ...news, stableWatermark: leader.commitWatermark }) },
    ],
    [
      "a page that leaves one entry out",
      /^(covers|acknowledges)/,
      { page: (page) => ({ ...page, entries: page.entries.slice(1) }) },
    ],
  ];

  test.each(faults)("%s", (_, check, sabotage) => {
    const found = explore(2_000, sabotage, 7);
    const error = found.errorInstance;
    expect(error).toBeInstanceOf(Error);
    expect((error as Error).message).toMatch(check);
  });

  test("copies of a lost connection that come on the next", () => {
    expect(() => lateCopy(new GroupWorld(late)).heal()).not.toThrow();
    const sabotaged = new GroupWorld({ ...late, sabotage: { keepsOldCopies: true } });
    expect(() => lateCopy(sabotaged).heal()).toThrow(/^(covers|ends)/);
  });
});

const late = { followers: 1, writeQuorum: 1 };

/**
 * A copy of a removed key stays in the network while its tombstone is forgotten and the follower
 * loses its memory; it comes between two pages of the catch-up.
 */
function lateCopy(world: GroupWorld): GroupWorld {
  const exchange = () => {
    world.takeIn(0);
    world.say(0);
    world.hear(0, true);
  };
  world.connect(0);
  world.settle(0);
  world.write("late", "1");
  world.endTurn();
  world.letGo(0, 0, true);
  world.write("late", undefined);
  for (const key of ["a", "b", "c", "d", "e", "f"]) {
    world.write(key, "1");
  }
  world.endTurn();
  for (let sequence = 2; sequence <= 8; sequence++) {
    world.letGo(0, 1, false);
  }
  for (let frame = 0; frame < 8; frame++) {
    exchange();
  }
  world.beat();
  world.restartBlank(0);
  world.connect(0);
  world.letGo(0, 0, false);
  exchange();
  exchange();
  return world;
}
