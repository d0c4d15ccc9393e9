/** What a worker has to be told. */
import type { Assignment } from "../core/assignment.ts";
import type { ClusterState } from "./cluster-state.ts";

/** The assignments that are newer than this version of the map. */
export function assignmentsSince(state: ClusterState, mapVersion: number): Assignment[] {
  return state.mapLog
    .since(mapVersion)
    .flatMap((number) => state.partitions[number]?.assignment ?? []);
}
