/**
 * The shell around one group's follower: takes what its leader sends, and answers once that is
 * persisted, with one acknowledgement for all that a turn of the event loop brought.
 */
import { Follower } from "../core/follower.ts";
import type { Note } from "../core/group-record.ts";
import type { Holding } from "../core/holding.ts";
import { Replica } from "../core/replica.ts";
import type { ComparedMessage, EntriesMessage, NewsMessage, PageMessage } from "./messages.ts";
import type { Link } from "./network.ts";

/** The leader that this follower hears now. */
export interface Leadership {
  readonly link: Link;
  readonly epoch: number;
  /** URL of the leader. */
  readonly address: string;
}

/** What a leader sends to those who follow it. */
export type FlowMessage = EntriesMessage | PageMessage | ComparedMessage | NewsMessage;

export class GroupFollower {
  readonly #group: number;
  readonly #follower: Follower;
  readonly #addNotes: (notes: readonly Note[]) => void;
  #leadership: Leadership | undefined;
  /** Of the leader whose state is being taken over. */
  #notes: readonly Note[] = [];

  /** `addNotes` takes the notes of a leader once its state is taken over. */
  constructor(
    group: number,
    holding: Holding | undefined,
    addNotes: (notes: readonly Note[]) => void,
  ) {
    this.#group = group;
    this.#follower = new Follower(() => new Replica(), holding);
    this.#addNotes = addNotes;
  }

  get core(): Follower {
    return this.#follower;
  }

  get leadership(): Leadership | undefined {
    return this.#leadership;
  }

  /** Follows this leader from now on; `keeps` as in Follower.ledBy. */
  follow(leadership: Leadership, keeps: number): void {
    this.#leadership = leadership;
    this.#notes = [];
    this.#follower.ledBy(leadership.epoch, keeps);
  }

  /** The link is gone, or the leader is deposed; what was heard stays. */
  unfollow(): void {
    this.#leadership = undefined;
  }

  /** True if it is from the leader that this follower hears: there is something to say then. */
  message(link: Link, message: FlowMessage): boolean {
    const leadership = this.#leadership;
    if (leadership?.link !== link || leadership.epoch !== message.epoch) {
      return false;
    }
    const { epoch } = message;
    switch (message.type) {
      case "entries":
        this.#follower.takeEntries(epoch, message.entries);
        this.#follower.takeCommitted(epoch, message.commitWatermark);
        break;
      case "page":
        this.#follower.takePage(epoch, message.page);
        this.#notes = message.page.last ? message.notes : this.#notes;
        break;
      case "compared":
        this.#follower.takeCompared(epoch, message);
        break;
      case "news":
        this.#follower.takeNews(message);
        break;
    }
    if (this.#notes.length > 0 && this.#follower.synced) {
      this.#addNotes(this.#notes);
      this.#notes = [];
    }
    return true;
  }

  /** Says what is on disk by now, and asks what it has to ask. */
  speak(): void {
    const leadership = this.#leadership;
    if (leadership === undefined) {
      return;
    }
    const { link, epoch } = leadership;
    const group = this.#group;
    const comparison = this.#follower.takeComparison();
    if (comparison !== undefined) {
      link.send({ type: "compare", group, epoch, ...comparison });
    }
    const said = this.#follower.takeAcknowledgement();
    if (said !== undefined) {
      link.send({ type: "acknowledge", group, epoch, receivedBytes: link.receivedBytes, said });
    }
  }
}
