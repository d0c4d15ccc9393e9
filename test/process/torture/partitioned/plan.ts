/** What befalls a cluster in a round, drawn from a seed: one or two misfortunes. */
import type { Random } from "../../../../src/base/random.ts";
import { deckOf } from "../plan.ts";

/** Some process ends or stands still without a word. */
export const ROUGH = [
  "a worker is killed and returns at once",
  "a worker is killed and its partitions move",
  "two workers are killed",
  "the controller is killed",
  "the controller is killed, and then a worker",
  "a primary stops for 3 s",
  "a primary stops until it is just about to be taken for down",
  "a worker is cut off from the controller",
  "a worker loses its directory",
  "a disk is full",
  "a power cut",
  "a power cut, and the controller comes last",
  "everybody is told to stop",
] as const;

/** Planned changes, and what concerns nobody's data: no call may fail in them. */
export const GENTLE = [
  "the controller stops for 3 s",
  "a worker is told to stop",
  "a worker is drained, and not any more",
  "a fifth worker comes, or leaves",
] as const;

export type Misfortune = (typeof ROUGH)[number] | (typeof GENTLE)[number];

/** In the order in which they begin. */
export type RoundPlan = readonly [Misfortune] | readonly [Misfortune, Misfortune];

export interface Possible {
  /** The workers have disks: what they hold survives them. */
  readonly durable: boolean;
  /** One of the disks can be filled. */
  readonly fillable: boolean;
}

/**
 * In half of the rounds there are two, one at least of them rough. Without disks there is never
 * more than one, and none that takes more memories at once than is promised to be survived.
 */
export function drawPlans(random: Random, { durable, fillable }: Possible): () => RoundPlan {
  const all = deckOf<Misfortune>(random, [...ROUGH, ...GENTLE, ...GENTLE], (one) => {
    return (fillable || one !== "a disk is full") && (durable || !NEEDS_DISKS.includes(one));
  });
  const rough = deckOf<Misfortune>(random, ROUGH, (one) => canGoWithAnother(one));
  let rounds = 0;
  return () => {
    rounds += 1;
    const first = all();
    if (rounds % 2 === 1 || !durable || !canGoWithAnother(first)) return [first];
    for (;;) {
      const second = rough();
      if (second !== first && !bothKillTheController(first, second)) return [first, second];
    }
  };
}

const NEEDS_DISKS: readonly Misfortune[] = [
  "two workers are killed",
  "a worker loses its directory",
  "a disk is full",
  "a power cut",
  "a power cut, and the controller comes last",
  "everybody is told to stop",
];

/** No write may fail in a round of such a plan. */
export function isCalm(plan: RoundPlan): boolean {
  return plan.every((one) => (GENTLE as readonly string[]).includes(one));
}

/** One line for people. */
export function describePlan(plan: RoundPlan): string {
  return plan.join("; ");
}

/** There must be somebody left to whom anything could happen, and copies enough. */
function canGoWithAnother(one: Misfortune): boolean {
  return !ALONE.includes(one);
}

const ALONE: readonly Misfortune[] = [
  "two workers are killed",
  "a disk is full",
  "a power cut",
  "a power cut, and the controller comes last",
  "everybody is told to stop",
];

function bothKillTheController(one: Misfortune, other: Misfortune): boolean {
  return [one, other].every((each) => each.startsWith("the controller"));
}
