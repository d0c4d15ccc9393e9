/** What a controller refuses, as the errors that clients know. */
import { type ErrorCode, KvError } from "../base/errors.ts";
import type { StorageError } from "../core/storage.ts";
import type { Refusal, RefusalCode } from "./hear.ts";

const CODES: Readonly<Record<RefusalCode, ErrorCode>> = {
  other_protocol: "invalid_request",
  other_cluster: "not_member",
  id_taken: "id_taken",
  address_taken: "id_taken",
  superseded: "id_taken",
  controller_behind: "unsafe",
};

/** A refused heartbeat; `reason` keeps the plan's own code. */
export function refused({ code: reason, message }: Refusal): KvError {
  return new KvError({ code: CODES[reason], message, outcome: "refused", details: { reason } });
}

/** Nothing can be decided as long as it can't be stored. */
export function storageFailed(error: StorageError): KvError {
  return new KvError({
    code: "storage_failed",
    message: `The controller can't store what it decides: ${error.message}`,
    outcome: "refused",
  });
}

export function stopping(): KvError {
  return new KvError({
    code: "stopping",
    message: "The controller is stopping; the workers go on with the map that they have.",
    outcome: "refused",
  });
}

/** There is no such worker; names some of those that there are. */
export function unknownWorker(id: string, known: readonly string[]): KvError {
  const named = known.slice(0, 20).join(", ");
  return new KvError({
    code: "not_found",
    message:
      `There is no worker ${JSON.stringify(id.slice(0, 64))}; ` +
      (named === "" ? "none has registered yet." : `there are ${named}.`),
    outcome: "refused",
  });
}
