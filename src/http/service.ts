/**
 * What the HTTP surface needs of a node. The node implements it; nothing in src/http knows how.
 * A method that fails for a reason that a client can cause throws (or rejects with) a KvError.
 */
import type { ErrorCode } from "../base/errors.ts";
import type { ClusterIdentity } from "../core/assignment.ts";
import type { Entry } from "../core/entry.ts";

export type ReadLevel = "local" | "linearizable";

/** What stands at a key. */
export interface FoundEntry extends Entry {
  /** Who answered, where this node has sent the call on. */
  readonly node?: string;
}

/** An acknowledged write. */
export interface WriteAnswer {
  readonly entry: Entry;
  /** As in FoundEntry. */
  readonly node?: string;
  /** Followers that hold the entry by now; at least `required`. */
  readonly acks: number;
  /** The write quorum that held for this write. */
  readonly required: number;
}

/** An acknowledged removal; of an absent key it made no entry. */
export interface RemoveAnswer {
  readonly existed: boolean;
  /** As in FoundEntry. */
  readonly node?: string;
  /** The tombstone that stands there now, or undefined where the key was never there. */
  readonly entry: Entry | undefined;
  readonly acks: number;
  readonly required: number;
}

export interface FollowerStatus {
  readonly node: string;
  readonly address: string;
  readonly connected: boolean;
  readonly synced: boolean;
  /** Sequence up to which it holds everything. */
  readonly watermark: number;
  readonly lagEntries: number;
  readonly lagMs: number;
  /** Bytes on their way to it that it has not confirmed. */
  readonly queueBytes: number;
}

export interface NodeStatus {
  readonly node: string;
  /** A candidate wants to lead and asks for promises; a worker has many groups. */
  readonly role: "leader" | "follower" | "candidate" | "worker";
  /** Address of the leader, or null while none is known. */
  readonly leader: string | null;
  readonly epoch: number;
  readonly synced: boolean;
  readonly watermark: number;
  readonly commitWatermark: number;
  /** At a follower: what its leader last told it, or null while it has heard of none. */
  readonly writeQuorum: number | null;
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
  /** Live keys. */
  readonly keys: number;
  /** Empty at a follower. */
  readonly followers: readonly FollowerStatus[];
  /** It never was synced, or has lost its memory: it knows that it knows nothing. */
  readonly blank: boolean;
  /** What it holds survives the end of its process. */
  readonly durable: boolean;
  /** The highest epoch that it has promised or followed. */
  readonly promised: number;
  /** URLs of all members of the group; empty while it has not heard of one. */
  readonly members: readonly string[];
  /** Sentences for people: what may have been lost, and through whom. Empty in good times. */
  readonly possibleLoss: readonly string[];
}

/** Numbers for `/metrics` that no call brings; what a node leaves out is not shown there. */
export interface NodeCounters {
  /** How often this node has become the leader. */
  readonly takeovers?: number;
  /** How often it led and a higher epoch ended that. */
  readonly fenced?: number;
  /** The epoch that its state is based on; 0 none. */
  readonly syncedEpoch?: number;
  /** Writes that wait for their quorum. */
  readonly pendingWrites?: number;
  /** Bytes of them, as bounded by PENDING_BYTES. */
  readonly pendingBytes?: number;
  /** At a worker: partitions that it has a copy of, and those of them that it leads. */
  readonly copies?: number;
  readonly primaries?: number;
  /** Calls that were sent on to another worker. */
  readonly sentOn?: number;
}

/** What can be turned at run time, at the leader. */
export interface LabConfig {
  readonly writeQuorum: number;
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
}

export interface ListPage {
  readonly items: readonly Entry[];
  /** The `after` of the next page, or null on the last one. */
  readonly next: string | null;
  /** Of a worker that was asked by another one: whose keys these are, each in its generation. */
  readonly partitions?: readonly PartitionGeneration[];
}

export interface PartitionGeneration {
  readonly partition: number;
  /** Of the primary that says so. */
  readonly generation: number;
}

export type Readiness =
  | { readonly ready: true }
  | {
      readonly ready: false;
      readonly reason: string;
      /** As that of a write which is refused for the same reason. */
      readonly error: ErrorCode;
    };

export interface KvService {
  readonly nodeId: string;
  /** Leader only (else `not_leader`). Resolves at the k-th acknowledgement; value: JSON text. */
  write(key: string, value: string): Promise<WriteAnswer>;
  /** Leader only (else `not_leader`). */
  remove(key: string): Promise<RemoveAnswer>;
  /**
   * What this node holds now; a tombstone's value is undefined. Throws `recovering` if blank. A
   * promise where it holds no such part of the keys and asks another.
   */
  readLocal(key: string): FoundEntry | undefined | Promise<FoundEntry | undefined>;
  /** Leader only: committed, and the leadership confirmed after the call. */
  readLinearizable(key: string): Promise<FoundEntry | undefined>;
  /**
   * Live keys in key order (code points), those that start with prefix and come behind after. A
   * promise where others have to be asked.
   */
  list(options: {
    prefix: string;
    after: string | null;
    limit: number;
  }): ListPage | Promise<ListPage>;
  /** Every live key, in no order; safe to consume slowly while writes go on. */
  entries(): Iterable<Entry>;
  status(): NodeStatus;
  counters?(): NodeCounters;
  config(): LabConfig;
  /**
   * All or nothing; `invalid_request` names the field. Leader only (else `not_leader`). A lower
   * quorum holds once that is committed under the old one, or else `not_enough_replicas` names who
   * is missing; with `force` it holds at once, logged as possible loss.
   */
  configure(change: Partial<LabConfig>, options?: { readonly force: boolean }): Promise<LabConfig>;
  /**
   * This node takes over and resolves when it leads (a node that leads already resolves at once).
   * `unsafe` with `missing`, the members without whose promise an acknowledged write could be lost;
   * with `force` it goes on with the promises there are, logged as possible loss.
   */
  promote(options: { readonly force: boolean }): Promise<void>;
  /** In steps between which other work may be done, see Replica.digesting. */
  digest(): Generator<undefined, { readonly keys: number; readonly digest: string }>;
  readiness(): Readiness;
  /**
   * A hand-made entry 0.n (reports 000–003, `POST /replicate`); `not_leader`'s counterpart on a
   * leader is a KvError with status 403. Without version: one above what stands there by hand.
   * An older one than what stands there changes nothing. Resolves when it is stored.
   */
  replicateByHand(item: { key: string; value: string; version?: number }): Promise<void>;
  /** Set at a worker of a partitioned cluster. */
  readonly partitioned?: PartitionedService;
}

/** What only a worker of a partitioned cluster can do: it has many groups, and others have more. */
export interface PartitionedService {
  /** The half of the service that sends nothing on: for what another worker has sent here. */
  readonly here: KvService;
  /** Live keys of every copy that it holds, in key order; safe to consume slowly. */
  keys(): Iterable<string>;
  /** Of its own copy, in steps; `not_member` where it has none, as below. */
  digest(partition: number): Generator<undefined, PartitionDigest>;
  /** As KvService.entries, of its own copy of one partition. */
  entries(partition: number): Iterable<Entry>;
  status(): WorkerStatus;
  /**
   * Takes from that worker, by its URL or id, what this one should hold and what is newer there;
   * all keys if none are named. Resolves with how many keys that were.
   */
  pull(options: { source: string; keys: readonly string[] | undefined }): Promise<number>;
}

export interface PartitionDigest extends PartitionGeneration {
  readonly watermark: number;
  readonly keys: number;
  readonly digest: string;
}

export interface WorkerStatus {
  readonly node: string;
  readonly role: "worker";
  /** URL. */
  readonly controller: string;
  /** `none`: it has not answered yet. Copies are served whatever this says. */
  readonly controllerState: "none" | "heard" | "lost" | "refused";
  /** A sentence on why, where it is lost or refuses. */
  readonly controllerReason: string | null;
  /** Null until a controller has taken the worker in. */
  readonly cluster: ClusterIdentity | null;
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
  readonly durable: boolean;
  /** Live keys of all its copies. */
  readonly keys: number;
  /** How many partitions it leads. */
  readonly primaries: number;
  /** Those that it has a copy of, in order. */
  readonly partitions: readonly CopyStatus[];
  readonly possibleLoss: readonly string[];
}

/** A worker's copy of one partition. */
export interface CopyStatus extends PartitionGeneration {
  /** A candidate is to be the primary; one that is away was replaced and waits to come back. */
  readonly role: "primary" | "candidate" | "replica" | "learner" | "away";
  /** URL of the primary, as far as this worker was told. */
  readonly primary: string | null;
  /** It holds what its primary holds, but for what is on its way. */
  readonly synced: boolean;
  readonly blank: boolean;
  readonly watermark: number;
  readonly commitWatermark: number;
  readonly keys: number;
  /** At the primary. */
  readonly followers: readonly {
    readonly worker: string;
    readonly connected: boolean;
    readonly synced: boolean;
    readonly lagEntries: number;
  }[];
}
