/** What a controller stores, as records: there and back. */
import type { ClusterIdentity } from "../core/assignment.ts";
import type { StoredAssignment, WorkerRecord } from "./cluster-state.ts";
import type { ClusterEvent } from "./events.ts";
import type { Decisions } from "./plan.ts";
import type { RecordChange, StoredRecord } from "./store.ts";

/** All that was stored. */
export interface StoredCluster {
  /** Undefined: no cluster has begun here yet. */
  readonly identity: ClusterIdentity | undefined;
  readonly workers: readonly WorkerRecord[];
  readonly assignments: readonly StoredAssignment[];
  readonly events: readonly ClusterEvent[];
}

/** The one record of its kind. */
const IDENTITY = "identity";

/** The store's checksums say that each record is what was written, so its form is not checked. */
export function fromRecords(records: Iterable<StoredRecord>): StoredCluster {
  const byKind = Map.groupBy(records, ({ kind }) => kind);
  const valuesOf = <T>(kind: StoredRecord["kind"]) =>
    (byKind.get(kind) ?? []).map(({ value }) => value as T);
  return {
    identity: valuesOf<ClusterIdentity>("cluster")[0],
    workers: valuesOf<WorkerRecord>("worker").sort((one, other) => one.slot - other.slot),
    assignments: valuesOf<StoredAssignment>("partition"),
    events: valuesOf<ClusterEvent>("event"),
  };
}

export function identityRecord(identity: ClusterIdentity): RecordChange {
  return { kind: "cluster", id: IDENTITY, value: identity };
}

/** What a decision changes, but for its events. */
export function decisionRecords(decisions: Decisions): readonly RecordChange[] {
  const { mapVersion } = decisions;
  return [
    ...decisions.workers.map(
      (worker): RecordChange => ({ kind: "worker", id: worker.id, value: worker }),
    ),
    ...decisions.assignments.map((assignment): RecordChange => {
      const value: StoredAssignment = { assignment, mapVersion };
      return { kind: "partition", id: String(assignment.partition), value };
    }),
  ];
}
