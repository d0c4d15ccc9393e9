/** What a worker shows of itself and its copies. */
import type { Assignment } from "../core/assignment.ts";
import type { CopyStatus, WorkerStatus } from "../http/service.ts";
import type { Group } from "../node/group.ts";
import type { CopiesOptions } from "./copies.ts";
import { isSynced } from "./readiness.ts";
import { whereaboutsOf } from "./refusals.ts";

/** Costs a walk over the copies, and never over the keys. */
export function workerStatusOf({ node, map, controller, contact }: CopiesOptions): WorkerStatus {
  const { settings, lab, durable } = node;
  const how = contact();
  const groups = [...node.groups].sort(([one], [other]) => one - other);
  const partitions = groups.map(([partition, group]): CopyStatus => {
    const assignment = map.get(partition);
    const { leads, blank, synced: generation } = group.report();
    const { sequence, commitWatermark } = group.leader ?? {};
    const { core } = group.follower;
    return {
      partition,
      generation: assignment?.generation ?? generation,
      role: roleOf(group, assignment, settings.nodeId),
      primary: whereaboutsOf(partition, assignment).primary ?? null,
      synced: isSynced(node, partition, assignment?.primary ?? ""),
      blank,
      watermark: sequence ?? core.standing.watermark,
      commitWatermark: commitWatermark ?? core.commitWatermark,
      keys: group.replica.keys,
      followers: (leads?.followers ?? []).map(({ worker, connected, synced, lagEntries }) => {
        return { worker, connected, synced, lagEntries };
      }),
    };
  });
  return {
    node: settings.nodeId,
    role: "worker",
    controller,
    controllerState: how.state,
    controllerReason: "reason" in how ? how.reason : null,
    cluster: map.cluster ?? null,
    minDelayMs: lab.minDelayMs,
    maxDelayMs: lab.maxDelayMs,
    durable,
    keys: partitions.reduce((sum, { keys }) => sum + keys, 0),
    primaries: partitions.filter(({ role }) => role === "primary").length,
    partitions,
    possibleLoss: groups.flatMap(([, { possibleLoss }]) => possibleLoss),
  };
}

function roleOf(
  group: Group,
  assignment: Assignment | undefined,
  worker: string,
): CopyStatus["role"] {
  if (group.leader !== undefined) {
    return "primary";
  }
  if (group.role === "candidate") {
    return "candidate";
  }
  const isOne = (copies: Assignment["members"] | undefined) =>
    copies?.some((copy) => copy.worker === worker) === true;
  if (isOne(assignment?.learners)) {
    return "learner";
  }
  return isOne(assignment?.members) ? "replica" : "away";
}
