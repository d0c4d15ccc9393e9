/**
 * The shell around one group's leader: what a turn of the event loop brings becomes one message per
 * follower and one storage transaction, and what the core says is carried out. The copies leave
 * before the own transaction, so that all disks work at the same time; a write counts as held here
 * only when that is done.
 */
import type { Cancel, Clock } from "../base/clock.ts";
import { KvError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import type { Copy } from "../core/assignment.ts";
import type { Entry } from "../core/entry.ts";
import type { Holding } from "../core/holding.ts";
import { LagClock } from "../core/lag.ts";
import { type Acknowledgement, Leader } from "../core/leader.ts";
import type { PendingWrite } from "../core/pending-writes.ts";
import type { QuorumState } from "../core/quorum-entry.ts";
import type { Replica } from "../core/replica.ts";
import { SHORTCUT } from "../core/shortcut.ts";
import type { GroupChange } from "../core/storage.ts";
import { Admitting } from "./admitting.ts";
import { ConfirmedReads } from "./confirmed-reads.ts";
import { CopySender } from "./copy-sender.ts";
import { Handover } from "./handover.ts";
import type { LeaderHost, Leadership } from "./leader-host.ts";
import { Learners } from "./learners.ts";
import type { AnswerMessage, HereMessage, NewsMessage } from "./messages.ts";
import { tooFewCanConfirm } from "./not-enough-replicas.ts";
import { overloaded } from "./overloaded.ts";
import type { Pace } from "./pace.ts";
import { PageSender } from "./page-sender.ts";
import type { PeerLinks } from "./peer-links.ts";
import { QuorumChange } from "./quorum-change.ts";
import { type Acknowledged, QuorumRace } from "./quorum-race.ts";

/** About how many UTF-16 units of text one page of catch-up carries. */
const PAGE_BUDGET = 256 * 1024;
/** The grain of the time-out: one sweep serves every write and read that waits. */
const SWEEP_EVERY_MS = 20;

/** What can be turned while the node runs. */
export interface LabSettings {
  minDelayMs: number;
  maxDelayMs: number;
}

export interface GroupLeaderOptions {
  readonly group: number;
  readonly links: PeerLinks;
  readonly lab: LabSettings;
  readonly replicationTimeoutMs: number;
  /** Bytes under way to one follower beyond which nothing more is queued for it. */
  readonly linkQueueBytes: number;
  /** Bytes of writes that wait, beyond which new ones are refused. */
  readonly pendingBytes: number;
  /** For those that are brought up to date to become members. */
  readonly pace: Pace;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly host: LeaderHost;
}

/** One follower as the leader sees it. */
export interface FollowerView {
  readonly connected: boolean;
  readonly synced: boolean;
  readonly watermark: number;
  readonly lagEntries: number;
  readonly lagMs: number;
  readonly queueBytes: number;
}

export class GroupLeader {
  readonly leadership: Leadership;
  readonly #options: GroupLeaderOptions;
  readonly #leader: Leader<QuorumRace>;
  readonly #lag = new LagClock();
  readonly #copies: CopySender;
  readonly #reads: ConfirmedReads;
  readonly #quorumChange: QuorumChange;
  readonly #admitting: Admitting;
  #turn: Entry[] = [];
  #forgotten: string[] = [];
  /** Up to here the entries were handed to the storage. */
  #handed: number;
  #sweeping = false;
  #cancelSweep: Cancel = () => {};
  #beatWanted = false;
  #waiting = 0;
  readonly #learners: Learners;
  readonly #pages: PageSender;
  #open = false;
  readonly #handover: Handover;
  /** What the last beat told. */
  #said: Omit<NewsMessage, "type" | "group" | "epoch"> | undefined;

  constructor(leadership: Leadership, options: GroupLeaderOptions) {
    this.leadership = leadership;
    this.#options = options;
    this.#leader = new Leader<QuorumRace>({
      ...leadership,
      followerCount: options.links.peers.length,
      appointed: leadership.copies.size > 0,
      pageBudget: PAGE_BUDGET,
    });
    this.#handed = leadership.sequence;
    this.#copies = new CopySender({ ...options, peers: options.links.peers });
    const leader = this.#leader;
    this.#reads = new ConfirmedReads({
      leader,
      replica: leadership.replica,
      beat: () => this.beat(),
    });
    this.#quorumChange = new QuorumChange({
      ...options,
      leader,
      send: (entry) => this.#send(entry),
    });
    const copies = this.#copies;
    this.#learners = new Learners({
      leader,
      copies,
      links: options.links,
      up: (index) => this.peerUp(index),
    });
    this.#pages = new PageSender({
      ...options,
      leader,
      copies,
      isLearner: (index) => this.#learners.has(index),
      notes: () => options.host.notes,
    });
    this.#handover = new Handover({ ...options, busy: () => leader.pendingCount > 0 });
    this.#admitting = new Admitting({
      ...options,
      leadership,
      writes: () => this.#leader.writeQuorum,
      admitted: (index) => this.#joined(index, FRESH),
    });
  }

  /**
   * As many members as a write needs have held all that it began with: what earlier leaders
   * acknowledged rests on this epoch's members alone.
   */
  get open(): boolean {
    const { availableCount, writeQuorum } = this.#leader;
    this.#open ||= availableCount >= writeQuorum || SHORTCUT === "open-too-early";
    return this.#open;
  }

  /** The index of each follower and learner, and the number of its slot. */
  get followerSlots(): readonly { readonly index: number; readonly slot: number }[] {
    const { links } = this.#options;
    return this.#leader.followers.flatMap(({ gone }, index) =>
      gone ? [] : [{ index, slot: links.slotOf(index) }],
    );
  }

  get replica(): Replica {
    return this.leadership.replica;
  }

  get epoch(): number {
    return this.leadership.epoch;
  }

  get sequence(): number {
    return this.#leader.sequence;
  }

  get commitWatermark(): number {
    return this.#leader.commitWatermark;
  }

  get quorum(): QuorumState {
    return this.#leader.quorum;
  }

  /** Accepted writes that are not committed. */
  get pendingCount(): number {
    return this.#leader.pendingCount;
  }

  /** Bytes, nearly, of the writes that are not committed. */
  get pendingBytes(): number {
    return this.#leader.pendingBytes;
  }

  /** Somebody waits for the outcome of a write or a linearizable read. */
  get busy(): boolean {
    return this.#waiting > 0 || this.#reads.busy;
  }

  /** What is left when it leads no more, or for somebody else's takeover. */
  get holding(): Holding {
    const { epoch, replica, commitWatermark } = this;
    return { epoch, replica, watermark: this.#handed, commitWatermark };
  }

  /** Presents itself to those who are connected already. */
  start(): void {
    this.#options.links.peers.forEach((peer, index) => {
      if (peer.connected) {
        this.peerUp(index);
      }
    });
    this.beat();
  }

  /** Brings these up to date beside the members, from now on these alone. */
  bringUp(learners: readonly Copy[]): void {
    this.#learners.replaceBy(learners);
  }

  /** Somebody who is away may come back: tombstones stay. */
  keepTombstones(keeps: boolean): void {
    this.#leader.keepsTombstones = keeps;
  }

  /**
   * Accepts no more writes for a while and calls back when those that it has accepted are settled,
   * or when that takes too long.
   */
  settle(settled: () => void): void {
    this.#handover.begin(settled);
  }

  /** It has settled what it accepted, for another one that is to lead. */
  get handsOver(): boolean {
    return this.#handover.underWay;
  }

  /** Tells whoever still waits that this node stops, or leads no more. */
  end(why: "stops" | "deposed"): void {
    this.#pages.stop();
    this.#cancelSweep();
    const error = why === "stops" ? stopping : leaderChanged;
    this.#reads.fail(error);
    this.#quorumChange.fail(error);
    for (const { write, waiter } of this.#leader.expired(Number.POSITIVE_INFINITY)) {
      this.#waiting -= 1;
      if (why === "stops") {
        waiter.abandoned(write.acks, write.required);
      } else {
        waiter.leaderChanged(write.acks, write.required);
      }
    }
    this.#copies.stop();
  }

  /**
   * Accepts a write and resolves at its quorum. Throws `not_enough_replicas`, `overloaded`,
   * `storage_failed` or `recovering`, and has then changed nothing; rejects with an indeterminate
   * outcome.
   */
  write(key: string, value: string | undefined): Promise<Acknowledged> {
    this.#checkOpenForWrites();
    const leader = this.#leader;
    const nowMs = this.#options.clock.nowMs();
    const race = new QuorumRace();
    const entry = leader.accept({ key, value, nowMs, waiter: race });
    race.entry = entry;
    this.#waiting += 1;
    this.#lag.note(entry.sequence, nowMs);
    this.#send(entry);
    this.#scheduleSweep();
    return race.settled;
  }

  /**
   * Resolves with what is committed at the key once the leadership is confirmed after this call.
   */
  readLinearizable(key: string): Promise<Entry | undefined> {
    this.#scheduleSweep();
    return this.#reads.read(key, this.#deadlineMs());
  }

  /** Undefined if writes would be accepted now, else why not. */
  get refusal(): KvError | undefined {
    try {
      this.#checkOpenForWrites();
      return undefined;
    } catch (error) {
      if (error instanceof KvError) {
        return error;
      }
      throw error;
    }
  }

  /**
   * Asks for another write quorum (see core/quorum-entry.ts) and resolves when it holds for writes.
   * Rejects with `not_enough_replicas` or `overloaded` where a lower one can't be committed and
   * `force` is not set.
   */
  changeQuorum(target: number, force: boolean): Promise<void> {
    this.#scheduleSweep();
    return this.#quorumChange.ask({ target, force, deadlineMs: this.#deadlineMs() });
  }

  followerView(follower: number): FollowerView {
    const progress = this.#leader.followers[follower];
    const watermark = progress?.watermark ?? 0;
    const nowMs = this.#options.clock.nowMs();
    return {
      connected: progress?.connected ?? false,
      synced: progress?.synced ?? false,
      watermark,
      lagEntries: this.sequence - watermark,
      lagMs: this.#lag.lagMs(watermark, this.sequence, nowMs),
      queueBytes: this.#copies.queueBytes(follower),
    };
  }

  /** Now and then: a beat, unless everybody who is there has answered one that still holds. */
  tick(): void {
    if (!this.#quiet) {
      this.beat();
    }
  }

  /** Tells the followers the watermarks; each answers, so that silence means something. */
  beat(): void {
    this.#beatWanted = true;
    this.#options.host.schedule();
  }

  /** Asks again for what others have not answered; called now and then. */
  remind(): void {
    this.#admitting.remind();
    if (this.leadership.copies.size > 0) {
      // Who had not heard of its copy when it was told may have done so by now.
      this.#options.links.peers.forEach((peer, index) => {
        if (peer.connected && this.#leader.followers[index]?.connected === false) {
          this.#present(index);
        }
      });
    }
  }

  peerUp(index: number): void {
    this.#present(index);
    this.#admitting.peerUp(index);
  }

  peerDown(index: number): void {
    this.#copies.connectionLost(index);
    this.#admitting.peerDown(index);
    this.#options.host.changed();
    for (const { write, waiter } of this.#leader.left(index)) {
      this.#waiting -= 1;
      waiter.unreachable(write.acks, write.required);
    }
  }

  message(index: number, message: AnswerMessage): void {
    if (message.epoch !== this.epoch) {
      return;
    }
    switch (message.type) {
      case "fenced":
        if (message.promised > this.epoch && SHORTCUT !== "no-fence") {
          this.#options.host.fenced(message.promised);
        }
        break;
      case "here":
        this.#heardWhoIsThere(index, message);
        break;
      case "noted":
        this.#admitting.noted(index, message);
        break;
      case "compare": {
        const { group, links } = this.#options;
        const compared = this.#leader.compare(message);
        links.peers[index]?.send({ type: "compared", group, epoch: this.epoch, ...compared });
        break;
      }
      case "acknowledge":
        if (message.said.beat > this.#reads.lastBeat) {
          return;
        }
        this.#options.links.peers[index]?.confirmed(message.receivedBytes);
        if (message.said.synced) {
          this.#admitting.synced(index);
        }
        this.#acknowledged(index, message.said);
        this.#pages.breathe(index);
        this.#pages.send(index);
        this.#reads.confirm();
        break;
      default:
        break;
    }
  }

  /** The end of a turn: what this leader has to tell goes out, and what is new to the storage. */
  takeChange(): Pick<GroupChange, "entries" | "forgotten"> | undefined {
    if (this.#beatWanted) {
      this.#beatWanted = false;
      this.#sendBeat(this.#leader);
    }
    const entries = this.#turn;
    const forgotten = this.#forgotten;
    this.#turn = [];
    this.#forgotten = [];
    const last = entries[entries.length - 1];
    if (last !== undefined) {
      this.#copies.send(this.#leader, entries);
      this.#handed = last.sequence;
    }
    return last === undefined && forgotten.length === 0 ? undefined : { entries, forgotten };
  }

  /** Everything that was handed out is on disk. */
  persisted(): void {
    this.#settle(this.#leader.persisted(this.#handed));
  }

  /** Nobody can know now what becomes of the writes that wait. */
  storageFailed(): void {
    for (const { write, waiter } of this.#leader.expired(Number.POSITIVE_INFINITY)) {
      this.#waiting -= 1;
      waiter.storageFailed(write.acks, write.required);
    }
  }

  #checkOpenForWrites(): void {
    const { host, pendingBytes } = this.#options;
    const leader = this.#leader;
    if (host.storageFailure !== undefined) {
      throw new KvError({
        code: "storage_failed",
        message: `${host.storageFailure.message} This node goes on by itself when that is mended.`,
        outcome: "refused",
      });
    }
    if (this.#handover.underWay) {
      throw handingOver();
    }
    if (leader.availableCount < leader.writeQuorum) {
      throw tooFewCanConfirm(leader, leader.writeQuorum);
    }
    if (leader.pendingBytes >= pendingBytes) {
      throw overloaded("Too many writes wait for their followers", "PENDING_BYTES");
    }
  }

  #acknowledged(index: number, said: Acknowledgement): void {
    const before = this.#leader.followers[index]?.synced;
    this.#settle(this.#leader.acknowledged(index, said));
    if (said.synced && before === false) {
      this.#options.host.changed();
    }
  }

  #deadlineMs(): number {
    return this.#options.clock.nowMs() + this.#options.replicationTimeoutMs;
  }

  #heardWhoIsThere(index: number, message: HereMessage): void {
    const { links } = this.#options;
    const { facts, building, identity } = message;
    if (message.copy !== this.#copyOf(index)) {
      return;
    }
    if (!facts.blank && identity?.life !== this.leadership.identity.life) {
      const reason =
        "it holds data of another group and is left alone; give it an empty directory, or restart" +
        " it if it has none, to have it join";
      links.peers[index]?.reject(reason);
      return;
    }
    const claimed = facts.synced === this.epoch ? facts.watermark : (building?.watermark ?? 0);
    if (claimed > this.sequence || (building?.pagedTo ?? 0) > this.sequence) {
      links.peers[index]?.reject("it claims to hold more of this epoch than there is");
      return;
    }
    if (facts.synced === this.epoch) {
      const { watermark } = facts;
      this.#joined(index, { usable: true, synced: true, watermark, pagedTo: watermark });
    } else if (
      building?.epoch === this.epoch &&
      (!facts.blank || this.#learners.has(index) || this.#admitting.has(index, facts))
    ) {
      this.#joined(index, { usable: true, synced: false, ...building });
    } else if (facts.blank && this.#learners.has(index)) {
      this.#joined(index, FRESH);
    } else if (facts.blank) {
      this.#admitting.begin(index, facts);
    }
  }

  /** The number of this follower's copy; 0 where nobody appoints. */
  #copyOf(index: number): number {
    const slot = this.#options.links.slotOf(index);
    return this.#learners.at(index)?.copy ?? this.leadership.copies.get(slot) ?? 0;
  }

  /** Says who leads; answered by `here`. */
  #present(index: number): void {
    const { group, links } = this.#options;
    const { epoch, identity, sequence, inherited, severed } = this.leadership;
    const slot = links.slotOf(index);
    const copy = this.#copyOf(index);
    const vouched = sequence - inherited;
    links.peers[index]?.send({
      type: "lead",
      group,
      epoch,
      identity,
      slot,
      copy,
      vouched,
      severed,
    });
  }

  #joined(
    index: number,
    held: { usable: boolean; synced: boolean; watermark: number; pagedTo: number },
  ): void {
    this.#leader.joined(index, held);
    this.#pages.send(index);
  }

  /** Nobody who is there has anything to hear. */
  get #quiet(): boolean {
    const said = this.#said;
    const { sequence, commitWatermark, stableWatermark, followers } = this.#leader;
    return (
      said?.sequence === sequence &&
      said.commitWatermark === commitWatermark &&
      said.stableWatermark === stableWatermark &&
      followers.every(
        ({ connected, synced, behind, beat }) =>
          !connected || (synced && !behind && beat >= said.beat),
      )
    );
  }

  /** The entry goes out with this turn. */
  #send(entry: Entry): void {
    this.#turn.push(entry);
    if (this.#options.lab.maxDelayMs === 0) {
      this.#options.host.gather();
    } else {
      // Each copy has a time of its own then: nothing is saved.
      this.#options.host.schedule();
    }
  }

  #sendBeat(leader: Leader<QuorumRace>): void {
    const { group, links, linkQueueBytes } = this.#options;
    const news = {
      type: "news",
      group,
      epoch: leader.epoch,
      sequence: leader.sequence,
      commitWatermark: leader.commitWatermark,
      stableWatermark: leader.stableWatermark,
      beat: this.#reads.nextBeat(),
    } as const;
    this.#said = news;
    links.peers.forEach((peer, index) => {
      // What is not taken in is bounded, beats too; one that keeps silent is dropped.
      if (this.#copies.queueBytes(index) <= linkQueueBytes) {
        peer.send(news);
      }
    });
    this.#forgotten.push(...this.replica.dropTombstones(news.stableWatermark));
    this.#reads.confirm();
  }

  #settle(settled: readonly PendingWrite<QuorumRace>[]): void {
    for (const write of settled) {
      if (write.waiter !== undefined) {
        this.#waiting -= 1;
        write.waiter.acknowledged(write.acks, write.required);
      }
      this.#reads.committed(write.sequence);
    }
    this.#quorumChange.settle();
    this.#handover.settled();
  }

  #scheduleSweep(): void {
    if (!this.#sweeping) {
      this.#sweeping = true;
      this.#cancelSweep = this.#options.clock.after(SWEEP_EVERY_MS, () => this.#sweep());
    }
  }

  #sweep(): void {
    this.#sweeping = false;
    const { clock, replicationTimeoutMs } = this.#options;
    const nowMs = clock.nowMs();
    for (const { write, waiter } of this.#leader.expired(nowMs - replicationTimeoutMs)) {
      this.#waiting -= 1;
      waiter.timedOut(write.acks, write.required, replicationTimeoutMs);
    }
    this.#reads.expire(nowMs);
    this.#quorumChange.expire(nowMs);
    if (this.busy || this.#quorumChange.busy) {
      this.#scheduleSweep();
    }
  }
}

function handingOver(): KvError {
  return new KvError({
    code: "recovering",
    message: "Another node takes over the lead at this moment; write again.",
    outcome: "refused",
  });
}

/** How a follower joins that starts from nothing. */
const FRESH = { usable: false, synced: false, watermark: 0, pagedTo: 0 };

function stopping(): KvError {
  return new KvError({
    code: "stopping",
    message: "This node stops; ask it again when it is back.",
  });
}

function leaderChanged(): KvError {
  return new KvError({
    code: "leader_changed",
    message: "This node leads no more; ask the new leader.",
  });
}
