/**
 * Frames, at both ends of a link: a stranger who dials the nodes of a group, somebody who knows all
 * that a member knows and leads a follower without a group, and a server that a leader has dialled.
 */
import fc from "fast-check";
import {
  arbitrarySession,
  frameOf,
  type GroupKnowledge,
  greetingOf,
  type Session,
  swallowsWhatFollows,
} from "./arbitrary-frames.ts";
import { type Arena, Finding, type NodeName } from "./arena.ts";
import type { Campaign, Tally } from "./campaign.ts";
import { lifeToldOn } from "./hostile-follower.ts";
import { dialNode, type RawLink } from "./raw-link.ts";

/** A node may wait so long for the rest of a frame before we hang up. */
const HALF_FRAME_PATIENCE_MS = 20;
/** The life that the one who leads the lone follower gives its group. */
const OWN_LIFE = "fuzz";

/** Strangers at the nodes of the group, on several links at once. */
export function strangers(arena: Arena, tally: Tally): Campaign<unknown> {
  const session = arbitrarySession({
    knowing: false,
    greetings: ["ours", "ours", "ours", "another cluster", "none"],
    opening: ["lead"],
    stepsMax: 40,
  });
  const visit = fc.record({
    node: fc.constantFrom<NodeName>("leader", "follower1", "follower2"),
    session,
  });
  return {
    name: "frames of strangers",
    arbitrary: fc.array(visit, { minLength: 1, maxLength: 6 }),
    async check(visits) {
      const all = visits as readonly { readonly node: NodeName; readonly session: Session }[];
      const knowledge = { cluster: "fuzzed", epoch: 0, life: "", sequence: 0 };
      await Promise.all(
        all.map(async ({ node, session: said }) => {
          await visitNode({ arena, node, session: said, knowledge, tally });
        }),
      );
      await arena.checkGroup();
    },
  };
}

/** One who leads the lone follower as a leader would, mostly, and says anything. */
export function insiders(arena: Arena, tally: Tally): Campaign<unknown> {
  return {
    name: "frames of one who leads",
    arbitrary: arbitrarySession({
      knowing: true,
      greetings: ["ours"],
      opening: ["lead", "page"],
      stepsMax: 80,
    }),
    async check(said) {
      const node = "lone";
      const known = await arena.knowledge(node);
      // A follower that fell for a huge epoch follows none below it.
      const knowledge = { ...known, epoch: Math.max(1, known.epoch), life: OWN_LIFE };
      await visitNode({ arena, node, session: said as Session, knowledge, tally });
      await arena.checkAlive();
    },
  };
}

/** A follower of a real leader that is none. */
export function hostileFollowers(arena: Arena, tally: Tally): Campaign<unknown> {
  return {
    name: "frames of a follower",
    // The leader waits longer and longer before it dials one again that does not greet.
    arbitrary: arbitrarySession({
      knowing: true,
      greetings: [...Array<"ours">(19).fill("ours"), "none"],
      opening: ["here"],
      stepsMax: 200,
    }),
    async check(said) {
      const session = said as Session;
      const known = await arena.knowledge("leader");
      const link = await arena.hostile.nextLink();
      const greeting = greetingOf(session, { ...known, life: "" });
      if (greeting !== undefined) {
        link.send(greeting);
        tally.frame();
        await link.settle();
      }
      await saySteps(link, session, { ...known, life: lifeToldOn(link) ?? "" }, tally);
      link.drop();
      await arena.checkGroup();
    },
  };
}

async function visitNode(visit: {
  readonly arena: Arena;
  readonly node: NodeName;
  readonly session: Session;
  readonly knowledge: GroupKnowledge;
  readonly tally: Tally;
}): Promise<void> {
  const { arena, node, session, knowledge, tally } = visit;
  const link = await dialNode(arena.portOf(node));
  if (link === undefined) throw new Finding(`${node} takes no more links`);
  const greeting = greetingOf(session, knowledge);
  if (greeting !== undefined) {
    link.send(greeting);
    tally.frame();
  }
  await saySteps(link, session, knowledge, tally);
  link.drop();
}

async function saySteps(
  link: RawLink,
  session: Session,
  knowledge: GroupKnowledge,
  tally: Tally,
): Promise<void> {
  let half = false;
  for (const step of session.steps) {
    if (!link.send(frameOf(step, knowledge))) break;
    tally.frame();
    half ||= swallowsWhatFollows(step);
  }
  if (half) await link.settleHalf(HALF_FRAME_PATIENCE_MS);
  else await link.settle();
  tally.ended(link.closed ? "link closed" : "link kept");
}
