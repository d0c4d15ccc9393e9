/** A write by a command: to the node that was named, or to the leader that this node names. */
import { type ClientOptions, clientOf } from "./client-options.ts";
import { type NodeRequest, type Reply, refusal, requestAtLeader } from "./node-client.ts";
import { printLine, printNote } from "./output.ts";

/**
 * Sends a write, to the leader where the node is none. Prints the answer for programs; a refused or
 * indeterminate write is thrown.
 */
export async function sendWrite(options: ClientOptions, request: NodeRequest): Promise<Reply> {
  const reply = await requestAtLeader(clientOf(options), request, (from, to) => {
    if (!options.json) printNote(`${from} is a follower; writing to its leader ${to}.`);
  });
  if (options.json) printLine(reply.text.trim());
  if (!reply.ok) throw refusal(reply);
  return reply;
}

/** `confirmed by 3 followers (required 3)`. */
export function confirmation(reply: Reply): string {
  const { acks, required } = reply.body;
  return `confirmed by ${acks} follower${acks === 1 ? "" : "s"} (required ${required})`;
}
