/** Why a node does not take over, in sentences for people. */
import { KvError } from "../base/errors.ts";
import type { GroupIdentity } from "../core/group-record.ts";

/**
 * `needed` more members must answer that hold what they held. All URLs: `silent` ones do not
 * answer, `blank` ones do and have lost everything.
 */
export function unsafeTakeover(
  silent: readonly string[],
  blank: readonly string[],
  needed: number,
): KvError {
  const who =
    silent.length > 0
      ? `${needed} more must answer of ${silent.join(", ")}`
      : `it takes ${needed} more that are not blank`;
  const advice = silent.length > 0 ? "Start them; " : "";
  const uncounted = blank.length === 0 ? "" : ` (blank, so not counted: ${blank.join(", ")})`;
  return new KvError({
    code: "unsafe",
    message:
      `Acknowledged writes could be lost: ${who}${uncounted}. ` +
      `${advice}kvnode promote --force-unclean goes on without them and loses what only they held.`,
    outcome: "refused",
    details: { missing: [...silent, ...blank], blank, needed },
  });
}

/** A node that remembers nothing has nothing to lead with. */
export function blankTakeover(members: readonly string[]): KvError {
  return new KvError({
    code: "unsafe",
    message: "This node holds nothing of the group; promote one that does.",
    outcome: "refused",
    details: { missing: members, needed: 1 },
  });
}

/** Another node, or another person at this one, was quicker. */
export function superseded(): KvError {
  return new KvError({
    code: "unsafe",
    message: "Another takeover came in between; look at kvnode status before you try again.",
    outcome: "refused",
    details: { missing: [], needed: 0 },
  });
}

/** A later generation has begun. */
export function overtaken(): KvError {
  return new KvError({
    code: "recovering",
    message: "The controller has decided anew; this node waits to hear what.",
    outcome: "refused",
  });
}

/** Another node leads, so this one stands back. */
export function anotherLeads(leader: string): KvError {
  return new KvError({
    code: "not_leader",
    message: `This node waits to follow the leader at ${leader}; ask that one.`,
    outcome: "refused",
    details: { leader },
  });
}

/** The others remember a group in which this node has no place. */
export function notMember({ members }: GroupIdentity, address: string): KvError {
  return new KvError({
    code: "recovering",
    message:
      `This node holds nothing, and others hold data of a group of ${members.join(", ")}, to ` +
      `which ${address} does not belong: check ADDRESS and FOLLOWERS, or start them without data.`,
    outcome: "refused",
    details: { members },
  });
}

/** The others remember different groups; `groups`: their URLs. */
export function conflict(groups: readonly (readonly string[])[]): KvError {
  const sides = groups.map((names) => names.join(", ")).join(" and ");
  return new KvError({
    code: "recovering",
    message:
      `This node holds nothing, and ${sides} hold data of different groups: stop those whose ` +
      "data is not wanted and start them without it.",
    outcome: "refused",
  });
}
