/** A member of the model as candidate: asks, counts with `Takeover`, fetches from the sources. */
import type { Note } from "../../../src/core/group-record.ts";
import {
  everybody,
  type PromiseAnswer,
  Takeover,
  type TakeoverDecision,
} from "../../../src/core/takeover.ts";
import { compareVersions } from "../../../src/core/version.ts";
import type { FetchedMessage, Item, Send, State } from "./messages.ts";

export interface Inherited {
  readonly items: Map<string, Item>;
  /** The synced epoch of the sources. */
  readonly basedOn: number;
  readonly sequence: number;
  readonly commitWatermark: number;
  readonly notes: readonly Note[];
}

export class Candidacy {
  readonly epoch: number;
  readonly #slot: number;
  readonly #members: number;
  readonly #own: PromiseAnswer;
  readonly #ownState: State;
  readonly #send: Send;
  readonly takeover: Takeover;
  #decision: Exclude<TakeoverDecision, { step: "wait" }> | undefined;
  readonly #fetched = new Map<number, State>();

  constructor(options: {
    epoch: number;
    slot: number;
    members: number;
    own: PromiseAnswer;
    ownState: State;
    send: Send;
  }) {
    this.epoch = options.epoch;
    this.#slot = options.slot;
    this.#members = options.members;
    this.#own = options.own;
    this.#ownState = options.ownState;
    this.#send = options.send;
    this.takeover = new Takeover({ ...options, electorates: everybody(options.members) });
  }

  /** Asks whoever has not answered in a way that counts, or fetches again. */
  retry(): Inherited | undefined {
    if (this.#decision !== undefined) {
      return this.#fetch();
    }
    const decision = this.takeover.decide();
    if (decision.step === "wait") {
      const { counted } = decision;
      for (let slot = 0; slot < this.#members; slot++) {
        if (slot !== this.#slot && !counted.includes(slot)) {
          this.#ask(slot);
        }
      }
    }
    return this.#consider();
  }

  promised(from: number, number: number, answer: PromiseAnswer): Inherited | undefined {
    if (this.#decision !== undefined) {
      return undefined;
    }
    for (const slot of this.takeover.promised(from, number, answer)) {
      this.#ask(slot);
    }
    return this.#consider();
  }

  fetched(from: number, message: FetchedMessage): Inherited | undefined {
    const decision = this.#decision;
    if (decision?.step !== "merge" || !decision.sources.includes(from)) {
      return undefined;
    }
    if (message.memory !== this.takeover.answerOf(from)?.memory) {
      // It has lost what it promised.
      this.takeover.forget(from);
      this.#decision = undefined;
      this.#fetched.clear();
      return this.retry();
    }
    this.#fetched.set(from, message.state);
    return this.#inherited();
  }

  #ask(slot: number): void {
    const { memory, blank } = this.#own;
    const number = this.takeover.ask(slot);
    this.#send(slot, { type: "ask", epoch: this.epoch, number, memory, blank });
  }

  #consider(): Inherited | undefined {
    const decision = this.takeover.decide();
    if (decision.step === "wait") {
      return undefined;
    }
    this.#decision = decision;
    return this.#fetch();
  }

  #sources(): readonly number[] {
    return this.#decision?.step === "merge" ? this.#decision.sources : [this.#slot];
  }

  #fetch(): Inherited | undefined {
    for (const slot of this.#sources()) {
      if (slot !== this.#slot && !this.#fetched.has(slot)) {
        this.#send(slot, { type: "fetch", epoch: this.epoch });
      }
    }
    return this.#inherited();
  }

  /** Everything that the sources hold, once all of it is here; the newest of each key. */
  #inherited(): Inherited | undefined {
    const decision = this.#decision;
    const items = new Map<string, Item>();
    for (const slot of this.#sources()) {
      const state = slot === this.#slot ? this.#ownState : this.#fetched.get(slot);
      if (state === undefined || decision === undefined) {
        return undefined;
      }
      for (const item of state.values()) {
        const known = items.get(item.key);
        if (known === undefined || compareVersions(known, item) < 0) {
          items.set(item.key, item);
        }
      }
    }
    if (decision === undefined) {
      return undefined;
    }
    const basedOn = decision.step === "merge" ? decision.epoch : this.#own.synced;
    return { ...decision, items, basedOn };
  }
}
