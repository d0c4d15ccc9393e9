/**
 * What the controller knows of its cluster: what is decided and stored (workers, assignments), and
 * beside it what was heard since this controller started, which is never stored.
 *
 * It has no clock and no randomness: times are milliseconds of one clock that only goes forward,
 * given with each call. `heard` (hear.ts) and `pass` (pass.ts) take in heartbeats and time, `plan`
 * (plan.ts) decides without changing anything, and `apply` makes a decision hold once it is stored.
 *
 * Only grow: slots, mapVersion, and each partition's generation, revision and copy numbers.
 */
import type { Assignment, ClusterIdentity } from "../core/assignment.ts";
import type { CopyReport, LeadReport } from "../node/heartbeat.ts";

export interface PlanSettings {
  /** Who is silent for longer is down. */
  readonly heartbeatTimeoutMs: number;
  /** How often `pass` is called; a longer gap means that the controller itself stood still. */
  readonly checkIntervalMs: number;
  /** Copies that move for balance at once in the cluster, and repairs at once into one worker. */
  readonly movesAtOnce: number;
  /** How long tombstones are kept for a former member that is away. */
  readonly retainMs: number;
  /** Addresses of workers that the first placement waits for; empty: as many as REPLICAS says. */
  readonly expected: readonly string[];
}

/** A worker as it is stored. */
export interface WorkerRecord {
  readonly id: string;
  readonly address: string;
  /** Given once, never to another. */
  readonly slot: number;
  readonly draining: boolean;
}

/** An assignment as it is stored. */
export interface StoredAssignment {
  readonly assignment: Assignment;
  /** The version of the map with which it came. */
  readonly mapVersion: number;
}

/** unheard: not heard since this controller started, and not yet for long enough to judge. */
export type WorkerLife = "unheard" | "up" | "down";

export interface Worker {
  record: WorkerRecord;
  /** `record` is stored as it stands here. */
  stored: boolean;
  life: WorkerLife;
  lastHeardMs: number;
  /** Of the last heartbeat; undefined before the first. */
  instance: string | undefined;
  /** Instances that a later one has replaced: what they said comes too late. */
  readonly formerInstances: string[];
  stopping: boolean;
  /** The newest map that it said it has taken in. */
  mapVersion: number;
  /** It has sent all its reports since this controller and this instance of it started. */
  reported: boolean;
  /** When it last sent all its reports. */
  reportedAllMs: number;
  /** Partitions whose assignment names it, as anything. */
  readonly partitions: Set<number>;
  /** Of how many it is a member. */
  memberships: number;
  /** Of how many it is the primary. */
  primaries: number;
}

/** What a worker said of its copy. */
export interface HeardCopy {
  readonly slot: number;
  readonly report: CopyReport;
}

export interface Partition {
  readonly partition: number;
  /** As stored; undefined before the first placement. */
  assignment: Assignment | undefined;
  /** The version of the map with which `assignment` came; 0 none. */
  mapVersion: number;
  /** The last reports, at most one of each worker that the assignment names. */
  readonly copies: HeardCopy[];
  /** As the appointed primary reports it in exactly this generation; undefined: not leading. */
  lead: LeadReport | undefined;
  /** Since when there is no primary at work: `lead` is missing or not open. */
  waitingSinceMs: number;
  /** Since when the open primary reaches fewer members than a write needs; undefined: it does. */
  starvedSinceMs: number | undefined;
  /** How often in a row somebody else was appointed because a primary did not open. */
  attempts: number;
  /** Workers that did not open or reached nobody: not to be primary by choice for a while. */
  readonly avoided: { readonly slot: number; readonly untilMs: number }[];
  /** Slots that were synced as the last primary reported them. */
  lastSynced: readonly number[];
  /** Since when each learner and retained copy is one, as far as this controller knows. */
  readonly sinceMs: Map<string, number>;
}

export interface ClusterState {
  readonly identity: ClusterIdentity;
  readonly settings: PlanSettings;
  readonly startedMs: number;
  /** The latest time that any call gave. */
  nowMs: number;
  /** When `pass` was last called. */
  passedMs: number;
  /** The version of the newest stored map; rises with each plan that changes an assignment. */
  mapVersion: number;
  /** By slot; the same objects as in `byId`. */
  readonly workers: Worker[];
  readonly byId: Map<string, Worker>;
  readonly partitions: readonly Partition[];
}
