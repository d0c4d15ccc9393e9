/** How a cluster's state begins, and how what is stored of it changes. */
import { invariant } from "../base/invariant.ts";
import type { Assignment, ClusterIdentity } from "../core/assignment.ts";
import { copiesOf } from "../core/assignment.ts";
import type {
  ClusterState,
  Partition,
  PlanSettings,
  StoredAssignment,
  Worker,
  WorkerLife,
  WorkerRecord,
} from "./cluster-state.ts";
import { nameOf } from "./cluster-state.ts";
import { Ideals } from "./ideals.ts";
import { MapLog } from "./map-log.ts";

/** After a start: with what the store holds. Everybody gets a whole time-out to be heard. */
export function createCluster(options: {
  readonly identity: ClusterIdentity;
  readonly settings: PlanSettings;
  readonly workers: readonly WorkerRecord[];
  readonly assignments: readonly StoredAssignment[];
  readonly nowMs: number;
}): ClusterState {
  const { identity, nowMs } = options;
  const state: ClusterState = {
    identity,
    settings: options.settings,
    startedMs: nowMs,
    nowMs,
    passedMs: nowMs,
    firstHeardMs: undefined,
    lastJoinedMs: nowMs,
    mapVersion: 0,
    behind: undefined,
    workers: [],
    byId: new Map(),
    partitions: Array.from({ length: identity.partitions }, (_, partition) =>
      emptyPartition(partition, nowMs),
    ),
    ideals: new Ideals(identity.partitions, identity.replicas),
    idealsStale: true,
    unstored: new Set(),
    mapLog: new MapLog(identity.partitions),
    dirty: new Set(),
    waiting: { repair: new Map(), rebalance: new Map(), handover: new Map() },
    roomFreed: false,
    unplaced: new Set(Array.from({ length: identity.partitions }, (_, partition) => partition)),
    learning: new Set(),
    handingOver: new Set(),
    retaining: new Set(),
    avoiding: new Set(),
    unserved: new Set(),
    sinceMs: new Map(),
    facts: [],
  };
  for (const record of [...options.workers].sort((one, other) => one.slot - other.slot)) {
    addWorker(state, record, "unheard");
  }
  const oldestFirst = [...options.assignments].sort((one, other) => {
    return one.mapVersion - other.mapVersion;
  });
  for (const { assignment, mapVersion } of oldestFirst) {
    state.mapVersion = mapVersion;
    setAssignment(state, assignment);
  }
  return state;
}

function emptyPartition(partition: number, nowMs: number): Partition {
  return {
    partition,
    assignment: undefined,
    copies: [],
    lead: undefined,
    led: false,
    waitingSinceMs: nowMs,
    starvedSinceMs: undefined,
    attempts: 0,
    avoided: [],
    lastSynced: [],
    toldLost: false,
    foundedIn: 0,
    possibleLosses: new Map(),
  };
}

/** Its slot is the next one. */
export function addWorker(state: ClusterState, record: WorkerRecord, life: WorkerLife): Worker {
  invariant(record.slot === state.workers.length, "the slots of workers are dense");
  const worker: Worker = {
    record,
    life,
    lastHeardMs: state.nowMs,
    instance: undefined,
    formerInstances: [],
    formerHeard: undefined,
    stopping: false,
    mapVersion: 0,
    reported: false,
    reportedMs: state.nowMs,
    partitions: new Set(),
    memberships: 0,
    primaries: 0,
  };
  state.workers.push(worker);
  state.byId.set(record.id, worker);
  state.idealsStale = true;
  return worker;
}

/** Puts a stored assignment in the place of the one before, as of `state.mapVersion`. */
export function setAssignment(state: ClusterState, assignment: Assignment): void {
  const partition = state.partitions[assignment.partition];
  invariant(partition !== undefined, "an assignment is of a partition that there is");
  const before = partition.assignment;
  invariant(
    before === undefined ||
      (before.revision < assignment.revision && before.generation <= assignment.generation),
    "an assignment is replaced by a later one",
  );
  if (before !== undefined) {
    countWorkers(state, before, -1);
  }
  countWorkers(state, assignment, 1);
  noteTimes(state, before, assignment);
  partition.assignment = assignment;
  partition.copies = partition.copies.filter(({ slot }) => {
    return state.workers[slot]?.partitions.has(assignment.partition);
  });
  if (before === undefined || before.generation < assignment.generation) {
    partition.lead = undefined;
    partition.led = false;
    partition.waitingSinceMs = state.nowMs;
    partition.starvedSinceMs = undefined;
    state.unserved.add(assignment.partition);
  }
  state.unplaced.delete(assignment.partition);
  state.mapLog.note(assignment.partition, state.mapVersion);
  setPresence(state.learning, assignment.partition, assignment.learners.length > 0);
  setPresence(state.retaining, assignment.partition, assignment.retained.length > 0);
}

function countWorkers(state: ClusterState, assignment: Assignment, by: 1 | -1): void {
  for (const copy of copiesOf(assignment)) {
    const worker = state.byId.get(copy.worker);
    invariant(worker?.record.slot === copy.slot, "a copy is at a worker that there is");
    setPresence(worker.partitions, assignment.partition, by === 1);
  }
  for (const member of assignment.members) {
    const worker = state.workers[member.slot];
    if (worker !== undefined) {
      worker.memberships += by;
      worker.primaries += member.worker === assignment.primary ? by : 0;
    }
  }
}

/** Since when somebody is a learner or retained: where known, from when it began. */
function noteTimes(state: ClusterState, before: Assignment | undefined, after: Assignment): void {
  const kept = new Set([...after.learners, ...after.retained].map((copy) => copy.worker));
  for (const copy of [...(before?.learners ?? []), ...(before?.retained ?? [])]) {
    if (!kept.has(copy.worker)) {
      state.sinceMs.delete(nameOf(after.partition, copy.worker));
    }
  }
  for (const [kind, copies] of [
    ["learners", after.learners],
    ["retained", after.retained],
  ] as const) {
    for (const copy of copies) {
      if (!before?.[kind].some((other) => other.worker === copy.worker)) {
        state.sinceMs.set(nameOf(after.partition, copy.worker), state.nowMs);
      }
    }
  }
}

export function setPresence(set: Set<number>, item: number, present: boolean): void {
  if (present) {
    set.add(item);
  } else {
    set.delete(item);
  }
}
