/** The written schedules: what each does, and why that does harm where its mistake is made. */
import type { ClusterStage } from "./stage.ts";

/**
 * C is to go and D comes in its place. What A and C hold alone was acknowledged in the generation
 * before: who asks only the members of the newest one, B and D, misses it.
 */
export function takesOverInTheMiddle(stage: ClusterStage): void {
  stage.drain("C");
  stage.until("is decided that D counts", () => stage.membersAre("ABD"));
  stage.cut("A", "BD*");
  const written = stage.ask("A", "write", stage.key);
  stage.until("is acknowledged by C alone", written);
  stage.kill("A");
  stage.until("is there another primary", () => stage.leads("B") || stage.leads("D"));
  stage.until("is it read", stage.ask("B", "read", stage.key));
}

/**
 * As before, C and A alone hold what was acknowledged; A itself leads the new generation and is cut
 * off before B and D are up to date with it. C may not delete its copy as long as that is so.
 */
export function opensWithNobody(stage: ClusterStage): void {
  stage.drain("C");
  stage.until("is decided that D counts", () => stage.membersAre("ABD"));
  const fromController = stage.cut("A", "*");
  const fromOthers = stage.cut("A", "BD");
  stage.until("is acknowledged by C alone", stage.ask("A", "write", stage.key));
  fromController();
  stage.until("does A want to lead anew", () => stage.group("A")?.role === "candidate");
  stage.breakLinks("A", "BD");
  fromOthers();
  stage.until("does A lead anew", () => stage.group("A")?.leader !== undefined);
  stage.cut("A", "BD");
  stage.world.runUntil(() => stage.isSettled, 400);
  stage.pass(100);
  stage.kill("A");
  stage.until("is there another primary", () => stage.leads("B") || stage.leads("D"));
  stage.until("is it read", stage.ask("B", "read", stage.key));
}

/** D learns, and nobody will ask it: what it alone has acknowledged is lost with A. */
export function learnerAlone(stage: ClusterStage): void {
  stage.drain("C");
  const learners = () => stage.group("A")?.assignment?.learners ?? [];
  stage.until("does A hear that D learns", () => learners().length > 0);
  stage.cut("A", "*");
  stage.until("has D learned", () => stage.group("D")?.blank === false);
  stage.cutOneWay("A", "BC");
  const written = stage.ask("A", "write", stage.key);
  stage.world.runUntil(written, 3_000);
  stage.kill("A");
  stage.until("is there another primary", () => stage.leads("B") || stage.leads("C"));
  stage.until("is it read", stage.ask("B", "read", stage.key));
}

/**
 * A and B are cut off, and C, D and E go on without them, in a generation in which A is no member.
 * Two answers are enough for a takeover of four that write with three; for a read they are not.
 */
export function readOfTheReplaced(stage: ClusterStage): void {
  stage.until("is it there", stage.ask("A", "write", stage.key));
  stage.cut("AB", "CDE*");
  stage.until("do others go on", () => "CDE".split("").some((letter) => stage.leads(letter)));
  stage.until("is it written anew", stage.ask("C", "write", stage.key));
  const read = stage.ask("A", "read", stage.key);
  stage.world.runUntil(read, 2_500);
}

/**
 * C is emptied while it is away, so nobody waits for its return and the tombstone goes. It comes
 * back as a new copy, and what it still held of the old one is dead.
 */
export function oldCopy(stage: ClusterStage): void {
  stage.until("is it there", stage.ask("A", "write", stage.key));
  settleAt(stage, "C");
  stage.drain("C");
  stage.kill("C");
  stage.until("is C forgotten", () => stage.membersAre("ABD") && stage.leads("A"));
  stage.until("is that settled", () => stage.isSettled);
  stage.until("is it removed", stage.ask("A", "delete", stage.key));
  stage.until("is the tombstone gone", () => isForgotten(stage, "ABD"));
  stage.until("is C taken for down", () => stage.isDown("C"));
  stage.drain("C", false);
  stage.pass(200);
  stage.start("C");
  stage.until("is C back", () => stage.membersAre("ABC"));
  stage.pass(1_000);
}

/** C is replaced while it is away and comes back to what it had: a tombstone must wait for it. */
export function returnsToTombstones(stage: ClusterStage): void {
  stage.until("is it there", stage.ask("A", "write", stage.key));
  settleAt(stage, "C");
  stage.kill("C");
  stage.until("is C replaced", () => stage.membersAre("ABD") && stage.leads("A"));
  stage.until("is that settled", () => stage.isSettled);
  stage.until("is it removed", stage.ask("A", "delete", stage.key));
  stage.pass(2_000);
  stage.start("C");
  stage.until("is C back", () => stage.membersAre("ABC"));
  stage.pass(1_000);
}

/**
 * B takes over from A alone, C learns that and takes A's place, and B forgets all of it. A, which
 * has not heard of that, must find nobody to acknowledge what it accepts: C's state is a newer one.
 */
export function forgetsWhatOthersLearned(stage: ClusterStage): void {
  stage.kill("A");
  stage.until("does C count", () => stage.membersAre("BC"));
  stage.forget("B");
  const heal = stage.cut("A", "C*");
  stage.start("A");
  stage.until("does A lead again", () => stage.group("A")?.leader !== undefined);
  stage.world.runUntil(stage.ask("A", "write", stage.key), 3_000);
  heal();
  const isLed = () => "ABC".split("").some((letter) => stage.leads(letter) && letter !== "A");
  stage.until("does another one lead", isLed);
  stage.pass(500);
}

/** The primary is emptied, others take over and take it in again: nobody's write fails by that. */
export function movesInPeace(stage: ClusterStage): void {
  stage.steadily("ABCD", () => {
    stage.pass(100);
    stage.drain("A");
    stage.until("is A emptied", () => stage.membersAre("BCD") && stage.leads("B"));
    stage.until("is that settled", () => stage.isSettled);
    stage.drain("A", false);
    stage.until("is A back", () => stage.membersAre("ABC") && stage.leads("A"));
    stage.until("is that settled", () => stage.isSettled);
    stage.pass(100);
  });
}

/** The primary is stopped by a person, and is back later. */
export function leavesInPeace(stage: ClusterStage): void {
  stage.steadily("BCD", () => {
    stage.pass(100);
    stage.leave("A");
    stage.until("is A gone", () => stage.at("A").process === undefined);
    stage.pass(100);
    stage.start("A");
    stage.until("is A back", () => stage.membersAre("ABC") && stage.leads("A"));
    stage.until("is that settled", () => stage.isSettled);
    stage.pass(100);
  });
}

/** The controller dies in the moment in which it has told somebody what it decided. */
export function diesDeciding(stage: ClusterStage): void {
  const { world } = stage;
  const { controller, answerListeners } = world;
  const { generation } = stage.decided;
  stage.kill("A");
  answerListeners.push(({ assignments }) => {
    if (assignments.some((one) => one.generation > generation)) {
      world.clock.after(1, () => controller.kill("process"));
    }
  });
  stage.until("does the controller die", () => controller.process === undefined);
  answerListeners.length = 0;
  stage.start("A");
  controller.start();
  stage.pass(2_000);
}

function isForgotten(stage: ClusterStage, letters: string): boolean {
  return [...letters].every((letter) => stage.group(letter)?.replica.get(stage.key) === undefined);
}

/** Until this one has stored that what was written is committed; it does so with other entries. */
function settleAt(stage: ClusterStage, letter: string): void {
  const another = stage.world.keys.probes[0] as string;
  const { sequence = Number.POSITIVE_INFINITY } = stage.group("A")?.replica.get(stage.key) ?? {};
  const stored = () => stage.at(letter).disk?.recordOf(0)?.commitWatermark ?? 0;
  for (let attempt = 0; attempt < 10 && stored() < sequence; attempt++) {
    stage.pass(300);
    stage.until("is something else written", stage.ask("A", "write", another));
  }
}
