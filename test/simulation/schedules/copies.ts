/**
 * Copies that would count for more than they are. As in takeovers.ts, each does harm only where the
 * mistake is switched on that schedules.ts names.
 */
import type { Stage } from "./stage.ts";

/** The disk of 1 takes nothing while a write comes. */
export function fullDisk(stage: Stage): void {
  stage.cut([0], [2]);
  stage.fillDisk(1);
  stage.until("it is acknowledged", stage.ask(0, "write", "k0"));
}

/** 2 misses a removal, and comes back when those who heard of it have forgotten the tombstone. */
export function forgottenTombstone(stage: Stage): void {
  stage.until("it is acknowledged", stage.ask(0, "write", "k0"));
  stage.until("2 has it", () => stage.sequenceAt(2, "k0") > 0);
  const apart = stage.cut([2], [0, 1]);
  stage.until("it is removed", stage.ask(0, "delete", "k0"));
  stage.pass(1_500);
  stage.breakLink(0, 2);
  apart();
  stage.until("2 is back", () => stage.isFollowed(0, [1, 2]));
}

/** 0 takes over 1's state in two pages; what 1 writes meanwhile is not in 0's own state yet. */
export function halfWayThere(stage: Stage): void {
  const apart = stage.cut([0], [1, 2]);
  stage.promote(1);
  stage.until("1 leads", () => stage.isFollowed(1, [2]));
  for (const key of ["k0", "k1", "k2", "k3"]) {
    stage.until("it is acknowledged", stage.ask(1, "write", key));
  }
  stage.cut([1], [2]);
  let arrive: (() => void) | undefined;
  stage.onceSent("page", 1, 0, () => {
    arrive = stage.cutOneWay(0, 1);
  });
  apart();
  stage.until("the first page is under way", () => arrive !== undefined);
  const before = stage.sequenceAt(1, "k0");
  stage.ask(1, "write", "k0");
  stage.until("k0 is overwritten", () => stage.sequenceAt(1, "k0") > before);
  stage.pass(20);
  stage.cutOneWay(1, 0);
  arrive?.();
  stage.pass(50);
}

/**
 * 2 catches up in two pages. A key that belongs to the second one is overwritten while the first
 * one is under way: the second one is without it, and its new value takes its time.
 */
export function overwrittenInCatchUp(stage: Stage): void {
  stage.cut([0], [1]);
  const apart = stage.cut([0], [2]);
  for (const key of ["k0", "k1", "k2", "k3"]) {
    stage.ask(0, "write", key);
    stage.pass(5);
  }
  stage.pass(100);
  stage.breakLink(0, 2);
  let arrive: (() => void) | undefined;
  stage.onceSent("page", 0, 2, () => {
    arrive = stage.cutOneWay(2, 0);
  });
  apart();
  stage.until("the first page is under way", () => arrive !== undefined);
  const before = stage.sequenceAt(0, "k3");
  stage.ask(0, "write", "k3");
  stage.until("k3 is overwritten", () => stage.sequenceAt(0, "k3") > before);
  arrive?.();
  stage.pass(300);
}
