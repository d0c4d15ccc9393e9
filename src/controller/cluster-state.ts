/**
 * What the controller knows of its cluster: what is decided and stored (workers, assignments), and
 * beside it what was heard since this controller started, which is never stored.
 *
 * It has no clock and no randomness: times are milliseconds of one clock that only goes forward,
 * given with each call. `heard` (hear.ts) and `pass` (pass.ts) take in heartbeats and time, `plan`
 * (plan.ts) decides, and `apply` (apply.ts) makes a decision hold once it is stored.
 *
 * Only grow: slots, mapVersion, and each partition's generation and revision.
 */
import type { Assignment, ClusterIdentity } from "../core/assignment.ts";
import type { CopyReport, LeadReport } from "../node/heartbeat.ts";
import type { Ideals } from "./ideals.ts";
import type { MapLog } from "./map-log.ts";
import type { Fact } from "./plan-events.ts";

export interface PlanSettings {
  /** Who is silent for longer is down. */
  readonly heartbeatTimeoutMs: number;
  /** How often `pass` is called; a much longer gap means that the controller itself stood still. */
  readonly checkIntervalMs: number;
  /**
   * Copies that move for balance at once in the cluster; primaries that move for balance at once;
   * and lost copies that one worker is brought at once.
   */
  readonly movesAtOnce: number;
  /** How long tombstones are kept for a former member that is away. */
  readonly retainMs: number;
  /** Addresses of workers that the first placement waits for; may be empty. */
  readonly expected: readonly string[];
}

/** A worker as it is stored. */
export interface WorkerRecord {
  readonly id: string;
  readonly address: string;
  /** Given once, never to another; dense from 0. */
  readonly slot: number;
  readonly draining: boolean;
}

/** An assignment as it is stored. */
export interface StoredAssignment {
  readonly assignment: Assignment;
  /** The version of the map with which it came. */
  readonly mapVersion: number;
}

/** unheard: not heard since this controller started, and not for long enough to judge. */
export type WorkerLife = "unheard" | "up" | "down";

export interface Worker {
  record: WorkerRecord;
  life: WorkerLife;
  lastHeardMs: number;
  /** Of the last heartbeat; undefined before the first. */
  instance: string | undefined;
  /** Instances that another one has replaced: what they say most likely comes too late. */
  formerInstances: readonly string[];
  /** The former instance that has spoken since `instance` last did. */
  formerHeard: string | undefined;
  /** It said that it is about to stop. */
  stopping: boolean;
  /** The newest map that it said it has taken in. */
  mapVersion: number;
  /** All its reports are known. */
  reported: boolean;
  /** When it last sent all its reports. */
  reportedMs: number;
  /** Partitions whose assignment names it, as anything. */
  readonly partitions: Set<number>;
  /** Of how many partitions it is a member. */
  memberships: number;
  /** Of how many it is the primary. */
  primaries: number;
}

/** What a worker said of its copy. */
export interface HeardCopy {
  readonly slot: number;
  readonly report: CopyReport;
}

/** A worker that is not to be primary by choice for a while: it did not open, or reached nobody. */
export interface Avoided {
  readonly slot: number;
  readonly untilMs: number;
}

export interface Partition {
  readonly partition: number;
  /** As stored; undefined before the first placement. */
  assignment: Assignment | undefined;
  /** The last reports, at most one of each worker that the assignment names. */
  copies: readonly HeardCopy[];
  /** As the appointed primary reports it in exactly this generation; undefined: not leading. */
  lead: LeadReport | undefined;
  /** Somebody has led in this generation, as far as this controller knows. */
  led: boolean;
  /** Since when nobody leads; counts while `lead` is undefined. */
  waitingSinceMs: number;
  /** Since when the one who leads reaches fewer members than a write needs. */
  starvedSinceMs: number | undefined;
  /** How often in a row another primary was appointed because one that is up did not do. */
  attempts: number;
  avoided: readonly Avoided[];
  /** Ids of those who were synced as the last leader reported it. */
  lastSynced: readonly string[];
  /** People were told that it is lost. */
  toldLost: boolean;
  /** The epoch in which it began, or began anew, as far as this controller knows; 0 unknown. */
  foundedIn: number;
  /** By slot, how many possible losses its worker has told of. */
  readonly possibleLosses: Map<number, number>;
}

/** What is done to so many partitions at a time; see PlanSettings. */
export type Bounded = "repair" | "rebalance" | "handover";

export interface ClusterState {
  readonly identity: ClusterIdentity;
  readonly settings: PlanSettings;
  readonly startedMs: number;
  /** The latest time that any call gave. */
  nowMs: number;
  /** When `pass` was last called. */
  passedMs: number;
  /** When the first worker came since this controller started, and when the newest one did. */
  firstHeardMs: number | undefined;
  lastJoinedMs: number;
  /** The version of the newest stored map; rises with each plan that changes an assignment. */
  mapVersion: number;
  /**
   * A worker of this cluster knows a newer map, so the store is an old copy: whatever were decided
   * now could have been decided otherwise before, under the same numbers. Says so; never cleared.
   */
  behind: string | undefined;
  /** By slot; the same objects as in `byId`. */
  readonly workers: Worker[];
  readonly byId: Map<string, Worker>;
  readonly partitions: readonly Partition[];
  readonly ideals: Ideals;
  /** Who can be given partitions may have changed since `ideals` was told. */
  idealsStale: boolean;
  /** Slots whose record is not stored as it stands here. */
  readonly unstored: Set<number>;
  readonly mapLog: MapLog;
  /** Something has changed that a rule may rest on. */
  readonly dirty: Set<number>;
  /** Partitions that wait for room, each with the slot that its repair goes into. */
  readonly waiting: Readonly<Record<Bounded, Map<number, number | undefined>>>;
  /** Room may have become free since the waiting ones were last looked at. */
  roomFreed: boolean;
  /** Partitions without an assignment. */
  readonly unplaced: Set<number>;
  /** Partitions with learners. */
  readonly learning: Set<number>;
  /** Partitions whose newest generation was a matter of balance and is not open yet. */
  readonly handingOver: Set<number>;
  /** Partitions with retained copies. */
  readonly retaining: Set<number>;
  /** Partitions with somebody to avoid. */
  readonly avoiding: Set<number>;
  /** Nobody leads them, or somebody who reaches too few: time alone may change what is due. */
  readonly unserved: Set<number>;
  /** Since when somebody is a learner or retained, by `nameOf`; since the start where unknown. */
  readonly sinceMs: Map<string, number>;
  /** What happened that people were not told yet. */
  readonly facts: Fact[];
}

/** How many promises of so many members meet every set of members behind an acknowledged write. */
export function promisesOf(members: number, writeQuorum: number): number {
  return members - writeQuorum + 1;
}

/** For `sinceMs`. */
export function nameOf(partition: number, worker: string): string {
  return `${partition} ${worker}`;
}
