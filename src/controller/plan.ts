/**
 * What the controller decides: for every partition on which something has changed the next step,
 * as far as there is room for it. Decisions hold only once they are stored and given to `apply`.
 */
import type { Assignment } from "../core/assignment.ts";
import type { Bounded, ClusterState, Partition, WorkerRecord } from "./cluster-state.ts";
import { setAssignment } from "./create-cluster.ts";
import { firstAssignment, isTimeToPlace } from "./first-placement.ts";
import { avoidedUntilMs } from "./patience.ts";
import { eventsOf, type Fact, type PlanEvent } from "./plan-events.ts";
import { Room } from "./room.ts";
import type { Step } from "./step.ts";
import { nextStep } from "./steps.ts";
import { remembers, viewOf } from "./view.ts";

/** To be stored as a whole before anybody hears of it, and then given to `apply`. */
export interface Decisions {
  /** The version of the map with these assignments; the old one where there are none. */
  readonly mapVersion: number;
  /** New or changed; at most one of each partition. */
  readonly assignments: readonly Assignment[];
  /** New or changed. */
  readonly workers: readonly WorkerRecord[];
  readonly events: readonly PlanEvent[];
  /** For `apply`: how the assignments came about. */
  readonly steps: readonly Step[];
  /** For `apply`: partitions that were looked at. */
  readonly considered: ReadonlySet<number>;
  /** For `apply`: partitions that nobody can take over, which was not told yet. */
  readonly lost: readonly number[];
  /** For `apply`: how many facts the events tell of. */
  readonly told: number;
}

const KINDS: readonly Bounded[] = ["repair", "rebalance", "handover"];

/**
 * Decides what is due now; costs next to nothing when nothing has changed. It changes nothing that
 * is decided: when it could not be stored, it is simply called again.
 */
export function plan(state: ClusterState, nowMs: number): Decisions {
  state.nowMs = Math.max(state.nowMs, nowMs);
  if (state.behind !== undefined) {
    return nothing(state);
  }
  refreshIdeals(state);
  const considered = new Set(state.dirty);
  const steps = new Map<number, Step>();
  const lost: number[] = [];
  const facts: Fact[] = [];
  place(state, steps, facts);
  let queued = false;
  for (const number of considered) {
    const verdict = nextStep(state, state.partitions[number] as Partition);
    unqueue(state, number);
    if (verdict === "lost") {
      lost.push(number);
    } else if (verdict?.bounded !== undefined) {
      state.waiting[verdict.bounded].set(number, verdict.into);
      queued = true;
    } else if (verdict !== undefined) {
      steps.set(number, verdict);
    }
  }
  if (queued || state.roomFreed) {
    useRoom(state, steps);
  }
  const untold = lost.filter((number) => state.partitions[number]?.toldLost === false);
  const made = [...steps.values()];
  return decisionsOf(state, {
    considered,
    steps: made,
    lost: untold,
    facts: [
      ...facts,
      ...made.flatMap((step) => step.fact ?? []),
      ...untold.map((number) => lossOf(state, number)),
    ],
  });
}

function nothing({ mapVersion }: ClusterState): Decisions {
  const none = { assignments: [], workers: [], events: [], steps: [], lost: [] };
  return { ...none, mapVersion, considered: new Set(), told: 0 };
}

/** Nothing is to be stored and nobody is to be told; `apply` is due all the same. */
export function isEmpty(decisions: Decisions): boolean {
  const { assignments, workers, events } = decisions;
  return assignments.length === 0 && workers.length === 0 && events.length === 0;
}

/** Makes decisions hold that have been stored; nothing may be heard between `plan` and this. */
export function apply(state: ClusterState, decisions: Decisions, nowMs: number): void {
  state.nowMs = Math.max(state.nowMs, nowMs);
  state.mapVersion = decisions.mapVersion;
  state.facts.splice(0, decisions.told);
  state.roomFreed = false;
  for (const number of decisions.considered) {
    state.dirty.delete(number);
  }
  for (const step of decisions.steps) {
    applyStep(state, step);
  }
  for (const number of decisions.lost) {
    (state.partitions[number] as Partition).toldLost = true;
  }
  for (const record of decisions.workers) {
    if (state.workers[record.slot]?.record === record) {
      state.unstored.delete(record.slot);
    }
  }
}

function applyStep(state: ClusterState, step: Step): void {
  const { assignment } = step;
  const number = assignment.partition;
  const partition = state.partitions[number] as Partition;
  const learners = partition.assignment?.learners.length ?? 0;
  if (step.failed !== undefined) {
    const untilMs = avoidedUntilMs(state, partition);
    partition.avoided = [...partition.avoided, { slot: step.failed, untilMs }];
    partition.attempts += 1;
    state.avoiding.add(number);
  }
  const newGeneration = partition.assignment?.generation !== assignment.generation;
  setAssignment(state, assignment);
  unqueue(state, number);
  if (step.bounded === "handover") {
    state.handingOver.add(number);
  } else if (newGeneration && state.handingOver.delete(number)) {
    state.roomFreed = true;
  }
  state.roomFreed ||= assignment.learners.length < learners;
  state.dirty.add(number);
}

function refreshIdeals(state: ClusterState): void {
  // Before the first placement everybody who comes would change everything.
  const nothingPlaced = state.unplaced.size === state.partitions.length;
  if (!state.idealsStale || (nothingPlaced && !isTimeToPlace(state))) {
    return;
  }
  state.idealsStale = false;
  const eligible = state.workers.flatMap(({ life, record }) => {
    return life === "down" || record.draining ? [] : [record];
  });
  for (const number of state.ideals.update(eligible)) {
    state.dirty.add(number);
  }
}

function place(state: ClusterState, steps: Map<number, Step>, facts: Fact[]): void {
  if (state.unplaced.size === 0 || !isTimeToPlace(state)) {
    return;
  }
  for (const number of state.unplaced) {
    const assignment = firstAssignment(state, number);
    if (assignment !== undefined) {
      steps.set(number, { assignment });
    }
  }
  const workers = state.workers.filter((one) => one.life === "up" && !one.record.draining).length;
  facts.push({ type: "placed", detail: `${steps.size} partitions on ${workers} workers` });
}

function useRoom(state: ClusterState, steps: Map<number, Step>): void {
  if (KINDS.every((kind) => state.waiting[kind].size === 0)) {
    return;
  }
  const room = new Room(state);
  for (const kind of KINDS) {
    for (const [number, into] of state.waiting[kind]) {
      if (!room.has(kind, into)) {
        if (kind === "repair") {
          continue;
        }
        break;
      }
      const verdict = nextStep(state, state.partitions[number] as Partition);
      if (verdict !== "lost" && verdict?.bounded === kind && room.has(kind, verdict.into)) {
        room.take(verdict);
        steps.set(number, verdict);
      }
    }
  }
}

function unqueue(state: ClusterState, partition: number): void {
  for (const kind of KINDS) {
    state.waiting[kind].delete(partition);
  }
}

function lossOf(state: ClusterState, number: number): Fact {
  const partition = state.partitions[number] as Partition;
  const missing = new Set<string>();
  if (partition.assignment !== undefined) {
    const view = viewOf(state, partition, partition.assignment);
    const sets = [view.assignment, ...view.assignment.earlier];
    for (const copy of sets.flatMap((one) => one.members)) {
      if (!remembers(view, copy)) {
        missing.add(copy.worker);
      }
    }
  }
  return { type: "lost", partition: number, detail: [...missing].join(", ") };
}

function decisionsOf(
  state: ClusterState,
  made: {
    readonly considered: ReadonlySet<number>;
    readonly steps: readonly Step[];
    readonly lost: readonly number[];
    readonly facts: readonly Fact[];
  },
): Decisions {
  const assignments = made.steps.map((step) => step.assignment);
  return {
    mapVersion: state.mapVersion + (assignments.length > 0 ? 1 : 0),
    assignments,
    workers: [...state.unstored].flatMap((slot) => state.workers[slot]?.record ?? []),
    events: eventsOf([...state.facts, ...made.facts]),
    steps: made.steps,
    considered: made.considered,
    lost: made.lost,
    told: state.facts.length,
  };
}
