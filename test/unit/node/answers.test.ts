/** What one who wants to lead makes of what the others say, before anybody promises anything. */
import { describe, expect, test } from "bun:test";
import type { GroupIdentity } from "../../../src/core/group-record.ts";
import { settledQuorum } from "../../../src/core/quorum-entry.ts";
import { decideBeginning, livingLeader } from "../../../src/node/answers.ts";
import type { HereMessage } from "../../../src/node/messages.ts";

const SELF = "http://self";
const identity = (life: string): GroupIdentity => ({ life, members: [SELF], firstQuorum: 1 });

function here(remembers: string | undefined, leader = ""): HereMessage {
  return {
    type: "here",
    group: 0,
    epoch: 0,
    copy: 0,
    identity: remembers === undefined ? undefined : identity(remembers),
    promised: 0,
    facts: {
      blank: remembers === undefined,
      severed: 0,
      memory: "memory",
      before: 0,
      led: 0,
      synced: remembers === undefined ? 0 : 1,
      watermark: 0,
      commitWatermark: 0,
      sequence: 0,
      quorum: settledQuorum(1),
      notes: [],
    },
    building: undefined,
    leader,
  };
}

/** As what was heard, by slot. */
function heard(answers: readonly (HereMessage | undefined)[]): Map<number, HereMessage> {
  return new Map(
    answers.flatMap((here, slot) => (here === undefined ? [] : [[slot, here] as const])),
  );
}

/** The node itself, or one that does not answer. */
const N = undefined;
const B = here(undefined);
const R = here("A");

describe("one without memory that is told to lead", () => {
  const table: readonly [string, (HereMessage | undefined)[], number, string][] = [
    ["founds a group when all are blank", [N, B, B, B], 2, "found"],
    ["founds it with the quorum, where one is silent", [N, B, B, N], 2, "found"],
    ["waits for the quorum", [N, B, N, N], 2, "wait"],
    ["waits for everybody at the highest quorum", [N, B, B, N], 3, "wait"],
    ["takes over when one remembers, though enough are blank", [N, B, B, R], 1, "take over"],
    ["takes over when one remembers and the others are silent", [N, N, R, N], 0, "take over"],
    ["takes over where all that remember say the same", [N, R, R, B], 1, "take over"],
    ["founds it alone at quorum 0", [N, N, N], 0, "found"],
    ["founds it alone without followers", [N], 0, "found"],
    ["leaves two groups alone", [N, R, here("B"), B], 1, "conflict"],
  ];

  test.each(table)("%s", (_, answers, writeQuorum, step) => {
    expect(decideBeginning(heard(answers), writeQuorum).step).toBe(step as never);
  });

  test("joins the group that is remembered, not one of its own", () => {
    const beginning = decideBeginning(heard([N, R, B]), 1);
    expect(beginning).toEqual({ step: "take over", identity: identity("A") });
  });

  test("does not take a new identity of a blank one for a memory", () => {
    // It has heard a leader's greeting and then lost that leader, before anything was synced.
    const greeted = { ...B, identity: identity("A") };
    expect(decideBeginning(heard([N, greeted, B]), 2)).toEqual({ step: "found" });
  });

  test("names the slots of each group when they remember different ones", () => {
    const beginning = decideBeginning(heard([N, here("A"), B, here("B"), here("A")]), 1);
    expect(beginning).toEqual({ step: "conflict", groups: [[1, 4], [3]] });
  });

  test("counts the blank ones that are there while it waits", () => {
    expect(decideBeginning(heard([N, B, N, B, N]), 3)).toEqual({ step: "wait", blank: 2 });
  });
});

describe("a living leader", () => {
  const other = "http://other";
  const theirs = { ...identity("A"), members: [other, "http://third"] };
  const elsewhere = { ...here("A", other), identity: theirs };
  const table: readonly [string, (HereMessage | undefined)[], string | undefined][] = [
    ["is the one that somebody hears", [N, R, here("A", other)], other],
    ["is heard by one that is not synced yet", [{ ...here("A", other), facts: B.facts }, N], other],
    ["is not that of a group without this node", [N, elsewhere], undefined],
    ["is not this node itself", [N, here("A", SELF)], undefined],
    ["is nobody where nobody hears one", [N, R, B], undefined],
  ];

  test.each(table)("%s", (_, answers, leader) => {
    expect(livingLeader(heard(answers), SELF)).toBe(leader as string);
  });
});
