/** One member of the model: its record and entries, and what it answers to each message. */
import { blankRecord, type GroupRecord } from "../../../src/core/group-record.ts";
import { promise, see, withNotes } from "../../../src/core/promises.ts";
import { QUORUM_KEY, type QuorumState, quorumOf } from "../../../src/core/quorum-entry.ts";
import { SHORTCUT } from "../../../src/core/shortcut.ts";
import type { PromiseAnswer } from "../../../src/core/takeover.ts";
import { compareVersions } from "../../../src/core/version.ts";
import { Watermark } from "../../../src/core/watermark.ts";
import { Candidacy, type Inherited } from "./candidacy.ts";
import { Leading } from "./leading.ts";
import type { Item, Message, Send } from "./messages.ts";
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
  record: GroupRecord;
  items = new Map<string, Item>();
  leading: Leading | undefined;
  candidacy: Candidacy | undefined;
  readonly #options: MemberOptions;
  #memories = 0;
  #watermark = new Watermark();
  #questions = 0;
  /** By slot: what answers an earlier `here` comes from a leader that may have ended since. */
  readonly #questionFloor = new Map<number, number>();
  /** The highest sequence that it ever saw used. */
  #sequence = 0;

  constructor(options: MemberOptions) {
    this.slot = options.slot;
    this.#options = options;
    this.record = blankRecord(`${this.slot}m0`);
  }

  get blank(): boolean {
    return this.record.synced === 0;
  }

  get quorum(): QuorumState {
    const item = this.items.get(QUORUM_KEY);
    const entry = item === undefined ? undefined : { ...item, value: item.value };
    return quorumOf(entry, this.#options.firstQuorum);
  }

  /** As on the group's first day. */
  begin(remembers: boolean): void {
    if (remembers) {
      this.record = { ...this.record, synced: 1, promised: 1 };
    }
    if (this.slot === 0) {
      this.record = { ...this.record, led: 1 };
      this.#leadFrom({ epoch: 1, sequence: 0, commitWatermark: 0, founded: true });
    }
  }

  loseMemory(): void {
    this.#end();
    this.#memories += 1;
    this.record = blankRecord(`${this.slot}m${this.#memories}`);
    this.items = new Map();
    this.#watermark = new Watermark();
    this.#sequence = 0;
  }

  /** Its disk keeps what it was told to keep; who starts blank is a new one. */
  restart(): void {
    if (this.blank) {
      this.loseMemory();
      return;
    }
    this.#end();
    this.#watermark = new Watermark(this.#watermark.value);
    if (SHORTCUT === "forget-promise") {
      this.record = { ...this.record, promised: this.record.synced };
    }
  }

  #end(): void {
    this.life += 1;
    this.leading = undefined;
    this.candidacy = undefined;
  }

  write(key: string): void {
    const item = this.leading?.accept(key);
    if (item !== undefined) {
      this.#spread(item);
    }
  }

  changeQuorum(target: number): void {
    const item = this.leading?.changeQuorum(target);
    if (item !== undefined) {
      this.#spread(item);
    }
  }

  campaign(epoch: number): void {
    const promised = promise(this.record, { epoch });
    if (promised === undefined) {
      return;
    }
    this.record = promised;
    this.leading = undefined;
    this.candidacy = new Candidacy({
      epoch,
      slot: this.slot,
      members: this.#options.members,
      own: this.#answer(),
      ownState: this.items,
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
    const reply = (answer: Message) => this.#options.send(from, answer);
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
      default: {
        const fence = SHORTCUT !== "no-fence" || message.type !== "append";
        if (message.epoch < this.record.promised && fence) {
          reply({ type: "fenced", promised: this.record.promised });
        } else {
          this.#asFollower(from, message, reply);
        }
      }
    }
  }

  #asFollower(
    from: number,
    message: Extract<Message, { type: "hello" | "note" | "sync" | "append" | "ask" | "fetch" }>,
    reply: (answer: Message) => void,
  ): void {
    const { epoch } = message;
    const { blank } = this;
    switch (message.type) {
      case "ask": {
        const subject = message.blank ? { slot: from, memory: message.memory } : undefined;
        this.#see(epoch, promise(this.record, { epoch, blank: subject }));
        reply({ type: "promise", epoch, number: message.number, answer: this.#answer() });
        break;
      }
      case "fetch":
        reply({ type: "fetched", epoch, memory: this.record.memory, state: new Map(this.items) });
        break;
      case "hello":
        if (!blank) {
          this.#see(epoch);
        }
        this.#questions += 1;
        reply({
          type: "here",
          epoch,
          blank,
          memory: this.record.memory,
          question: this.#questions,
        });
        break;
      case "note":
        if (!blank) {
          this.#see(epoch);
          this.record = withNotes(this.record, [message.note]);
          this.#questionFloor.set(message.note.slot, this.#questions + 1);
        }
        reply({ type: "noted", epoch, note: message.note, blank, byMemory: this.record.memory });
        break;
      case "sync":
        if (message.question < (this.#questionFloor.get(from) ?? 0)) {
          break;
        }
        if (!blank || message.admitted) {
          this.#sync(message);
          const { memory, watermark } = this.record;
          reply({ type: "synced", epoch, watermark, memory });
        }
        break;
      case "append":
        this.#append(message, reply);
    }
  }

  #append(message: Extract<Message, { type: "append" }>, reply: (answer: Message) => void): void {
    const { epoch, item } = message;
    this.#see(epoch);
    if (this.record.synced !== epoch && SHORTCUT !== "ack-unsynced") {
      return;
    }
    this.#apply(item);
    this.#watermark.add(item.sequence);
    this.#keepWatermarks(message.commitWatermark);
    const { watermark } = this.record;
    reply({ type: "ack", epoch, sequence: item.sequence, watermark });
  }

  #sync(message: Extract<Message, { type: "sync" }>): void {
    const { epoch, state, sequence, commitWatermark, notes } = message;
    this.#see(epoch);
    const above = this.record.synced === epoch ? this.#watermark.above() : [];
    if (this.record.synced === epoch) {
      for (const item of state.values()) {
        this.#apply(item);
      }
      this.#watermark = new Watermark(Math.max(this.#watermark.value, sequence));
    } else {
      this.#options.truth.holds(epoch, state);
      this.items = new Map(state);
      this.#watermark = new Watermark(sequence);
    }
    for (const held of above) {
      this.#watermark.add(held);
    }
    this.#sequence = Math.max(this.#sequence, sequence);
    this.record = withNotes({ ...this.record, synced: epoch, commitWatermark: 0 }, notes);
    this.#keepWatermarks(commitWatermark);
  }

  #asLeader(
    leading: Leading,
    from: number,
    message: Extract<Message, { type: "here" | "noted" | "synced" | "ack" }>,
  ): void {
    const { admissions } = leading;
    switch (message.type) {
      case "here":
        leading.questions.set(from, message.question);
        if (message.blank) {
          const note = admissions.begin(from, message.memory);
          if (note !== undefined) {
            this.record = withNotes(this.record, [note]);
            for (let slot = 0; slot < this.#options.members; slot++) {
              this.#askForNotes(leading, slot);
            }
          }
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
        if (!leading.followers.has(from)) {
          leading.followers.set(from, 0);
        }
        admissions.synced(from, message.memory);
        leading.held(from, message.watermark, message.watermark);
        for (const item of this.items.values()) {
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
    const settled = leading.settleQuorum();
    if (settled !== undefined) {
      this.#spread(settled);
    }
  }

  #askForNotes(leading: Leading, slot: number): void {
    for (const note of slot === this.slot ? [] : leading.admissions.wanted(slot)) {
      this.#options.send(slot, { type: "note", epoch: leading.epoch, note });
    }
  }

  #sendSync(leading: Leading, to: number, admitted: boolean): void {
    const { epoch, sequence, commitWatermark } = leading;
    const { notes } = this.record;
    const state = new Map(this.items);
    const question = leading.questions.get(to) ?? 0;
    const message = { epoch, state, sequence, commitWatermark, admitted, notes, question };
    this.#options.send(to, { type: "sync", ...message });
  }

  #sendItem(leading: Leading, to: number, item: Item): void {
    const { epoch, commitWatermark } = leading;
    this.#options.send(to, { type: "append", epoch, item, commitWatermark });
  }

  #spread(item: Item): void {
    const { leading } = this;
    if (leading !== undefined) {
      this.#apply(item);
      this.#watermark.add(item.sequence);
      this.#keepWatermarks(leading.commitWatermark);
      for (const follower of leading.followers.keys()) {
        this.#sendItem(leading, follower, item);
      }
    }
  }

  /** The candidacy is through: this is what it leads with. */
  #lead(inherited: Inherited | undefined): void {
    const { candidacy } = this;
    if (inherited === undefined || candidacy === undefined) {
      return;
    }
    const { epoch } = candidacy;
    const { items, commitWatermark, notes } = inherited;
    let { sequence } = inherited;
    const uncommitted = [...items.values()]
      .filter((item) => item.sequence > commitWatermark)
      .sort(compareVersions);
    for (const item of uncommitted) {
      sequence += 1;
      items.set(item.key, { ...item, epoch, sequence });
    }
    this.candidacy = undefined;
    this.items = items;
    this.#sequence = sequence;
    this.#watermark = new Watermark(sequence);
    this.record = withNotes(
      { ...this.record, synced: epoch, led: epoch, watermark: sequence, commitWatermark },
      notes,
    );
    this.#options.truth.tookOver(epoch, items);
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
    const { slot, quorum } = this;
    this.leading = new Leading({ ...from, slot, members, quorum, acknowledged });
  }

  #answer(): PromiseAnswer {
    const { memory, before, led, synced, watermark, commitWatermark, notes } = this.record;
    const { blank, quorum } = this;
    const sequence = this.#sequence;
    const told = { memory, before, led, synced, watermark, commitWatermark, notes };
    return { ...told, blank, quorum, sequence };
  }

  /** A higher epoch ends what it leads or wants to lead. */
  #see(epoch: number, record = see(this.record, epoch)): void {
    this.record = record;
    if (this.leading !== undefined && this.leading.epoch < epoch && SHORTCUT !== "no-fence") {
      this.leading = undefined;
    }
    if (this.candidacy !== undefined && this.candidacy.epoch < epoch) {
      this.candidacy = undefined;
    }
  }

  #apply(item: Item): void {
    const known = this.items.get(item.key);
    this.#sequence = Math.max(this.#sequence, item.sequence);
    if (known === undefined || compareVersions(known, item) < 0) {
      this.items.set(item.key, item);
    }
  }

  #keepWatermarks(commitWatermark: number): void {
    const watermark = this.#watermark.value;
    this.record = {
      ...this.record,
      watermark,
      commitWatermark: Math.max(this.record.commitWatermark, Math.min(watermark, commitWatermark)),
    };
  }
}
