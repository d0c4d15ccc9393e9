/**
 * Schedules that chance finds seldom or not at all, written down. Each one loses an acknowledged
 * write where a certain mistake is switched on, and none without. In a part of the runs one of them
 * comes first, before the run's own misfortunes.
 */
import type { Parameters } from "../parameters.ts";
import type { Stage } from "./stage.ts";

export interface Schedule {
  /** What it needs of the group; all else is drawn. */
  readonly parameters: Pick<Parameters, "nodes" | "writeQuorum"> & Partial<Parameters>;
  readonly play: (stage: Stage) => void;
}

/**
 * 2, which has not heard of 0's second epoch, promises to 1 and loses its memory. 0 admits it again
 * and has a write acknowledged by it. Then 5 promises to 1, which has three promises: R. Only the
 * note of 2's new memory, which 5 has taken, tells it that the first of them is worth nothing.
 */
function forgottenPromise(stage: Stage): void {
  betray(stage, (admit) => {
    admit();
    stage.cut([0], [5]);
  });
}

/** As before, only that 5 hears nothing of 2's new memory: so it must not be admitted. */
function unnotedMemory(stage: Stage): void {
  betray(stage, (admit) => {
    stage.cut([0], [5]);
    admit();
  });
}

/** What both have in common; they differ in how 2 and 0 meet again. */
function betray(stage: Stage, meet: (admit: () => void) => void): void {
  const all = stage.cut([2], [0, 1, 3, 4, 5]);
  stage.kill(0);
  stage.start(0);
  stage.until("0 leads again", () => stage.isFollowed(0, [1, 3, 4, 5]));
  const apart = stage.cut([1], [0, 3, 4]);
  all();
  const aside = stage.cut([2], [0, 3, 4, 5]);
  let ask = () => {};
  let promised = false;
  stage.onceSent("ask", 1, 2, () => {
    ask = stage.cutOneWay(1, 5);
  });
  stage.onceSent("promise", 2, 1, () => {
    promised = true;
  });
  stage.promote(1);
  stage.until("2 promises", () => promised);
  stage.pass(20);
  stage.cut([1], [2]);
  stage.forget(2);
  meet(() => {
    aside();
    stage.until("0 has 2 again", () => stage.isFollowed(0, [2, 3, 4]));
  });
  stage.until("it is acknowledged", stage.write(0, "k0"));
  ask();
  stage.pass(200);
  apart();
}

/**
 * 1, which has not heard of 2's epoch, promises to 0 and dies before that is known. It comes back
 * and follows 2, which has a write acknowledged by it. Then its promise arrives.
 */
function promiseUnderWay(stage: Stage): void {
  const alone = stage.cut([1], [0, 2]);
  stage.promote(2);
  stage.until("2 leads", () => stage.isFollowed(2, [0]));
  stage.cut([0], [2]);
  const deaf = stage.cut([1], [2]);
  alone();
  let arrive: (() => void) | undefined;
  stage.onceSent("promise", 1, 0, () => {
    arrive = stage.cutOneWay(1, 0);
  });
  stage.promote(0);
  stage.until("1 promises", () => arrive !== undefined);
  stage.pass(1);
  stage.kill(1);
  stage.start(1);
  deaf();
  stage.until("2 has 1", () => stage.isFollowed(2, [1]));
  stage.until("it is acknowledged", stage.write(2, "k0"));
  arrive?.();
  stage.pass(200);
}

/** 0 led last and comes back; 1 has led since, and of those whom 0 hears nobody knows. */
function ledSince(stage: Stage): void {
  stage.cut([0, 4], [1, 2, 3]);
  stage.kill(0);
  stage.promote(1);
  stage.until("1 leads", () => stage.isFollowed(1, [2, 3]));
  stage.until("it is acknowledged", stage.write(1, "k0"));
  stage.start(0);
  stage.until("0 leads again", () => stage.leads(0));
}

/**
 * 2 catches up in two pages. A key that belongs to the second one is overwritten while the first one
 * is under way: the second one is without it, and its new value takes its time.
 */
function overwrittenInCatchUp(stage: Stage): void {
  stage.cut([0], [1]);
  const apart = stage.cut([0], [2]);
  for (const key of ["k0", "k1", "k2", "k3"]) {
    stage.write(0, key);
    stage.pass(5);
  }
  stage.pass(100);
  stage.world.network.breakLinks((one, other) => one + other === 2 && one !== other, 0);
  let arrive: (() => void) | undefined;
  stage.onceSent("page", 0, 2, () => {
    arrive = stage.cutOneWay(2, 0);
  });
  apart();
  stage.until("the first page is under way", () => arrive !== undefined);
  const before = stage.sequenceAt(0, "k3");
  stage.write(0, "k3");
  stage.until("k3 is overwritten", () => stage.sequenceAt(0, "k3") > before);
  arrive?.();
  stage.pass(300);
}

/** A write is acknowledged by one follower; at the other a later write has overtaken it. */
function overtaken(stage: Stage): void {
  let heir: number | undefined;
  for (let round = 0; round < 100 && heir === undefined; round++) {
    const acknowledged = stage.write(0, "k0");
    stage.pass(3);
    stage.write(0, "k1");
    const has = (slot: number, key: string) => {
      return stage.sequenceAt(slot, key) >= stage.sequenceAt(0, key);
    };
    const isAhead = (slot: number) => has(slot, "k1") && !has(slot, "k0");
    stage.world.runUntil(() => {
      heir = [1, 2].find((one) => has(one, "k0") && !has(one, "k1") && isAhead(3 - one));
      return heir !== undefined && acknowledged();
    }, 100);
    heir = acknowledged() ? heir : undefined;
  }
  if (heir !== undefined) {
    const [one, other] = [heir, 3 - heir];
    stage.kill(0);
    stage.promote(one);
    stage.until("it leads", () => stage.isFollowed(one, [other]));
  }
}

const CLIENTS = {
  ...{ count: 2, keys: 4, thinkMs: 100, valueLength: 0 },
  ...{ readShare: 0.2, removeShare: 0.1, wrongNodeShare: 0 },
};

export const SCHEDULES = {
  "forgotten-promise": { parameters: { nodes: 6, writeQuorum: 3 }, play: forgottenPromise },
  "unnoted-memory": { parameters: { nodes: 6, writeQuorum: 3 }, play: unnotedMemory },
  "promise-under-way": { parameters: { nodes: 3, writeQuorum: 1 }, play: promiseUnderWay },
  "led-since": { parameters: { nodes: 5, writeQuorum: 2 }, play: ledSince },
  "overwritten-in-catch-up": {
    parameters: {
      ...{ nodes: 3, writeQuorum: 1, minDelayMs: 40, maxDelayMs: 60 },
      // Three fill a page.
      clients: { ...CLIENTS, valueLength: 100_000 },
    },
    play: overwrittenInCatchUp,
  },
  overtaken: {
    parameters: { nodes: 3, writeQuorum: 1, minDelayMs: 0, maxDelayMs: 50, clients: CLIENTS },
    play: overtaken,
  },
} as const satisfies Record<string, Schedule>;

export type ScheduleName = keyof typeof SCHEDULES;
