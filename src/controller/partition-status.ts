/** How workers and partitions stand, in the words for people. */
import type { Assignment, Copy } from "../core/assignment.ts";
import type { ClusterState, Partition, Worker } from "./cluster-state.ts";
import { nameOf } from "./cluster-state.ts";
import { canTakeOver } from "./primaries.ts";
import { isSynced, remembers, saysBlank, type View, viewOf, workerOf } from "./view.ts";

/**
 * unplaced: it waits for enough workers. lost: nobody can take it over without those who are
 * missing. taking over: nobody serves it yet. under-replicated: members are missing and nobody can
 * stand in. catching up: somebody is being brought up to date who is needed. moving: it changes
 * workers for balance.
 */
export type PartitionCondition =
  | "ok"
  | "unplaced"
  | "taking over"
  | "under-replicated"
  | "catching up"
  | "moving"
  | "lost";

export interface MemberStatus {
  readonly id: string;
  readonly address: string;
  readonly role: "primary" | "replica" | "learner" | "away";
  readonly state: "synced" | "catching up" | "down" | "unknown";
  /** As the primary sees it; null while it does not say. */
  readonly lagEntries: number | null;
}

export interface PartitionStatus {
  readonly partition: number;
  /** 0 before the first placement. */
  readonly generation: number;
  /** Null while nobody leads. */
  readonly epoch: number | null;
  /** The worker's id. */
  readonly primary: string | null;
  readonly members: readonly MemberStatus[];
  readonly state: PartitionCondition;
  /** Ids of members that are down or remember nothing. */
  readonly missing: readonly string[];
}

export interface WorkerStatus {
  readonly id: string;
  readonly address: string;
  readonly slot: number;
  readonly status: "up" | "down" | "draining";
  /** Null: not heard since this controller started. */
  readonly heartbeatAgeMs: number | null;
  /** Of how many it is a member. */
  readonly partitions: number;
  readonly primaries: number;
}

export function partitionStatus(state: ClusterState, partition: Partition): PartitionStatus {
  const { assignment } = partition;
  const number = partition.partition;
  if (assignment === undefined) {
    const nothing = { generation: 0, epoch: null, primary: null, members: [], missing: [] };
    return { partition: number, state: "unplaced", ...nothing };
  }
  const view = viewOf(state, partition, assignment);
  return {
    partition: number,
    generation: assignment.generation,
    epoch: partition.lead?.epoch ?? null,
    primary: assignment.primary,
    members: membersOf(view),
    state: conditionOf(view),
    missing: missingOf(view),
  };
}

export function workerStatus(state: ClusterState, worker: Worker, nowMs: number): WorkerStatus {
  const { id, address, slot, draining } = worker.record;
  const alive = draining ? "draining" : "up";
  const heardMs = worker.instance === undefined ? undefined : worker.lastHeardMs;
  return {
    id,
    address,
    slot,
    status: worker.life === "down" ? "down" : alive,
    heartbeatAgeMs: heardMs === undefined ? null : Math.max(state.nowMs, nowMs) - heardMs,
    partitions: worker.memberships,
    primaries: worker.primaries,
  };
}

/** Who is being brought up to date where, and since when by the clock of the calls. */
export function moving(
  state: ClusterState,
): { readonly partition: number; readonly worker: string; readonly sinceMs: number }[] {
  return [...state.learning].flatMap((partition) => {
    const learners = state.partitions[partition]?.assignment?.learners ?? [];
    return learners.map(({ worker }) => {
      const sinceMs = state.sinceMs.get(nameOf(partition, worker)) ?? state.startedMs;
      return { partition, worker, sinceMs };
    });
  });
}

function conditionOf(view: View): PartitionCondition {
  const { assignment, lead, ideal, state } = view;
  const { replicas } = state.identity;
  if (lead?.open !== true) {
    return lead === undefined && isLost(view) ? "lost" : "taking over";
  }
  const living = assignment.members.filter((copy) => workerOf(view, copy).life !== "down").length;
  if (living < replicas) {
    return assignment.learners.length > 0 ? "catching up" : "under-replicated";
  }
  if (assignment.members.some((copy) => !isSynced(view, copy))) {
    return "catching up";
  }
  const member = (slot: number) => assignment.members.some((copy) => copy.slot === slot);
  const settled = assignment.learners.length === 0 && assignment.earlier.length === 0;
  return settled && ideal.every(member) ? "ok" : "moving";
}

/** Those who could promise, with those of whom nothing is known yet, are not enough. */
function isLost(view: View): boolean {
  const { assignment, partition } = view;
  const founding = assignment.generation === 1 && !partition.led;
  if (founding && workerOf(view, primaryCopy(assignment)).life !== "down") {
    return false;
  }
  const unknown = assignment.members.some((copy) => {
    const { life, reported } = workerOf(view, copy);
    return life === "unheard" || (life === "up" && !reported);
  });
  return !unknown && !canTakeOver(view);
}

function missingOf(view: View): string[] {
  const { assignment, partition } = view;
  const founding = assignment.generation === 1 && !partition.led;
  const copies = [assignment, ...assignment.earlier].flatMap((one) => one.members);
  const missing = copies.filter((copy) => {
    const { life } = workerOf(view, copy);
    return life === "down" || (!founding && saysBlank(view, copy));
  });
  return [...new Set(missing.map((copy) => copy.worker))];
}

function membersOf(view: View): MemberStatus[] {
  const { assignment } = view;
  const former = assignment.earlier
    .flatMap((one) => one.members)
    .filter((copy) => !assignment.members.some((member) => member.worker === copy.worker));
  const away = new Map([...former, ...assignment.retained].map((copy) => [copy.worker, copy]));
  const toStatus = (role: MemberStatus["role"]) => (copy: Copy) => memberOf(view, copy, role);
  return [
    ...assignment.members.map((copy) => {
      return memberOf(view, copy, copy.worker === assignment.primary ? "primary" : "replica");
    }),
    ...assignment.learners.map(toStatus("learner")),
    ...[...away.values()]
      .filter((copy) => !assignment.learners.some((learner) => learner.worker === copy.worker))
      .map(toStatus("away")),
  ];
}

function memberOf(view: View, copy: Copy, role: MemberStatus["role"]): MemberStatus {
  const { lead } = view;
  const { id, address } = workerOf(view, copy).record;
  const followed = lead?.followers.find((one) => {
    return one.worker === copy.worker && one.copy === copy.copy;
  });
  const leads = role === "primary" && lead !== undefined;
  return {
    id,
    address,
    role,
    state: memberState(view, copy),
    lagEntries: leads ? 0 : (followed?.lagEntries ?? null),
  };
}

function memberState(view: View, copy: Copy): MemberStatus["state"] {
  if (workerOf(view, copy).life === "down") {
    return "down";
  }
  if (isSynced(view, copy)) {
    return "synced";
  }
  return view.lead !== undefined || remembers(view, copy) ? "catching up" : "unknown";
}

function primaryCopy(assignment: Assignment): Copy {
  return assignment.members.find((copy) => copy.worker === assignment.primary) as Copy;
}
