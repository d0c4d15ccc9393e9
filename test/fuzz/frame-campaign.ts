/**
 * Frames, at both ends of a link: a stranger who dials the nodes of a group, somebody who knows all
 * that a member knows and leads a follower without a group, and a server that a leader has dialled.
 */
import fc from "fast-check";
import { arbitraryMessageOf } from "../support/arbitrary-messages.ts";
import {
  arbitrarySession,
  frameOf,
  type GroupKnowledge,
  greetingOf,
  type Session,
  swallowsWhatFollows,
  wholePage,
} from "./arbitrary-frames.ts";
import { type Arena, CLUSTER, Finding, type NodeName } from "./arena.ts";
import { type Campaign, campaign, type Tally } from "./campaign.ts";
import { dialNode, type RawLink } from "./raw-link.ts";
import type { WireFrame } from "./web-socket-bytes.ts";

/** A node may wait so long for the rest of a frame before we hang up. */
const HALF_FRAME_PATIENCE_MS = 20;
/** Of the group into which the lone follower is led. */
const OWN_IDENTITY = {
  life: "fuzz",
  members: ["http://127.0.0.1:9", "http://127.0.0.1:8", "http://127.0.0.1:7"],
  firstQuorum: 1,
};
/** One that has promised a huge epoch takes little more: in between it begins anew. */
const SESSIONS_A_LIFE = 15;
const NOTHING = { cluster: CLUSTER, epoch: 0, identity: OWN_IDENTITY, sequence: 0 };

/**
 * What nodes still believe too readily: a note is taken from anybody, and one word of a follower
 * ends the epochs that there are.
 */
const NOT_YET = { ofStrangers: [], ofFollowers: ["fenced"] } as const;

/** Strangers at the nodes of the group, on several links at once. */
export function strangers(arena: Arena, tally: Tally): Campaign {
  const session = arbitrarySession({
    knowing: false,
    greetings: ["ours", "ours", "ours", "another cluster", "none"],
    opening: [arbitraryMessageOf("lead")],
    stepsMax: 40,
    without: NOT_YET.ofStrangers,
  });
  const visit = fc.record({
    node: fc.constantFrom<NodeName>("leader", "follower1", "follower2"),
    session,
  });
  return campaign({
    name: "frames of strangers",
    arbitrary: fc.array(visit, { minLength: 1, maxLength: 6 }),
    async check(visits) {
      await Promise.all(
        visits.map(async ({ node, session: said }) => {
          await visitNode({ arena, node, session: said, knowledge: NOTHING, tally });
        }),
      );
      await arena.checkGroup();
    },
  });
}

/** One who leads the lone follower as a leader would, mostly, and says anything. */
export function insiders(arena: Arena, tally: Tally): Campaign {
  let sessions = 0;
  return campaign({
    name: "frames of one who leads",
    arbitrary: arbitrarySession({
      knowing: true,
      greetings: ["ours"],
      opening: [arbitraryMessageOf("lead"), wholePage],
      stepsMax: 80,
      without: [],
    }),
    async check(said) {
      const node = "lone";
      const knowledge = await inquire(arena.portOf(node));
      await visitNode({ arena, node, session: said, knowledge, tally });
      await arena.checkAlive();
      sessions += 1;
      if (sessions % SESSIONS_A_LIFE !== 0) return;
      await arena.restart(node, { blank: sessions % (2 * SESSIONS_A_LIFE) === 0 });
    },
  });
}

/** A follower of a real leader that is none. */
export function hostileFollowers(arena: Arena, tally: Tally): Campaign {
  return campaign({
    name: "frames of a follower",
    // The leader waits longer and longer before it dials one again that does not greet.
    arbitrary: arbitrarySession({
      knowing: true,
      greetings: [...Array<"ours">(19).fill("ours"), "none"],
      opening: [arbitraryMessageOf("here")],
      stepsMax: 200,
      without: NOT_YET.ofFollowers,
    }),
    async check(said) {
      const session = said;
      const link = await arena.hostile.nextLink();
      const greeting = greetingOf(session, NOTHING);
      if (greeting !== undefined) {
        link.send(greeting);
        tally.frame();
        await link.settle();
      }
      const knowledge = { ...NOTHING, ...toldBy(link, "lead") };
      await saySteps(link, session, knowledge, tally);
      link.drop();
      await arena.checkGroup();
    },
  });
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
  if (link.unreadable !== undefined) throw new Finding(`a node said what is ${link.unreadable}`);
  if (half) await link.settleHalf(HALF_FRAME_PATIENCE_MS);
  else await link.settle();
  tally.ended(link.closed ? "link closed" : "link kept");
}

/** What a node tells everybody who asks. */
async function inquire(port: number): Promise<GroupKnowledge> {
  const link = await dialNode(port);
  if (link === undefined) throw new Finding("a node takes no more links");
  const hello: Session = { greeting: "ours", steps: [] };
  link.send(greetingOf(hello, NOTHING) as WireFrame);
  const question = { type: "inquire", group: 0, copy: 0, generation: 0 } as const;
  link.send(frameOf({ step: "message", message: question, knowing: false }, NOTHING));
  await link.settle();
  link.drop();
  return { ...NOTHING, ...toldBy(link, "here") };
}

/** The group as the node has described it on this link, as far as it has. */
function toldBy(link: RawLink, type: "here" | "lead"): Partial<GroupKnowledge> {
  const told = link.heard.findLast((message) => message.type === type);
  if (told?.type === "lead") return { epoch: told.epoch, identity: told.identity };
  if (told?.type !== "here") return {};
  const { promised, identity, facts } = told;
  const epoch = Math.max(1, promised);
  const sequence = Math.max(facts.sequence, facts.watermark);
  return { epoch, sequence, ...(identity === undefined ? {} : { identity }) };
}
