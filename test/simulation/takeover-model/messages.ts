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

export type Message =
  | { type: "hello"; epoch: number }
  | { type: "here"; epoch: number; blank: boolean; memory: string; question: number }
  | { type: "note"; epoch: number; note: Note }
  | { type: "noted"; epoch: number; note: Note; blank: boolean; byMemory: string }
  | {
      type: "sync";
      epoch: number;
      state: State;
      sequence: number;
      commitWatermark: number;
      admitted: boolean;
      /** Of the `here` that this answers. */
      question: number;
      notes: readonly Note[];
    }
  | { type: "synced"; epoch: number; watermark: number; memory: string }
  | { type: "append"; epoch: number; item: Item; commitWatermark: number }
  | { type: "ack"; epoch: number; sequence: number; watermark: number }
  | { type: "ask"; epoch: number; number: number; memory: string; blank: boolean }
  | { type: "promise"; epoch: number; number: number; answer: PromiseAnswer }
  | { type: "fetch"; epoch: number }
  | { type: "fetched"; epoch: number; memory: string; state: State }
  | { type: "fenced"; promised: number };

/** How one member reaches another, by slot. */
export type Send = (to: number, message: Message) => void;
