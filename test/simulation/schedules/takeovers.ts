/**
 * Takeovers that would forget something. Each schedule loses an acknowledged write, or brings a
 * dead value back, where the mistake is switched on that schedules.ts names, and does no harm
 * without.
 */
import type { Stage } from "./stage.ts";

/** 2, which has missed a write, asks nobody but itself. */
export function ownPromiseAlone(stage: Stage): void {
  stage.cut([2], [0, 1]);
  stage.until("it is acknowledged", stage.ask(0, "write", "k0"));
  stage.promote(2);
  stage.until("2 leads", () => stage.leads(2));
}

/** 1, which alone has heard of a write, loses its memory, and 2 asks it. */
export function blankPromise(stage: Stage): void {
  const apart = stage.cut([2], [0, 1]);
  stage.until("it is acknowledged", stage.ask(0, "write", "k0"));
  stage.cut([0], [1, 2]);
  stage.forget(1);
  apart();
  stage.promote(2);
  stage.until("2 leads", () => stage.leads(2));
}

/** 0, cut off, takes a write that nobody gets; 1 takes over, and 0 comes back. */
export function deadValue(stage: Stage): void {
  stage.until("the first is acknowledged", stage.ask(0, "write", "k0"));
  // Till it is known to be committed.
  stage.pass(600);
  const apart = stage.cut([0], [1, 2]);
  stage.ask(0, "write", "k0");
  stage.promote(1);
  stage.until("1 leads", () => stage.isFollowed(1, [2]));
  stage.until("it is read", stage.ask(1, "read", "k0"));
  apart();
  stage.until("0 follows", () => stage.isFollowed(1, [0, 2]));
}

/** 1 has given 2 its promise and its entries; 0 has not heard of it, and goes on writing. */
export function unfencedLeader(stage: Stage): void {
  stage.cut([0], [2]);
  let arrive: (() => void) | undefined;
  stage.onceSent("fetched", 1, 2, () => {
    arrive = stage.cutOneWay(2, 1);
  });
  stage.promote(2);
  stage.until("2 leads", () => stage.leads(2));
  stage.until("it is acknowledged", stage.ask(0, "write", "k0"));
  arrive?.();
  stage.until("1 follows 2", () => stage.isFollowed(2, [1]));
}

/** 2, which has not heard that the quorum is being lowered, takes over by the old one. */
export function quorumUnheard(stage: Stage): void {
  stage.cut([0], [2, 3, 4]);
  stage.cut([1], [2, 3, 4]);
  stage.changeQuorum(0, 1);
  stage.pass(10);
  stage.until("it is acknowledged", stage.ask(0, "write", "k0"));
  stage.cut([2, 3], [4]);
  stage.promote(2);
  stage.until("2 leads", () => stage.isFollowed(2, [3]));
}

/** 0 is cut off from all but its clients; 1 takes over and goes on, and 0 is asked for a value. */
export function readOfTheDeposed(stage: Stage): void {
  stage.until("the first is acknowledged", stage.ask(0, "write", "k0"));
  stage.cut([0], [1, 2]);
  stage.promote(1);
  stage.until("1 leads", () => stage.isFollowed(1, [2]));
  stage.until("the second is acknowledged", stage.ask(1, "write", "k0"));
  stage.until("0 answers", stage.ask(0, "read", "k0"));
}

/** A write is acknowledged by one follower; at the other a later write has overtaken it. */
export function overtaken(stage: Stage): void {
  let heir: number | undefined;
  for (let round = 0; round < 100 && heir === undefined; round++) {
    const acknowledged = stage.ask(0, "write", "k0");
    stage.pass(3);
    stage.ask(0, "write", "k1");
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

/** 2, which has missed a write, takes over and dies before the write is on its disk. */
export function diesInheriting(stage: Stage): void {
  const apart = stage.cut([2], [0, 1]);
  stage.until("it is acknowledged", stage.ask(0, "write", "k0"));
  stage.breakLink(0, 2);
  stage.kill(0);
  apart();
  stage.onceSent("fetched", 1, 2, () => stage.dieAtNextCommit(2));
  stage.promote(2);
  stage.until("2 dies", () => !stage.isRunning(2));
  stage.start(2);
  stage.pass(100);
}

/** 0 led last and comes back; 1 has led since, and of those whom 0 hears nobody knows. */
export function ledSince(stage: Stage): void {
  stage.cut([0, 4], [1, 2, 3]);
  stage.kill(0);
  stage.promote(1);
  stage.until("1 leads", () => stage.isFollowed(1, [2, 3]));
  stage.until("it is acknowledged", stage.ask(1, "write", "k0"));
  stage.start(0);
  stage.until("0 leads again", () => stage.leads(0));
}

/**
 * 1, which has not heard of 2's epoch, promises to 0 and dies before that is known. It comes back
 * and follows 2, which has a write acknowledged by it. Then its promise arrives.
 */
export function promiseUnderWay(stage: Stage): void {
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
  stage.until("it is acknowledged", stage.ask(2, "write", "k0"));
  arrive?.();
  stage.pass(200);
}

/**
 * 2, which has not heard of 0's second epoch, promises to 1 and loses its memory. 0 admits it again
 * and has a write acknowledged by it. Then 5 promises to 1, which has three promises: R. Only the
 * note of 2's new memory, which 5 has taken, tells it that the first of them is worth nothing.
 */
export function forgottenPromise(stage: Stage): void {
  betray(stage, (admit) => {
    admit();
    stage.cut([0], [5]);
  });
}

/** As before, only that 5 hears nothing of 2's new memory: so it must not be admitted. */
export function unnotedMemory(stage: Stage): void {
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
  stage.until("it is acknowledged", stage.ask(0, "write", "k0"));
  ask();
  stage.pass(200);
  apart();
}
