/** Schedules that chance finds seldom or not at all, written down; `run` throws a Violation. */
import { Scene } from "./scene.ts";
import { Violation } from "./truth.ts";

export interface Written {
  readonly name: string;
  readonly run: (trace?: (line: string) => void) => void;
}

type Trace = { trace?: (line: string) => void };

/**
 * 2 promises to 1, forgets it, and acknowledges to 0. When 1 hears 5 as well, it has R promises.
 * (2 had not been synced to 0's second epoch when it promised: otherwise 1 would fetch from it, and
 * see that it is another memory.)
 */
function forgottenPromise(options: Trace): void {
  const scene = new Scene({ size: 6, writeQuorum: 3, ...options });
  scene.takeOver(0, 7, [3, 4]);
  for (const follower of [1, 3, 4, 5]) {
    scene.follow(0, follower);
  }
  scene.member(1).campaign(20);
  scene.answer(1, [2]);
  scene.member(2).loseMemory();
  scene.follow(0, 2, [3, 4, 5]);
  scene.write(0, "a", [2, 3, 4]);
  scene.answer(1, [5]);
  // It asks 2 again, which promises with what it knows now.
  if (scene.member(1).leading === undefined) {
    scene.answer(1, [2]);
  }
  mustLead(scene, 1);
}

/** As before, but who noted the new memory has lost its own and was admitted by another leader. */
function noterForgets(options: Trace): void {
  const scene = new Scene({ size: 6, writeQuorum: 2, ...options });
  scene.member(1).campaign(20);
  scene.answer(1, [2]);
  scene.member(2).loseMemory();
  scene.follow(0, 2, [3, 5]);
  scene.member(3).loseMemory();
  scene.takeOver(4, 10, [0, 2, 5]);
  scene.follow(4, 3, [0, 2]);
  scene.takeOver(0, 13, [2, 5, 4]);
  scene.follow(0, 2);
  scene.follow(0, 5);
  scene.member(1).retry();
  scene.answer(1, [3, 4]);
  scene.write(0, "a", [2, 5]);
}

/** 0 led last and comes back; 1 has led since, and 0 must hear of it. */
function ledSince(options: Trace): void {
  const scene = new Scene({ size: 3, writeQuorum: 1, ...options });
  scene.takeOver(1, 2, [2]);
  scene.follow(1, 2);
  scene.write(1, "a", [2]);
  scene.member(0).restart();
  scene.member(0).campaign(7);
  if (scene.member(0).leading === undefined) {
    scene.answer(0, [2]);
  }
  mustLead(scene, 0);
}

/** 0 fences 1 before it asks for 1's promise; 1 must not forget whom it followed till then. */
function knownBeforeAsked(options: Trace): void {
  const scene = new Scene({ size: 3, writeQuorum: 1, ...options });
  scene.takeOver(1, 2, [2]);
  scene.follow(1, 2);
  scene.write(1, "a", [2]);
  scene.member(0).campaign(7);
  scene.member(1).reach(0);
  scene.deliver(1, 0, "hello");
  scene.deliver(0, 1, "fenced");
  scene.answer(0, [1]);
  mustLead(scene, 0);
}

function mustLead(scene: Scene, slot: number): void {
  if (scene.member(slot).leading === undefined) {
    throw new Violation(`stuck: ${slot} has what it needs and does not lead`);
  }
}

export const WRITTEN: readonly Written[] = [
  ["forgotten-promise", forgottenPromise] as const,
  ["noter-forgets", noterForgets] as const,
  ["led-since", ledSince] as const,
  ["known-before-asked", knownBeforeAsked] as const,
].map(([name, play]) => ({ name, run: (trace) => play(trace === undefined ? {} : { trace }) }));
