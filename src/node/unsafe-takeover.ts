/** The refusal to take over: acknowledged writes could be lost. */
import { KvError } from "../base/errors.ts";

/** `missing`: URLs of members whose promise is needed; `needed` of them. */
export function unsafeTakeover(missing: readonly string[], needed: number): KvError {
  return new KvError({
    code: "unsafe",
    message:
      `Acknowledged writes could be lost: ${needed} more of ${missing.join(", ")} must answer. ` +
      "Start them, or take over with --force-unclean and lose what only they hold.",
    outcome: "refused",
    details: { missing, needed },
  });
}

/** A node that remembers nothing has nothing to lead with. */
export function blankTakeover(members: readonly string[]): KvError {
  return new KvError({
    code: "unsafe",
    message: "This node remembers nothing of the group; promote one that does.",
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
