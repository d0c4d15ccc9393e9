/**
 * What the HTTP surface of a controller needs of it. The controller implements it; nothing here
 * knows how. A method that fails for a reason that a client can cause throws a KvError.
 */
import type { ClusterIdentity } from "../../core/assignment.ts";
import type { Heartbeat, HeartbeatAnswer } from "../../node/heartbeat.ts";
import type { Readiness } from "../service.ts";

export type WorkerState = "up" | "down" | "draining";

export interface WorkerView {
  readonly id: string;
  readonly address: string;
  readonly slot: number;
  readonly status: WorkerState;
  /** Null: not heard since this controller started. */
  readonly heartbeatAgeMs: number | null;
  /** Of how many it keeps a copy. */
  readonly partitions: number;
  /** Of how many it is the primary. */
  readonly primaries: number;
}

export interface MemberView {
  readonly id: string;
  readonly address: string;
  /** A learner is brought up to date and does not count yet; who is away may come back. */
  readonly role: "primary" | "replica" | "learner" | "away";
  readonly state: "synced" | "catching up" | "down" | "unknown";
  /** Null while nobody says. */
  readonly lagEntries: number | null;
}

/**
 * unplaced: it waits for enough workers. taking over: nobody serves it yet. under-replicated: fewer
 * workers than copies are wanted. catching up, moving: somebody is brought up to date, to repair or
 * for balance. lost: nobody can take it over without those who are missing.
 */
export const PARTITION_STATES = [
  ...(["ok", "unplaced", "taking over", "under-replicated"] as const),
  ...(["catching up", "moving", "lost"] as const),
];

export type PartitionState = (typeof PARTITION_STATES)[number];

export interface PartitionView {
  readonly partition: number;
  /** The number of the decision that holds; 0 before the first. */
  readonly generation: number;
  /** As in versions, as the primary reports it; null while it does not. */
  readonly epoch: number | null;
  /** The worker's id; null before the first placement. */
  readonly primary: string | null;
  readonly members: readonly MemberView[];
  readonly state: PartitionState;
  /** Ids of workers without which it can't go on. */
  readonly missing: readonly string[];
}

export interface MoveView {
  readonly partition: number;
  /** The id of the worker that is brought up to date. */
  readonly worker: string;
  /** ISO 8601. */
  readonly since: string;
}

export interface EventView {
  /** 1, 2, 3 … as long as the cluster lives. */
  readonly number: number;
  /** ISO 8601. */
  readonly at: string;
  readonly type: string;
  readonly message: string;
  readonly worker?: string;
  readonly partition?: number;
}

/** A heartbeat that was refused lately. */
export interface RefusalView {
  readonly id: string;
  readonly address: string;
  readonly error: string;
  readonly message: string;
  readonly at: string;
}

export interface ControllerStatus {
  readonly node: string;
  readonly role: "controller";
  /** Null before the first worker registers. */
  readonly cluster: ClusterIdentity | null;
  readonly mapVersion: number;
  readonly uptimeMs: number;
  readonly workers: readonly WorkerView[];
  readonly partitions: readonly PartitionView[];
  readonly moving: readonly MoveView[];
  readonly refused: readonly RefusalView[];
  /** The last ones, oldest first. */
  readonly events: readonly EventView[];
  /** Why nothing can be decided at the moment; null in good times. */
  readonly problem: string | null;
}

/** What has happened since this controller started; see Controller. */
export interface ControllerCountersView {
  readonly heartbeats: Readonly<Record<string, number>>;
  readonly events: Readonly<Record<string, number>>;
  readonly assignments: number;
  readonly commits: number;
  readonly failures: number;
}

export interface ControllerService {
  readonly nodeId: string;
  /** Rejects with `invalid_request`, `not_member`, `id_taken`, `unsafe` or `storage_failed`. */
  heartbeat(heartbeat: Heartbeat): Promise<HeartbeatAnswer>;
  status(): ControllerStatus;
  workers(): readonly WorkerView[];
  /** Which partition a key belongs to; throws `recovering` before the first worker registers. */
  partitionOf(key: string): PartitionView;
  partitions(): readonly PartitionView[];
  mapVersion(): number;
  /** Those with a higher number, oldest first. */
  events(after: number): readonly EventView[];
  /** Empties a worker, or stops doing so; resolves when that is stored. Rejects: `not_found`. */
  drain(worker: string, draining: boolean): Promise<WorkerView>;
  /** Undefined: no worker of that id has registered. */
  addressOf(worker: string): string | undefined;
  /** Why nothing can be stored at the moment. */
  problem(): string | undefined;
  readiness(): Readiness;
  counters(): ControllerCountersView;
}
