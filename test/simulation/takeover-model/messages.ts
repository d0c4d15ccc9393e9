/** What the members of the model say to each other. */
import type { Note } from "../../../src/core/group-record.ts";
import type { PromiseAnswer } from "../../../src/core/takeover.ts";
import type { Version } from "../../../src/core/version.ts";

/** An entry of the model. */
export interface Item extends Version {
  readonly key: string;
  /** The version with which it was written; a takeover gives it another one. */
  readonly origin: Version;
  /** Of the quorum's entry alone. */
  readonly value?: string;
}

export type State = ReadonlyMap<string, Item>;

/** To a follower, from a leader or a candidate. */
export type FollowerMessage =
  | { type: "hello"; epoch: number }
  | { type: "note"; epoch: number; note: Note }
  | SyncMessage
  | AppendMessage
  | { type: "ask"; epoch: number; number: number; memory: string; blank: boolean }
  | { type: "fetch"; epoch: number };

/** To a leader. */
export type LeaderMessage =
  | { type: "here"; epoch: number; blank: boolean; memory: string }
  | { type: "noted"; epoch: number; note: Note; blank: boolean; byMemory: string }
  | { type: "synced"; epoch: number; watermark: number; memory: string }
  | { type: "ack"; epoch: number; sequence: number; watermark: number };

/** To a candidate. */
export type CandidateMessage =
  | { type: "promise"; epoch: number; number: number; answer: PromiseAnswer }
  | FetchedMessage;

export type Message =
  | FollowerMessage
  | LeaderMessage
  | CandidateMessage
  | { type: "fenced"; promised: number };

export interface SyncMessage {
  type: "sync";
  epoch: number;
  state: State;
  sequence: number;
  commitWatermark: number;
  admitted: boolean;
  notes: readonly Note[];
}

export interface AppendMessage {
  type: "append";
  epoch: number;
  item: Item;
  commitWatermark: number;
}

export interface FetchedMessage {
  type: "fetched";
  epoch: number;
  memory: string;
  state: State;
}

/** How one member reaches another, by slot. */
export type Send = (to: number, message: Message) => void;
