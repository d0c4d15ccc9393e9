/**
 * What a worker and its controller say to each other: the worker speaks, the controller answers.
 * Both are idempotent, so that a lost one is simply followed by the next.
 */
import type { Assignment, ClusterIdentity } from "../core/assignment.ts";

/** Of this form of heartbeat; a controller refuses others by name. */
export const HEARTBEAT_PROTOCOL = 1;

/** How one follower of a partition looks to its primary, on the primary's own links. */
export interface FollowerReport {
  /** The worker's id. */
  readonly worker: string;
  /** The number of the copy that the primary's link speaks of; see Copy. */
  readonly copy: number;
  readonly connected: boolean;
  /** It holds what its primary holds, up to `lagEntries`. */
  readonly synced: boolean;
  readonly lagEntries: number;
}

/** What a worker says of its copy of one partition. */
export interface CopyReport {
  readonly partition: number;
  /** See Copy. */
  readonly copy: number;
  /** It remembers nothing. */
  readonly blank: boolean;
  /** The generation that its state comes from; 0 blank. */
  readonly synced: number;
  /** Set while it leads. */
  readonly leads: LeadReport | undefined;
}

export interface LeadReport {
  readonly generation: number;
  /** The exact epoch, as in versions. */
  readonly epoch: number;
  /**
   * As many members as a write needs hold all that earlier generations acknowledged: those are not
   * needed any more.
   */
  readonly open: boolean;
  /** It began the group with nothing: no member that answered remembered anything. */
  readonly founded: boolean;
  /** How often this process has said that acknowledged writes of the partition may be lost. */
  readonly possibleLosses: number;
  readonly followers: readonly FollowerReport[];
}

export interface Heartbeat {
  readonly protocol: number;
  /** The worker's id and URL. */
  readonly id: string;
  readonly address: string;
  /** As CLUSTER says. */
  readonly cluster: string;
  /** Of the worker's start: another one means that the worker was restarted. */
  readonly instance: string;
  /** The cluster that the worker's data belongs to; undefined: it has none. */
  readonly clusterId: string | undefined;
  /** As the worker's own settings say; those of the first one to register count. */
  readonly settings: {
    readonly partitions: number;
    readonly replicas: number;
    readonly writeQuorum: number;
  };
  /** The newest `mapVersion` that this worker has taken in; 0 none. */
  readonly mapVersion: number;
  /** It is about to stop and wants to hand its primaries over. */
  readonly stopping: boolean;
  /** Its copies: those whose report has changed since the last answered one, or all. */
  readonly copies: readonly CopyReport[];
  /** `copies` are all that it has. */
  readonly complete: boolean;
}

export interface HeartbeatAnswer {
  readonly cluster: ClusterIdentity;
  /** The version of the map after these assignments. */
  readonly mapVersion: number;
  /** All that have changed since the worker's `mapVersion`, of every partition. */
  readonly assignments: readonly Assignment[];
  /** Send all reports with the next heartbeat: this controller does not know them. */
  readonly wantsAll: boolean;
}

/** How a worker reaches its controller; rejects when it does not answer, or with its refusal. */
export interface ControllerPort {
  heartbeat(heartbeat: Heartbeat): Promise<HeartbeatAnswer>;
}
