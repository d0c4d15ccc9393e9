/** The refusals that clients see most: too few followers can confirm. */
import { KvError } from "../base/errors.ts";
import { overloaded } from "./overloaded.ts";

/** Fewer than `required` can confirm: they are not there, or have too much under way to them. */
export function tooFewCanConfirm(
  leader: { readonly presentCount: number },
  required: number,
  missing?: readonly string[],
): KvError {
  const { presentCount } = leader;
  return presentCount < required
    ? notEnoughReplicas(presentCount, required, missing)
    : overloaded("Too much is under way to the followers", "LINK_QUEUE_BYTES");
}

/** `connected` followers are connected and synced where `required` are needed. */
export function notEnoughReplicas(
  connected: number,
  required: number,
  missing?: readonly string[],
): KvError {
  return new KvError({
    code: "not_enough_replicas",
    message:
      `${connected} of ${required} required followers are connected and synced; ` +
      (missing === undefined
        ? "start the missing ones or lower the write quorum."
        : `start ${missing.join(", ")}, or add "force": true and risk writes if this node dies.`),
    outcome: "refused",
    details: { connected, required, ...(missing === undefined ? {} : { missing }) },
  });
}
