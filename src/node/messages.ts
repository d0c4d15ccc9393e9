/**
 * What nodes say to each other. Each message that concerns a group names the group and the epoch of
 * its leader, so that one link between two nodes serves any number of groups and a deposed leader's
 * words can be told from the current one's.
 */
import type { Entry } from "../core/entry.ts";
import type { FollowerStanding } from "../core/follower.ts";
import type { Acknowledgement, CatchUpPage } from "../core/leader.ts";

/** The first message on a link, from both ends: who is there. */
export interface HelloMessage {
  readonly type: "hello";
  readonly cluster: string;
  readonly node: string;
  /** Random, new with each start: tells one node under two addresses from two nodes. */
  readonly instance: string;
  /** The URL under which this node is reached by others. */
  readonly address: string;
  readonly role: "leader" | "follower";
}

/** "Go away, and this is why"; the link closes after it. */
export interface RefuseMessage {
  readonly type: "refuse";
  readonly reason: string;
}

/**
 * A leader presents itself; the follower answers with `here`. Epoch 0: the leader is still finding
 * out whether this is a new group.
 */
export interface LeadMessage {
  readonly type: "lead";
  readonly group: number;
  readonly epoch: number;
  readonly life: string;
  readonly writeQuorum: number;
}

/** What the follower holds of the group. */
export interface HereMessage {
  readonly type: "here";
  readonly group: number;
  /** Of the `lead` that this answers. */
  readonly epoch: number;
  readonly blank: boolean;
  readonly standing: FollowerStanding;
}

/** New entries, as they were written. */
export interface EntriesMessage {
  readonly type: "entries";
  readonly group: number;
  readonly epoch: number;
  readonly commitWatermark: number;
  readonly entries: readonly Entry[];
}

/** A page of catch-up. */
export interface PageMessage {
  readonly type: "page";
  readonly group: number;
  readonly epoch: number;
  readonly life: string;
  readonly page: CatchUpPage;
}

/** The leader's watermarks; a beat above 0 wants an acknowledgement. */
export interface NewsMessage {
  readonly type: "news";
  readonly group: number;
  readonly epoch: number;
  readonly sequence: number;
  readonly commitWatermark: number;
  readonly stableWatermark: number;
  readonly writeQuorum: number;
  readonly beat: number;
}

/** What the follower holds now. */
export interface AcknowledgeMessage {
  readonly type: "acknowledge";
  readonly group: number;
  readonly epoch: number;
  /** Bytes that have arrived on this link so far, for the sender's bound. */
  readonly receivedBytes: number;
  readonly said: Acknowledgement;
}

export type PeerMessage =
  | HelloMessage
  | RefuseMessage
  | LeadMessage
  | HereMessage
  | EntriesMessage
  | PageMessage
  | NewsMessage
  | AcknowledgeMessage;

/** A message that concerns one group. */
export type GroupMessage = Exclude<PeerMessage, HelloMessage | RefuseMessage>;
