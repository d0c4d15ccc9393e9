/**
 * What the members have said to one who wants to lead, and what follows before anybody promises.
 */
import type { GroupIdentity } from "../core/group-record.ts";
import type { HereMessage } from "./messages.ts";

/** By slot, of those that have answered. */
export type Answers = ReadonlyMap<number, HereMessage>;

/**
 * URL of a leader of this node's group, other than itself, that one of them hears at this moment.
 */
export function livingLeader(answers: Answers, ownAddress: string): string | undefined {
  const said = [...answers.values()].find(
    ({ leader, identity }) =>
      leader !== "" && leader !== ownAddress && identity?.members.includes(ownAddress),
  );
  return said?.leader;
}

export type Beginning =
  /** Somebody remembers this group: take it over. */
  | { readonly step: "take over"; readonly identity: GroupIdentity }
  /** Members remember different groups: nothing can be done without a person. */
  | { readonly step: "conflict"; readonly groups: readonly (readonly number[])[] }
  | { readonly step: "found" }
  | { readonly step: "wait"; readonly blank: number };

/**
 * What one without memory does who was told to lead. It begins a new group only if it overwrites
 * nobody's data: every member that answers must be blank, and with this node at least W + 1 must be
 * there, so that no acknowledged write of an earlier life can be missing from those that did not
 * answer without more nodes having been lost than the promise covers.
 */
export function decideBeginning(answers: Answers, writeQuorum: number): Beginning {
  const groups = new Map<string, { identity: GroupIdentity; slots: number[] }>();
  let blank = 0;
  answers.forEach((here, slot) => {
    if (here.facts.blank) {
      blank += 1;
    } else if (here.identity !== undefined) {
      const { life } = here.identity;
      const group = groups.get(life) ?? { identity: here.identity, slots: [] };
      group.slots.push(slot);
      groups.set(life, group);
    }
  });
  const [first, second] = groups.values();
  if (second !== undefined) {
    return { step: "conflict", groups: [...groups.values()].map(({ slots }) => slots) };
  }
  if (first !== undefined) {
    return { step: "take over", identity: first.identity };
  }
  return blank >= writeQuorum ? { step: "found" } : { step: "wait", blank };
}
