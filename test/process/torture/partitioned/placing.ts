/** Whether all copies are where they should be, computed apart from the controller's own plan. */
import { partitionSeed, scoreOf, workerSeed } from "../../../../src/core/placement.ts";
import type { ClusterStatus, PartitionView } from "./crew.ts";

/** The ids of those who should keep this partition, best first. */
export function idealOf(
  partition: number,
  workers: readonly string[],
  replicas: number,
): readonly string[] {
  const scoreOfWorker = (id: string) => scoreOf(partitionSeed(partition), workerSeed(id));
  return [...workers]
    .sort((one, other) => scoreOfWorker(other) - scoreOfWorker(one) || (one < other ? -1 : 1))
    .slice(0, replicas);
}

/** Ids of those who count: not learners, nor former members that are away. */
export function membersOf({ members }: PartitionView): readonly string[] {
  return members.filter(({ role }) => role === "primary" || role === "replica").map(({ id }) => id);
}

/** The first thing that is not as it should be; undefined where everything is. */
export function misplaced(
  { workers, partitions, moving }: ClusterStatus,
  expected: {
    readonly up: readonly string[];
    readonly replicas: number;
    readonly partitions: number;
  },
): string | undefined {
  const up = workers.filter(({ status }) => status === "up").map(({ id }) => id);
  if (up.length !== expected.up.length || !expected.up.every((id) => up.includes(id))) {
    return `up are ${up.join(", ")}, and should be ${expected.up.join(", ")}`;
  }
  if (partitions.length !== expected.partitions) return `${partitions.length} partitions`;
  for (const view of partitions) {
    const { partition, state, primary } = view;
    const ideal = idealOf(partition, up, expected.replicas);
    const members = membersOf(view);
    const where = `partition ${partition} (${state}) is at ${members.join(", ")}`;
    if (state !== "ok") return `${where}: ${JSON.stringify(view)}`;
    if (members.length !== ideal.length || !ideal.every((id) => members.includes(id))) {
      return `${where}, and should be at ${ideal.join(", ")}`;
    }
    if (primary !== ideal[0]) return `${where}; ${primary} leads it, and not ${ideal[0]}`;
  }
  return moving.length === 0 ? undefined : "something moves";
}
