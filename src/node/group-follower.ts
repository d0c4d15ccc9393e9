/**
 * The shell around one group's follower: what a turn of the event loop brings becomes one storage
 * transaction, then one acknowledgement.
 */
import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/log.ts";
import type { Entry } from "../core/entry.ts";
import { Follower } from "../core/follower.ts";
import { Replica } from "../core/replica.ts";
import type { Storage } from "../core/storage.ts";
import type { GroupMessage, LeadMessage } from "./messages.ts";
import type { Link } from "./network.ts";

export interface GroupFollowerOptions {
  readonly group: number;
  readonly storage: Storage;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The leader that this follower hears now. */
interface Leadership {
  readonly link: Link;
  readonly epoch: number;
}

export class GroupFollower {
  readonly #options: GroupFollowerOptions;
  readonly #follower = new Follower(() => new Replica());
  #leadership: Leadership | undefined;
  /** Rises with every leader's epoch that was heard; older ones are fenced. */
  #promised = 0;
  #writeQuorum: number | null = null;
  #turn: Entry[] = [];
  #turnEndScheduled = false;

  constructor(options: GroupFollowerOptions) {
    this.#options = options;
  }

  get replica(): Replica {
    return this.#follower.replica;
  }

  get epoch(): number {
    return this.#follower.standing.epoch;
  }

  get watermark(): number {
    return this.#follower.standing.watermark;
  }

  get commitWatermark(): number {
    return this.#follower.commitWatermark;
  }

  /** It has never been synced: it knows that it knows nothing. */
  get blank(): boolean {
    return this.#follower.blank;
  }

  get synced(): boolean {
    return this.#follower.synced;
  }

  /** A leader of a group is connected. */
  get led(): boolean {
    return this.#leadership !== undefined;
  }

  /** What the leader last told, or null while none has. */
  get writeQuorum(): number | null {
    return this.#writeQuorum;
  }

  message(link: Link, message: GroupMessage): void {
    if (message.type === "lead") {
      this.#heardLeader(link, message);
      return;
    }
    const leadership = this.#leadership;
    if (
      leadership === undefined ||
      leadership.link !== link ||
      leadership.epoch !== message.epoch
    ) {
      return;
    }
    switch (message.type) {
      case "entries":
        this.#persistLater(message.entries);
        this.#follower.takeEntries(message.epoch, message.entries);
        this.#follower.takeCommitted(message.epoch, message.commitWatermark);
        break;
      case "page":
        this.#persistLater(message.page.entries);
        this.#follower.takePage(message.epoch, message.life, message.page);
        break;
      case "news":
        this.#writeQuorum = message.writeQuorum;
        this.#follower.takeNews(message);
        break;
      default:
        // What only a leader takes.
        return;
    }
    this.#scheduleTurnEnd();
  }

  /** The link is gone; what was heard stays. */
  linkClosed(link: Link): void {
    if (this.#leadership?.link === link) {
      this.#leadership = undefined;
    }
  }

  /** Puts an entry in by hand, below every version of the group (see Version). */
  putByHand(item: { key: string; value: string; version: number | undefined }): void {
    const standing = this.replica.get(item.key);
    const next = standing?.epoch === 0 ? standing.sequence + 1 : 1;
    this.replica.apply({
      key: item.key,
      value: item.value,
      epoch: 0,
      sequence: item.version ?? next,
    });
  }

  #heardLeader(link: Link, message: LeadMessage): void {
    const { group, logger } = this.#options;
    if (message.epoch < this.#promised && message.epoch > 0) {
      logger.warn("leader.fenced", { epoch: message.epoch, promised: this.#promised });
      link.send({
        type: "refuse",
        reason: `epoch ${message.epoch} is over, epoch ${this.#promised} was promised`,
      });
      return;
    }
    const { standing, blank } = this.#follower;
    link.send({ type: "here", group, epoch: message.epoch, blank, standing });
    if (message.epoch === 0) {
      return;
    }
    const follows = blank || standing.life === message.life;
    if (!follows) {
      logger.error("leader.foreign", {
        reason: "this node holds data of another group; restart it to have it join this one",
      });
      return;
    }
    this.#promised = message.epoch;
    this.#writeQuorum = message.writeQuorum;
    this.#leadership = { link, epoch: message.epoch };
    this.#follower.connected();
  }

  #persistLater(entries: readonly Entry[]): void {
    for (const entry of entries) {
      this.#turn.push(entry);
    }
  }

  #scheduleTurnEnd(): void {
    if (!this.#turnEndScheduled) {
      this.#turnEndScheduled = true;
      this.#options.clock.endOfTurn(() => this.#endTurn());
    }
  }

  #endTurn(): void {
    this.#turnEndScheduled = false;
    const { group, storage } = this.#options;
    if (this.#turn.length > 0) {
      storage.commit([{ group, entries: this.#turn }]);
      this.#turn = [];
    }
    const leadership = this.#leadership;
    const said = this.#follower.takeAcknowledgement();
    if (leadership === undefined || said === undefined) {
      return;
    }
    const { link, epoch } = leadership;
    const { receivedBytes } = link;
    link.send({ type: "acknowledge", group, epoch, receivedBytes, said });
  }
}
