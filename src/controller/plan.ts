/**
 * What the controller decides.
 */
import type { Assignment } from "../core/assignment.ts";
import type { ClusterState, WorkerRecord } from "./cluster-state.ts";

export type PlanEventType =
  | "worker_joined"
  | "worker_restarted"
  | "worker_stopping"
  | "worker_down"
  | "worker_back"
  | "worker_draining"
  | "worker_undrained"
  | "placed"
  | "takeover"
  | "opened"
  | "handover"
  | "learning"
  | "replaced"
  | "lost";

/** Something that people want to hear of; the shell adds the time of day. */
export interface PlanEvent {
  readonly type: PlanEventType;
  /** One sentence. */
  readonly message: string;
  /** The worker's id. */
  readonly worker?: string;
  readonly partition?: number;
}

/** To be stored as a whole before anybody hears of it, and then given to `apply`. */
export interface Decisions {
  /** The version of the map with these assignments; the old one where there are none. */
  readonly mapVersion: number;
  /** New or changed. */
  readonly assignments: readonly Assignment[];
  /** New or changed. */
  readonly workers: readonly WorkerRecord[];
  readonly events: readonly PlanEvent[];
  /** Partitions that were looked at; for `apply`. */
  readonly considered: ReadonlySet<number>;
}

/** Decides what is due. It changes nothing: when it could not be stored, call it again. */
export declare function plan(state: ClusterState, nowMs: number): Decisions;

/** Makes decisions hold that have been stored. */
export declare function apply(state: ClusterState, decisions: Decisions, nowMs: number): void;
