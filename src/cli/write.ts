/** A write by a command: to the node that was named, or to the leader that this node names. */
import { type ClientOptions, clientOf } from "./client-options.ts";
import { NodeClient, type NodeRequest, type Reply, refusal } from "./node-client.ts";
import { printLine, printNote } from "./output.ts";

/**
 * Sends a write and follows `not_leader` to the leader, once. Prints the answer for programs; a
 * refused or indeterminate write is thrown.
 */
export async function sendWrite(options: ClientOptions, request: NodeRequest): Promise<Reply> {
  let reply = await clientOf(options).request(request);
  const { error, leader } = reply.body;
  if (error === "not_leader" && typeof leader === "string") {
    if (!options.json) printNote(`${options.node} is a follower; writing to its leader ${leader}.`);
    reply = await new NodeClient(leader, options.timeout).request(request);
  }
  if (options.json) printLine(reply.text.trim());
  if (!reply.ok) throw refusal(reply);
  return reply;
}

/** `confirmed by 3 followers (required 3)`. */
export function confirmation(reply: Reply): string {
  const { acks, required } = reply.body;
  return `confirmed by ${acks} follower${acks === 1 ? "" : "s"} (required ${required})`;
}
