/** Whether a worker is fit to serve: a controller has taken it in, and its copies are synced. */
import { copiesOf } from "../core/assignment.ts";
import type { Readiness } from "../http/service.ts";
import type { Node } from "../node/node.ts";
import type { Contact } from "./heartbeats.ts";
import type { WorkerMap } from "./worker-map.ts";

export interface ReadinessOptions {
  readonly node: Node;
  readonly map: WorkerMap;
  /** URL of the controller, for sentences. */
  readonly controller: string;
  readonly contact: () => Contact;
}

/**
 * Copies that are being brought up to date count too: who restarts workers one after the other
 * waits for each of them to be whole again.
 */
export function readinessOf({ node, map, controller, contact }: ReadinessOptions): Readiness {
  if (node.stopping) {
    return { ready: false, reason: "This worker is stopping.", error: "stopping" };
  }
  if (node.journal.failure !== undefined) {
    return { ready: false, reason: node.journal.failure.message, error: "storage_failed" };
  }
  const how = contact();
  if (how.state === "refused") {
    return { ready: false, reason: how.reason, error: "recovering" };
  }
  if (map.cluster === undefined) {
    const reason = "reason" in how ? how.reason : `Not registered at ${controller} yet.`;
    return { ready: false, reason, error: "recovering" };
  }
  const behind = partitionsBehind(node, map);
  if (behind.length === 0) {
    return { ready: true };
  }
  const some = behind.slice(0, 5).join(", ");
  const more = behind.length > 5 ? ", …" : "";
  const reason = `${behind.length} of its copies are not synced (partitions ${some}${more}).`;
  return { ready: false, reason, error: "recovering" };
}

/** Those whose copy here does not hold all that it should. */
function partitionsBehind(node: Node, map: WorkerMap): number[] {
  const { nodeId } = node.settings;
  const behind: number[] = [];
  for (const [partition, assignment] of map.assignments) {
    const isWanted = copiesOf(assignment).some(({ worker }) => worker === nodeId);
    if (isWanted && !isSynced(node, partition, assignment.primary)) {
      behind.push(partition);
    }
  }
  return behind;
}

/**
 * The primary: enough others hold it too, or will when they have taken in what is under way to
 * them. Another copy: it hears its primary and is up to date.
 */
export function isSynced(node: Node, partition: number, primary: string): boolean {
  const group = node.groups.get(partition);
  if (group === undefined) {
    return false;
  }
  if (group.leader !== undefined) {
    const refusal = group.leader.refusal?.code;
    return primary === node.settings.nodeId && (refusal === undefined || refusal === "overloaded");
  }
  return group.follower.leadership !== undefined && group.follower.core.synced;
}
