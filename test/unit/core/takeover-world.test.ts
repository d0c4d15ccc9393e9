/** Leaders that change, under random schedules; takeover-world.ts says what is checked. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type Sabotage, TakeoverWorld } from "./takeover-world.ts";

/** Few, so that overwriting is the rule. */
const KEYS = ["a", "b", "c", "d"];

interface Step {
  readonly kind: keyof typeof WEIGHTS;
  readonly one: number;
  readonly other: number;
  readonly pick: number;
}

/** How often each kind of step comes. */
const WEIGHTS = {
  write: 14,
  remove: 5,
  endTurn: 12,
  crashInTurn: 1,
  letGo: 8,
  letGoTwice: 2,
  takeIn: 24,
  hear: 16,
  hearAndBreathe: 4,
  beat: 5,
  cut: 3,
  greet: 5,
  join: 5,
  connect: 8,
  settle: 6,
  fallBehind: 1,
  restart: 1,
  restartBlank: 1,
  changeQuorum: 1,
  takeOver: 6,
} as const;

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.oneof(
    ...Object.entries(WEIGHTS).map(([kind, weight]) => ({
      weight,
      arbitrary: fc.constant(kind as Step["kind"]),
    })),
  ),
  one: fc.nat(5),
  other: fc.nat(5),
  pick: fc.nat(63),
});

const schedule = fc.record({
  members: fc.integer({ min: 2, max: 5 }),
  writeQuorum: fc.nat(4),
  steps: fc.array(step, { minLength: 1, maxLength: 400, size: "max" }),
});

function take(world: TakeoverWorld, { kind, one, other, pick }: Step): void {
  const slot = one % world.members.length;
  const to = other % world.members.length;
  const { leaders } = world;
  const from = leaders[one % Math.max(1, leaders.length)] ?? 0;
  const steps: Record<Step["kind"], () => void> = {
    write: () => world.write(from, keyOf(pick), String(pick)),
    remove: () => world.write(from, keyOf(pick), undefined),
    endTurn: () => world.endTurn(pick % 2 === 0 ? from : to),
    crashInTurn: () => world.endTurn(pick % 2 === 0 ? from : to, true),
    letGo: () => world.letGo(from, to, { pick, twice: false }),
    letGoTwice: () => world.letGo(from, to, { pick, twice: true }),
    takeIn: () => {
      world.takeIn(to);
      if (pick % 3 > 0) {
        world.endTurn(to);
      }
    },
    hear: () => world.hear(from, to, false),
    hearAndBreathe: () => world.hear(from, to, true),
    beat: () => world.beat(from),
    cut: () => world.cut(from, to),
    greet: () => world.greet(from, to),
    join: () => world.join(from, to),
    connect: () => {
      world.greet(from, to);
      world.join(from, to);
    },
    settle: () => world.settle(from, to),
    fallBehind: () => world.fallBehind(from, to),
    restart: () => world.restart(slot),
    restartBlank: () => world.restartBlank(slot),
    changeQuorum: () => world.changeQuorum(from, pick % world.members.length),
    takeOver: () => {
      // Mostly enough are asked; a candidate that asks too few only deposes the leader.
      const asked = world.members.map((member) => member.slot).filter((at) => (pick >> at) % 2 < 1);
      world.takeOver(slot, pick % 4 === 0 ? [slot, to] : asked);
    },
  };
  steps[kind]();
}

function keyOf(pick: number): string {
  return KEYS[pick % KEYS.length] as string;
}

/** Runs schedules until one breaks a check; `sabotage` builds a fault in. */
function explore(runs: number, sabotage: Sabotage = {}, options: fc.Parameters<unknown> = {}) {
  const seen = { takeovers: 0, changeOvers: 0 };
  const property = fc.property(schedule, ({ members, writeQuorum, steps }) => {
    const world = new TakeoverWorld({ members, writeQuorum: writeQuorum % members, sabotage });
    for (const each of steps) {
      take(world, each);
    }
    world.heal(steps.length);
    seen.takeovers += world.takeovers;
    seen.changeOvers += world.changeOvers;
  });
  const result = fc.check(property, { numRuns: runs, ...(options as object) });
  return { result, seen };
}

describe("members whose leader changes", () => {
  test("keep every promise in every schedule, and end equal", () => {
    const { result, seen } = explore(Number(process.env.SCHEDULES ?? 200));
    if (result.failed) {
      throw new Error(`${result.errorInstance}\n${fc.defaultReportMessage(result)}`);
    }
    // Not by doing nothing.
    expect(seen.takeovers).toBeGreaterThan(result.numRuns);
    expect(seen.changeOvers).toBeGreaterThan(result.numRuns);
  }, 600_000);
});

describe("the checks find", () => {
  const faults: readonly [string, RegExp, Sabotage][] = [
    [
      "dead entries that stay, since the leader's word of them is lost",
      /^dead/,
      { compared: (compared) => ({ ...compared, absent: [] }) },
    ],
    [
      "an older version of the leader that does not replace the own, dead one",
      /^(dead|missing)/,
      { compared: (compared) => ({ ...compared, entries: [] }) },
    ],
    [
      "a page that leaves one entry out",
      /^(missing|acknowledges)/,
      { page: (page) => ({ ...page, entries: page.entries.slice(1) }) },
    ],
    [
      "a watermark that jumps before the live entries of the catch-up are there",
      /^(missing|acknowledges)/,
      { page: (page) => ({ ...page, needs: page.upTo }) },
    ],
    [
      "an acknowledgement of a follower that is not synced",
      /^acknowledges/,
      { said: (said) => ({ ...said, synced: true }) },
    ],
    [
      "a state that takes itself for committed as a whole",
      /^(dead|missing)/,
      { allCommitted: true },
    ],
    [
      "forgotten keys that stay on the disk",
      /^disk/,
      { change: (change) => ({ ...change, forgotten: [] }) },
    ],
    [
      "keys that are forgotten on the disk after they have come back",
      /^disk/,
      {
        change: ({ forgotten = [], entries = [], ...rest }) => ({
          ...rest,
          forgotten,
          entries: entries.filter(({ key }) => !forgotten.includes(key)),
        }),
      },
    ],
    [
      "a state that the disk does not adopt",
      /^disk/,
      { change: (change) => ({ ...change, adopt: false }) },
    ],
    [
      "an incoming side that is not cleared first",
      /^disk/,
      { change: (change) => ({ ...change, clearIncoming: false }) },
    ],
    [
      "an entry that does not get to the disk",
      /^disk/,
      { change: ({ entries = [], ...rest }) => ({ ...rest, entries: entries.slice(1) }) },
    ],
    ["a takeover that is content with whoever there is", /^(lost|back)/, { forced: true }],
    [
      "a takeover that takes the state of the most advanced node",
      /^(lost|back)/,
      {
        merge: (merge, sequenceOf) => {
          const [most = 0] = merge.sources.toSorted((a, b) => sequenceOf(b) - sequenceOf(a));
          return { ...merge, sources: [most] };
        },
      },
    ],
    [
      "sequences that pass for committed because no entry has them any more",
      /^(missing|acknowledges)/,
      { usedAlone: true },
    ],
  ];

  test.each(faults)(
    "%s",
    (_, check, sabotage) => {
      const { result } = explore(3_000, sabotage, { seed: 7, endOnFailure: true });
      const error = result.errorInstance;
      expect(error).toBeInstanceOf(Error);
      expect((error as Error).message).toMatch(check);
    },
    60_000,
  );
});

describe("a takeover", () => {
  const sharesNumbers = (sabotage: Sabotage) => {
    const world = new TakeoverWorld({ members: 3, writeQuorum: 2, sabotage });
    world.write(0, "a", "1");
    world.takeOver(1, [0]);
    // One promise is enough where all three hold every acknowledged write.
    world.takeOver(2, []);
    world.write(2, "b", "2");
    world.endTurn(2);
    world.greet(2, 1);
    world.join(2, 1);
    world.settle(2, 1);
    world.heal(2);
  };

  test("leaves a deposed leader that gave the same numbers out no gap (N=3, W=2)", () => {
    expect(() => sharesNumbers({})).not.toThrow();
    expect(() => sharesNumbers({ usedAlone: true })).toThrow(/^missing: "b"/);
  });

  test("gives what src/core/DESIGN.md works out (N=5, W=2)", () => {
    const world = new TakeoverWorld({ members: 5, writeQuorum: 2 });
    const held = (slot: number) =>
      [...(world.members[slot]?.replica.all() ?? [])]
        .map(({ key, value, epoch, sequence }) => `${key}=${value}@${epoch}.${sequence}`)
        .sort();
    const copy = (to: number, pick = 0) => {
      world.letGo(0, to, { pick, twice: false });
      world.takeIn(to);
      world.endTurn(to);
      world.hear(0, to, false);
    };
    const write = (key: string, value: string) => {
      world.write(0, key, value);
      world.endTurn(0);
    };
    write("a", "1");
    [1, 2, 3, 4].map((to) => copy(to));
    world.beat(0);
    [1, 2, 3, 4].map((to) => world.takeIn(to));
    write("b", "1");
    copy(1);
    copy(2);
    write("c", "1");
    copy(3, 1);
    write("a", "2");
    expect(world.members[0]?.holding).toMatchObject({ watermark: 4, commitWatermark: 2 });

    world.takeOver(3, [2, 4]);
    expect(held(3)).toEqual(["a=1@1.1", "b=1@4.4", "c=1@4.5"]);
    expect(world.members[3]?.holding).toMatchObject({ watermark: 5, commitWatermark: 1 });

    world.greet(3, 0);
    world.join(3, 0);
    expect(held(0)).toEqual(["a=2@1.4", "b=1@1.2", "c=1@1.3"]);
    world.settle(3, 0);
    expect(held(0)).toEqual(held(3));
    world.greet(3, 2);
    world.join(3, 2);
    world.settle(3, 2);
    expect(world.members[3]?.holding.commitWatermark).toBe(5);
    world.heal(0);
  });
});
