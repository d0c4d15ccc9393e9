/** What happens in a round, drawn from a seed. In every round somebody gets a kill -9. */
import { type Random, randomBelow } from "../../../src/base/random.ts";

export type Victim = "leader" | "follower";

/** What becomes of a killed leader. */
export type LeaderEnd =
  | "returns"
  | "is replaced"
  | "races a promotion"
  | "falls with a follower"
  | "falls with everybody"
  | "loses its disk";

/** What becomes of a killed follower. */
export type FollowerEnd =
  | "returns"
  | "dies again in the middle of catch-up"
  | "falls with another"
  | "loses its disk"
  | "misses a promotion";

/** What happens beside it. */
export type Beside =
  | "nothing"
  | "a follower stops for a while"
  | "the leader stops and is replaced"
  | "the quorum changes"
  | "a disk is full";

export type RoundPlan = { readonly beside: Beside } & (
  | { readonly victim: "leader"; readonly end: LeaderEnd }
  | { readonly victim: "follower"; readonly end: FollowerEnd }
);

export interface Possible {
  /** The nodes have disks: what they hold survives them. */
  readonly durable: boolean;
  /** One of the disks can be filled. */
  readonly fillable: boolean;
}

const LEADER_ENDS: readonly LeaderEnd[] = [
  ...["returns", "is replaced", "races a promotion", "falls with a follower"],
  ...["falls with everybody", "loses its disk"],
] as const;
const FOLLOWER_ENDS: readonly FollowerEnd[] = [
  ...["returns", "dies again in the middle of catch-up", "falls with another"],
  ...["loses its disk", "misses a promotion"],
] as const;
const BESIDE: readonly Beside[] = [
  ...["nothing", "nothing", "a follower stops for a while", "the leader stops and is replaced"],
  ...["the quorum changes", "a disk is full"],
] as const;

/** Every second plan kills the leader; everything that can happen comes before it comes again. */
export function drawPlans(random: Random, possible: Possible): () => RoundPlan {
  const { durable, fillable } = possible;
  // All memories at once are more than memory mode promises to survive.
  const leaderEnds = deckOf(random, LEADER_ENDS, (end) => {
    return durable || (end !== "falls with everybody" && end !== "loses its disk");
  });
  const followerEnds = deckOf(random, FOLLOWER_ENDS, (end) => durable || end !== "loses its disk");
  const besides = deckOf(random, BESIDE, (beside) => fillable || beside !== "a disk is full");
  let rounds = 0;
  return () => {
    rounds += 1;
    const beside = besides();
    return rounds % 2 === 1
      ? { victim: "leader", end: leaderEnds(), beside }
      : { victim: "follower", end: followerEnds(), beside };
  };
}

/** One line for people. */
export function describePlan({ victim, end, beside }: RoundPlan): string {
  return `the ${victim} ${end}; beside it: ${beside}`;
}

/** Gives each card once in random order, then all of them again. */
export function deckOf<Card>(
  random: Random,
  all: readonly Card[],
  isPossible: (card: Card) => boolean,
): () => Card {
  const cards = all.filter(isPossible);
  let left: Card[] = [];
  return () => {
    if (left.length === 0) left = [...cards];
    return left.splice(randomBelow(random, left.length), 1)[0] as Card;
  };
}
