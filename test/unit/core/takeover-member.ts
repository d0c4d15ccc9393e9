/**
 * One member of takeover-world.ts: the core's real parts and a model of its disk, put together as
 * the shell (src/node/group.ts) does it, without clocks and sockets.
 */
import type { Entry } from "../../../src/core/entry.ts";
import { Follower } from "../../../src/core/follower.ts";
import { blankRecord, type GroupRecord } from "../../../src/core/group-record.ts";
import type { Compared, Comparison, Holding } from "../../../src/core/holding.ts";
import { type Acknowledgement, type CatchUpPage, Leader } from "../../../src/core/leader.ts";
import { promise } from "../../../src/core/promises.ts";
import { QUORUM_KEY, quorumOf } from "../../../src/core/quorum-entry.ts";
import { Replica } from "../../../src/core/replica.ts";
import type { GroupChange } from "../../../src/core/storage.ts";
import type { PromiseAnswer } from "../../../src/core/takeover.ts";
import type { Inherited } from "../../../src/node/inheritance.ts";
import { RecordKeeper } from "../../../src/node/record-keeper.ts";
import { DiskModel } from "./disk-model.ts";

/** Two or three small entries. */
export const PAGE_BUDGET = 60;
/** So much later is each turn: some records are stored behind what they speak of. */
const TURN_MS = 30;

export interface News {
  readonly epoch: number;
  readonly sequence: number;
  readonly commitWatermark: number;
  readonly stableWatermark: number;
  readonly beat: number;
}

export type Down =
  | { readonly type: "entries"; readonly entries: readonly Entry[] }
  | { readonly type: "page"; readonly page: CatchUpPage }
  | { readonly type: "compared"; readonly compared: Compared }
  | { readonly type: "news"; readonly news: News };

export type Up =
  | { readonly type: "compare"; readonly comparison: Comparison }
  | { readonly type: "said"; readonly said: Acknowledgement };

/** One connection from one leader to one member. */
export interface Link {
  readonly epoch: number;
  readonly from: number;
  readonly to: number;
  state: "greeting" | "connected";
  /** Copies that the network delays. */
  held: Entry[];
  down: Down[];
  up: Up[];
}

/** While it leads. */
interface Leading {
  readonly leader: Leader<string>;
  readonly replica: Replica;
  readonly links: Map<number, Link>;
  turn: Entry[];
  forgotten: string[];
  handed: number;
  beat: number;
}

export class Member {
  readonly slot: number;
  readonly #members: number;
  readonly #firstQuorum: number;
  disk = new DiskModel();
  keeper: RecordKeeper;
  follower = new Follower(() => new Replica());
  leading: Leading | undefined;
  /** Whom it follows. */
  hears: Link | undefined;
  #lives = 1;
  #nowMs = 0;

  constructor(options: { slot: number; members: number; firstQuorum: number }) {
    this.slot = options.slot;
    this.#members = options.members;
    this.#firstQuorum = options.firstQuorum;
    this.keeper = new RecordKeeper(blankRecord(`${this.slot}/1`));
  }

  get holding(): Holding {
    const { leading } = this;
    if (leading === undefined) {
      return this.follower.holding;
    }
    const { leader, replica, handed: watermark } = leading;
    return { epoch: leader.epoch, replica, watermark, commitWatermark: leader.commitWatermark };
  }

  get replica(): Replica {
    return this.holding.replica;
  }

  get blank(): boolean {
    return this.holding.epoch === 0;
  }

  get promised(): number {
    return this.keeper.record.promised;
  }

  get quorum() {
    return this.leading?.leader.quorum ?? quorumOf(this.replica.get(QUORUM_KEY), this.#firstQuorum);
  }

  /** Its place among the followers of that leader. */
  indexAt(leader: number): number {
    return this.slot < leader ? this.slot : this.slot - 1;
  }

  facts(): PromiseAnswer {
    const { epoch, replica, watermark, commitWatermark } = this.holding;
    const { memory, before, led, notes, severed } = this.keeper.record;
    const sequence = Math.max(replica.newest, watermark);
    const place = { synced: epoch, watermark, commitWatermark, sequence, severed };
    return { blank: epoch === 0, memory, before, led, notes, quorum: this.quorum, ...place };
  }

  /** Promises this epoch and gives way; undefined: it has promised a higher one. */
  promise(epoch: number): PromiseAnswer | undefined {
    const record = promise(this.keeper.record, { epoch });
    if (record === undefined) {
      return undefined;
    }
    this.keeper.update(record);
    this.giveWay(epoch);
    return this.facts();
  }

  /** Whatever is older than this epoch ends here. */
  giveWay(epoch: number): void {
    if (this.leading !== undefined && this.leading.leader.epoch < epoch) {
      this.#stepDown(this.leading);
    }
    if (this.hears !== undefined && this.hears.epoch < epoch) {
      this.hears = undefined;
    }
  }

  follow(link: Link): void {
    const { record } = this.keeper;
    this.keeper.update({ ...record, promised: Math.max(record.promised, link.epoch) });
    this.hears = link;
    this.follower.ledBy(link.epoch);
  }

  lead(epoch: number, inherited: Inherited): void {
    const { replica, sequence, change } = inherited;
    this.keeper.stage(this.follower.takeChange());
    this.keeper.stage(change);
    const commitWatermark = sequence - inherited.inherited;
    const holding = { epoch, replica, watermark: sequence, commitWatermark };
    this.follower = new Follower(() => new Replica(), holding);
    this.hears = undefined;
    this.keeper.update({ ...this.keeper.record, led: epoch });
    this.disk.commit(this.turnChanges());
    const leader = new Leader<string>({
      epoch,
      replica,
      sequence,
      inherited: inherited.inherited,
      followerCount: this.#members - 1,
      quorum: this.quorum,
      pageBudget: PAGE_BUDGET,
    });
    const fresh = { turn: [], forgotten: [], handed: sequence, beat: 0 };
    this.leading = { leader, replica, links: new Map(), ...fresh };
  }

  /** What one turn has to store; with it, a leader has handed out what it accepted. */
  turnChanges(): GroupChange[] {
    this.#nowMs += TURN_MS;
    this.keeper.stage(this.leading ? leadersChange(this.leading) : this.follower.takeChange());
    this.keeper.describe(this.holding);
    return this.keeper.take(0, this.#nowMs);
  }

  /** The process begins anew with what is on its disk. */
  restart(): void {
    this.disk.reopen();
    const record: GroupRecord = this.disk.record ?? blankRecord(this.keeper.record.memory);
    this.#begin(record);
  }

  /** It begins anew with nothing; its promise alone is known to the world. */
  restartBlank(): void {
    this.#lives += 1;
    this.disk = new DiskModel();
    this.#begin(blankRecord(`${this.slot}/${this.#lives}`));
  }

  #begin(record: GroupRecord): void {
    const { promised } = this.keeper.record;
    const replica = new Replica();
    for (const entry of this.disk.current.values()) {
      replica.apply(entry);
    }
    const { synced: epoch, watermark, commitWatermark } = record;
    const holding = epoch === 0 ? undefined : { epoch, replica, watermark, commitWatermark };
    this.follower = new Follower(() => new Replica(), holding);
    this.keeper = new RecordKeeper({ ...record, promised: Math.max(record.promised, promised) });
    this.leading = undefined;
    this.hears = undefined;
  }

  #stepDown(leading: Leading): void {
    this.keeper.stage(leadersChange(leading));
    this.follower = new Follower(() => new Replica(), this.holding);
    this.leading = undefined;
  }
}

/** Nobody waits on this entry's copies: they are on their way, whatever becomes of the leader. */
function leadersChange(leading: Leading): Pick<GroupChange, "entries" | "forgotten"> {
  const { turn: entries, forgotten } = leading;
  for (const { to, held, state } of leading.links.values()) {
    const progress = leading.leader.followers[to < fromOf(leading) ? to : to - 1];
    if (state === "connected" && progress?.connected === true && !progress.behind) {
      held.push(...entries);
    }
  }
  leading.handed = entries[entries.length - 1]?.sequence ?? leading.handed;
  leading.turn = [];
  leading.forgotten = [];
  return { entries, forgotten };
}

function fromOf({ links }: Leading): number {
  return [...links.values()][0]?.from ?? 0;
}
