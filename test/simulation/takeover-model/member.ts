/** One member of the model: what it does and what it answers to each message. */
import { promise, see, withNotes } from "../../../src/core/promises.ts";
import { SHORTCUT } from "../../../src/core/shortcut.ts";
import { Candidacy, type Inherited } from "./candidacy.ts";
import { Holding } from "./holding.ts";
import { Leading } from "./leading.ts";
import type {
  AppendMessage,
  FollowerMessage,
  Item,
  LeaderMessage,
  Message,
  Send,
  SyncMessage,
} from "./messages.ts";
import type { Truth } from "./truth.ts";

export interface MemberOptions {
  readonly slot: number;
  readonly members: number;
  readonly firstQuorum: number;
  readonly send: Send;
  readonly truth: Truth;
}

export class Member {
  readonly slot: number;
  /** Grows with each end of its process; messages to an earlier one are lost. */
  life = 0;
  holding: Holding;
  leading: Leading | undefined;
  candidacy: Candidacy | undefined;
  readonly #options: MemberOptions;
  #memories = 0;

  constructor(options: MemberOptions) {
    this.slot = options.slot;
    this.#options = options;
    this.holding = this.#emptyHolding();
  }

  /** As on the group's first day. */
  begin(remembers: boolean): void {
    const first = { synced: 1, promised: 1, led: this.slot === 0 ? 1 : 0 };
    if (remembers) {
      this.holding.record = { ...this.holding.record, ...first };
    }
    if (this.slot === 0) {
      this.#leadFrom({ epoch: 1, sequence: 0, commitWatermark: 0, founded: true });
    }
  }

  loseMemory(): void {
    this.#end();
    this.#memories += 1;
    this.holding = this.#emptyHolding();
  }

  /** Its disk keeps what it was told to keep; who starts blank is a new one. */
  restart(): void {
    if (this.holding.blank) {
      this.loseMemory();
      return;
    }
    this.#end();
    this.holding.restart();
    if (SHORTCUT === "forget-promise") {
      const { record } = this.holding;
      this.holding.record = { ...record, promised: record.synced };
    }
  }

  write(key: string): void {
    this.#spread(this.leading?.accept(key));
  }

  changeQuorum(target: number): void {
    this.#spread(this.leading?.changeQuorum(target));
  }

  campaign(epoch: number): void {
    const promised = promise(this.holding.record, { epoch });
    if (promised === undefined) {
      return;
    }
    this.holding.record = promised;
    this.leading = undefined;
    this.candidacy = new Candidacy({
      epoch,
      slot: this.slot,
      members: this.#options.members,
      own: this.holding.answer,
      ownState: this.holding.items,
      send: this.#options.send,
    });
    this.#lead(this.candidacy.retry());
  }

  retry(): void {
    this.#lead(this.candidacy?.retry());
  }

  reach(slot: number): void {
    if (this.leading !== undefined) {
      this.#options.send(slot, { type: "hello", epoch: this.leading.epoch });
      this.#askForNotes(this.leading, slot);
    }
  }

  take(from: number, message: Message): void {
    switch (message.type) {
      case "fenced":
        this.#see(message.promised);
        break;
      case "promise":
        if (this.candidacy?.epoch === message.epoch) {
          this.#lead(this.candidacy.promised(from, message.number, message.answer));
        }
        break;
      case "fetched":
        if (this.candidacy?.epoch === message.epoch) {
          this.#lead(this.candidacy.fetched(from, message));
        }
        break;
      case "here":
      case "noted":
      case "synced":
      case "ack":
        if (this.leading?.epoch === message.epoch) {
          this.#asLeader(this.leading, from, message);
        }
        break;
      case "hello":
      case "note":
      case "sync":
      case "append":
      case "ask":
      case "fetch":
        this.#fromAbove(from, message);
        break;
    }
  }

  #fromAbove(from: number, message: FollowerMessage): void {
    const { promised } = this.holding.record;
    const fence = SHORTCUT !== "no-fence" || message.type !== "append";
    if (message.epoch < promised && fence) {
      this.#options.send(from, { type: "fenced", promised });
    } else {
      const answer = this.#asFollower(from, message);
      if (answer !== undefined) {
        this.#options.send(from, answer);
      }
    }
  }

  #asFollower(from: number, message: FollowerMessage): Message | undefined {
    const { epoch } = message;
    const { holding } = this;
    const { blank } = holding;
    const { memory } = holding.record;
    switch (message.type) {
      case "ask": {
        const subject = message.blank ? { slot: from, memory: message.memory } : undefined;
        this.#see(epoch, promise(holding.record, { epoch, blank: subject }));
        return { type: "promise", epoch, number: message.number, answer: holding.answer };
      }
      case "fetch":
        return { type: "fetched", epoch, memory, state: new Map(holding.items) };
      case "hello":
        if (!blank) {
          this.#see(epoch);
        }
        return { type: "here", epoch, blank, memory };
      case "note":
        if (!blank) {
          this.#see(epoch);
          holding.record = withNotes(holding.record, [message.note]);
        }
        return { type: "noted", epoch, note: message.note, blank, byMemory: memory };
      case "sync":
        return this.#sync(message);
      case "append":
        return this.#append(message);
    }
  }

  #append({ epoch, item, commitWatermark }: AppendMessage): Message | undefined {
    this.#see(epoch);
    const { holding } = this;
    if (holding.record.synced !== epoch && SHORTCUT !== "ack-unsynced") {
      return undefined;
    }
    holding.take(item, commitWatermark);
    return { type: "ack", epoch, sequence: item.sequence, watermark: holding.record.watermark };
  }

  #sync(message: SyncMessage): Message | undefined {
    if (this.holding.blank && !message.admitted) {
      return undefined;
    }
    const { epoch, state } = message;
    this.#see(epoch);
    if (this.holding.record.synced !== epoch) {
      this.#options.truth.holds(epoch, state);
    }
    this.holding.sync(message);
    const { watermark, memory } = this.holding.record;
    return { type: "synced", epoch, watermark, memory };
  }

  #asLeader(leading: Leading, from: number, message: LeaderMessage): void {
    const { admissions } = leading;
    switch (message.type) {
      case "here":
        if (message.blank) {
          this.#admit(leading, from, message.memory);
        } else {
          this.#sendSync(leading, from, false);
        }
        break;
      case "noted": {
        const { note, blank } = message;
        admissions.noted({ by: from, slot: note.slot, memory: note.memory, blank });
        break;
      }
      case "synced":
        leading.joined(from);
        admissions.synced(from, message.memory);
        leading.held(from, message.watermark, message.watermark);
        for (const item of this.holding.items.values()) {
          if (item.sequence > message.watermark) {
            this.#sendItem(leading, from, item);
          }
        }
        break;
      case "ack":
        leading.held(from, message.sequence, message.watermark);
        break;
    }
    for (const { slot } of admissions.take(leading.quorum.writes)) {
      this.#sendSync(leading, slot, true);
    }
    this.#spread(leading.settleQuorum());
  }

  #admit(leading: Leading, slot: number, memory: string): void {
    const note = leading.admissions.begin(slot, memory);
    if (note !== undefined) {
      this.holding.record = withNotes(this.holding.record, [note]);
      for (let other = 0; other < this.#options.members; other++) {
        this.#askForNotes(leading, other);
      }
    }
  }

  #askForNotes(leading: Leading, slot: number): void {
    for (const note of slot === this.slot ? [] : leading.admissions.wanted(slot)) {
      this.#options.send(slot, { type: "note", epoch: leading.epoch, note });
    }
  }

  #sendSync(leading: Leading, to: number, admitted: boolean): void {
    const { epoch, sequence, commitWatermark } = leading;
    const { notes } = this.holding.record;
    const state = new Map(this.holding.items);
    const message = { epoch, state, sequence, commitWatermark, admitted, notes };
    this.#options.send(to, { type: "sync", ...message });
  }

  #sendItem(leading: Leading, to: number, item: Item): void {
    const { epoch, commitWatermark } = leading;
    this.#options.send(to, { type: "append", epoch, item, commitWatermark });
  }

  /** A leader's new entry. */
  #spread(item: Item | undefined): void {
    const { leading } = this;
    if (leading !== undefined && item !== undefined) {
      this.holding.take(item, leading.commitWatermark);
      for (const follower of leading.followers.keys()) {
        this.#sendItem(leading, follower, item);
      }
    }
  }

  /** The candidacy is through: this is what it leads with. */
  #lead(inherited: Inherited | undefined): void {
    const { candidacy, holding } = this;
    if (inherited === undefined || candidacy === undefined) {
      return;
    }
    const { epoch } = candidacy;
    const { commitWatermark, basedOn } = inherited;
    this.candidacy = undefined;
    const sequence = holding.inherit(epoch, inherited);
    this.#options.truth.tookOver(epoch, basedOn, holding.items);
    this.#leadFrom({ epoch, sequence, commitWatermark, founded: false });
  }

  #leadFrom(from: {
    epoch: number;
    sequence: number;
    commitWatermark: number;
    founded: boolean;
  }): void {
    const { members, truth } = this.#options;
    const { epoch } = from;
    const leader = `${this.slot}/${this.life}`;
    const acknowledged = (key: string, origin: Item["origin"]) => {
      truth.wrote({ epoch, leader, key, origin });
    };
    const { quorum } = this.holding;
    this.leading = new Leading({ ...from, slot: this.slot, members, quorum, acknowledged });
  }

  /** A higher epoch ends what it leads or wants to lead. */
  #see(epoch: number, record = see(this.holding.record, epoch)): void {
    this.holding.record = record;
    if (this.leading !== undefined && this.leading.epoch < epoch && SHORTCUT !== "no-fence") {
      this.leading = undefined;
    }
    if (this.candidacy !== undefined && this.candidacy.epoch < epoch) {
      this.candidacy = undefined;
    }
  }

  #end(): void {
    this.life += 1;
    this.leading = undefined;
    this.candidacy = undefined;
  }

  #emptyHolding(): Holding {
    return new Holding(`${this.slot}m${this.#memories}`, this.#options.firstQuorum);
  }
}
