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
import type { Entry } from "../core/entry.ts";
import type { Holding } from "../core/holding.ts";
import { LagClock } from "../core/lag.ts";
import { Leader } from "../core/leader.ts";
import type { PendingWrite } from "../core/pending-writes.ts";
import { isSettled, type QuorumState } from "../core/quorum-entry.ts";
import type { Replica } from "../core/replica.ts";
import { SHORTCUT } from "../core/shortcut.ts";
import type { GroupChange } from "../core/storage.ts";
import { Admitting } from "./admitting.ts";
import { CopySender } from "./copy-sender.ts";
import type { LeaderHost, Leadership } from "./leader-host.ts";
import type { AnswerMessage, HereMessage } from "./messages.ts";
import { notEnoughReplicas } from "./not-enough-replicas.ts";
import type { PeerLinks } from "./peer-links.ts";
import { type Acknowledged, QuorumRace } from "./quorum-race.ts";
import { quorumTimeout, ReadWaits, readTimeout } from "./read-waits.ts";

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
  readonly #reads = new ReadWaits(readTimeout);
  /** For a lowered quorum to hold, by the sequence of the entry that asks for it. */
  readonly #quorums = new ReadWaits(quorumTimeout);
  readonly #admitting: Admitting;
  #turn: Entry[] = [];
  #forgotten: string[] = [];
  /** Up to here the entries were handed to the storage. */
  #handed: number;
  #quorumAsked = 0;
  #sweeping = false;
  #cancelSweep: Cancel = () => {};
  #beat = 0;
  #beatWanted = false;
  #waiting = 0;

  constructor(leadership: Leadership, options: GroupLeaderOptions) {
    this.leadership = leadership;
    this.#options = options;
    this.#leader = new Leader<QuorumRace>({
      ...leadership,
      followerCount: options.links.peers.length,
      pageBudget: PAGE_BUDGET,
    });
    this.#handed = leadership.sequence;
    this.#copies = new CopySender({ ...options, peers: options.links.peers });
    this.#admitting = new Admitting({
      ...options,
      leadership,
      writes: () => this.#leader.writeQuorum,
      admitted: (index) => this.#joined(index, FRESH),
    });
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
    return this.#waiting > 0 || !this.#reads.empty;
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

  /** Tells whoever still waits that this node stops, or leads no more. */
  end(why: "stops" | "deposed"): void {
    this.#cancelSweep();
    const error = why === "stops" ? stopping : leaderChanged;
    this.#reads.fail(error);
    this.#quorums.fail(error);
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
   * Accepts a write and resolves at its quorum. Throws `not_enough_replicas` or `recovering`, and
   * has then changed nothing; rejects with an indeterminate outcome.
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
    this.#turn.push(entry);
    this.#options.host.schedule();
    this.#scheduleSweep();
    return race.settled;
  }

  /**
   * Resolves with what is committed at the key once the leadership is confirmed after this call.
   */
  async readLinearizable(key: string): Promise<Entry | undefined> {
    const leader = this.#leader;
    const deadlineMs = this.#deadlineMs();
    await this.#confirm(leader, deadlineMs);
    const entry = this.replica.get(key);
    if (entry !== undefined && !leader.isCommitted(entry)) {
      this.#scheduleSweep();
      await this.#reads.forCommit(entry.sequence, deadlineMs);
    }
    return entry;
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
   * Throws `not_enough_replicas` where a lower one can't be committed and `force` is not set.
   */
  async changeQuorum(target: number, force: boolean): Promise<void> {
    const leader = this.#leader;
    const { clock, host } = this.#options;
    if (target === leader.quorum.target && (isSettled(leader.quorum) || !force)) {
      return;
    }
    const { writes } = leader.quorumTowards(target);
    const lower = writes > target;
    if (lower && force) {
      host.possibleLoss(
        `The write quorum was forced down to ${target}: a node that has not heard of it and takes ` +
          "over may miss acknowledged writes.",
      );
    } else if (lower && SHORTCUT !== "quorum-early" && leader.availableCount < writes) {
      throw this.#quorumRefusal(writes);
    }
    const nowMs = clock.nowMs();
    const entry = leader.changeQuorum({ target, force, nowMs });
    this.#quorumAsked = entry.sequence;
    this.#turn.push(entry);
    host.schedule();
    if (lower && !isSettled(leader.quorum)) {
      this.#scheduleSweep();
      await this.#quorums.forCommit(entry.sequence, this.#deadlineMs());
    }
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

  /** Tells the followers the watermarks; each answers, so that silence means something. */
  beat(): void {
    this.#beatWanted = true;
    this.#options.host.schedule();
  }

  peerUp(index: number): void {
    const { group, links } = this.#options;
    const { epoch, identity } = this.leadership;
    links.peers[index]?.send({ type: "lead", group, epoch, identity, slot: links.slotOf(index) });
    this.#admitting.peerUp(index);
  }

  peerDown(index: number): void {
    this.#copies.connectionLost(index);
    this.#admitting.peerDown(index);
    for (const { write, waiter } of this.#leader.left(index)) {
      this.#waiting -= 1;
      waiter.unreachable(write.acks, write.required);
    }
  }

  message(index: number, message: AnswerMessage): void {
    if (message.type === "fenced") {
      if (message.promised > this.epoch && SHORTCUT !== "no-fence") {
        this.#options.host.fenced(message.promised);
      }
      return;
    }
    if (message.epoch !== this.epoch) {
      return;
    }
    switch (message.type) {
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
        if (message.said.beat > this.#beat) {
          return;
        }
        this.#options.links.peers[index]?.confirmed(message.receivedBytes);
        if (message.said.synced) {
          this.#admitting.synced(index);
        }
        this.#settle(this.#leader.acknowledged(index, message.said));
        this.#breathe(this.#leader, index);
        this.#sendPage(this.#leader, index);
        this.#confirmReads(this.#leader);
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
    const available = leader.availableCount;
    if (available < leader.writeQuorum) {
      throw notEnoughReplicas(available, leader.writeQuorum);
    }
    if (leader.pendingBytes >= pendingBytes) {
      throw new KvError({
        code: "overloaded",
        message:
          "Too many writes wait for their followers; write again in a moment, or raise " +
          "PENDING_BYTES.",
        outcome: "refused",
      });
    }
  }

  #quorumRefusal(writes: number): KvError {
    const { links } = this.#options;
    const missing = links.peers.filter((_, index) => {
      const progress = this.#leader.followers[index];
      return !(progress?.connected && progress.synced && !progress.behind);
    });
    return notEnoughReplicas(
      this.#leader.availableCount,
      writes,
      missing.map(({ address }) => address),
    );
  }

  #deadlineMs(): number {
    return this.#options.clock.nowMs() + this.#options.replicationTimeoutMs;
  }

  #heardWhoIsThere(index: number, message: HereMessage): void {
    const { links } = this.#options;
    const { facts, building, identity } = message;
    if (!facts.blank && identity?.life !== this.leadership.identity.life) {
      const reason =
        "it holds data of another group and is left alone; give it an empty directory, or restart " +
        "it if it has none, to have it join";
      links.peers[index]?.reject(reason);
      return;
    }
    if (facts.synced === this.epoch) {
      const { watermark } = facts;
      this.#joined(index, { usable: true, synced: true, watermark, pagedTo: watermark });
    } else if (
      building?.epoch === this.epoch &&
      (!facts.blank || this.#admitting.has(index, facts))
    ) {
      this.#joined(index, { usable: true, synced: false, ...building });
    } else if (facts.blank) {
      this.#admitting.begin(index, facts);
    }
  }

  #joined(
    index: number,
    held: { usable: boolean; synced: boolean; watermark: number; pagedTo: number },
  ): void {
    this.#leader.joined(index, held);
    this.#sendPage(this.#leader, index);
  }

  #sendPage(leader: Leader<QuorumRace>, follower: number): void {
    const page = leader.nextPage(follower);
    if (page !== undefined) {
      const { group, links, host } = this.#options;
      const notes = page.last ? host.notes : [];
      links.peers[follower]?.send({ type: "page", group, epoch: leader.epoch, page, notes });
    }
  }

  #breathe(leader: Leader<QuorumRace>, follower: number): void {
    const { linkQueueBytes } = this.#options;
    if (
      leader.followers[follower]?.behind === true &&
      this.#copies.queueBytes(follower) <= linkQueueBytes / 4
    ) {
      leader.caughtBreath(follower);
    }
  }

  #sendBeat(leader: Leader<QuorumRace>): void {
    this.#beat += 1;
    const { group, links, linkQueueBytes } = this.#options;
    const news = {
      type: "news",
      group,
      epoch: leader.epoch,
      sequence: leader.sequence,
      commitWatermark: leader.commitWatermark,
      stableWatermark: leader.stableWatermark,
      beat: this.#beat,
    } as const;
    links.peers.forEach((peer, index) => {
      // What is not taken in is bounded, beats too; one that keeps silent is dropped.
      if (this.#copies.queueBytes(index) <= linkQueueBytes) {
        peer.send(news);
      }
    });
    this.#forgotten.push(...this.replica.dropTombstones(news.stableWatermark));
    this.#admitting.remind();
    this.#confirmReads(leader);
  }

  #settle(settled: readonly PendingWrite<QuorumRace>[]): void {
    for (const write of settled) {
      if (write.waiter !== undefined) {
        this.#waiting -= 1;
        write.waiter.acknowledged(write.acks, write.required);
      }
      this.#reads.committed(write.sequence);
    }
    this.#settleQuorum();
  }

  /** Ends a change of the quorum when it is time. */
  #settleQuorum(): void {
    if (isSettled(this.#leader.quorum)) {
      return;
    }
    const entry = this.#leader.settleQuorum(this.#options.clock.nowMs());
    if (entry !== undefined) {
      this.#turn.push(entry);
      this.#options.host.schedule();
      this.#quorums.committed(this.#quorumAsked);
    }
  }

  /** Resolves when enough nodes have answered a beat that was sent after this call. */
  #confirm(leader: Leader<QuorumRace>, deadlineMs: number): Promise<void> {
    if (SHORTCUT === "read-unconfirmed") {
      return Promise.resolve();
    }
    const connected = leader.followers.filter(
      (follower) => follower.connected && follower.synced,
    ).length;
    const needed = leader.confirmationsNeeded - 1;
    if (connected < needed) {
      throw notEnoughReplicas(connected, needed);
    }
    this.beat();
    this.#scheduleSweep();
    return this.#reads.forBeat(this.#beat + 1, deadlineMs);
  }

  #confirmReads(leader: Leader<QuorumRace>): void {
    if (!this.#reads.empty) {
      const needed = leader.confirmationsNeeded;
      this.#reads.confirmed((beat) => beat <= this.#beat && leader.confirmations(beat) >= needed);
    }
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
    this.#quorums.expire(nowMs);
    if (this.#waiting > 0 || !this.#reads.empty || !this.#quorums.empty) {
      this.#scheduleSweep();
    }
  }
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
