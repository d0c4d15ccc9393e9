/**
 * What the HTTP surface needs of a node. The node implements it; nothing in src/http knows how.
 * A method that fails for a reason that a client can cause throws (or rejects with) a KvError.
 */
import type { Entry } from "../core/entry.ts";

export type ReadLevel = "local" | "linearizable";

/** An acknowledged write. */
export interface WriteAnswer {
  readonly entry: Entry;
  /** Followers that hold the entry by now; at least `required`. */
  readonly acks: number;
  /** The write quorum that held for this write. */
  readonly required: number;
}

/** An acknowledged removal; of an absent key it made no entry. */
export interface RemoveAnswer {
  readonly existed: boolean;
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
  /** A candidate wants to lead and asks for promises. */
  readonly role: "leader" | "follower" | "candidate";
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
}

export type Readiness =
  | { readonly ready: true }
  | {
      readonly ready: false;
      readonly reason: string;
      /** Default: `not_enough_replicas` at a leader, else `recovering`. */
      readonly error?: "not_enough_replicas" | "recovering" | "storage_failed" | "stopping";
    };

export interface KvService {
  readonly nodeId: string;
  /** Leader only (else `not_leader`). Resolves at the k-th acknowledgement; value: JSON text. */
  write(key: string, value: string): Promise<WriteAnswer>;
  /** Leader only (else `not_leader`). */
  remove(key: string): Promise<RemoveAnswer>;
  /** What this node holds now; a tombstone's value is undefined. Throws `recovering` if blank. */
  readLocal(key: string): Entry | undefined;
  /** Leader only: committed, and the leadership confirmed after the call. */
  readLinearizable(key: string): Promise<Entry | undefined>;
  /** Live keys in key order (code points), those that start with prefix and come behind after. */
  list(options: { prefix: string; after: string | null; limit: number }): ListPage;
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
  digest(): { readonly keys: number; readonly digest: string };
  readiness(): Readiness;
  /**
   * A hand-made entry 0.n (reports 000–003, `POST /replicate`); `not_leader`'s counterpart on a
   * leader is a KvError with status 403. Without version: one above what stands there by hand.
   * An older one than what stands there changes nothing. Resolves when it is stored.
   */
  replicateByHand(item: { key: string; value: string; version?: number }): Promise<void>;
}
