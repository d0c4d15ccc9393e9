/**
 * The shell around one group's leader: what a turn of the event loop brings becomes one storage
 * transaction and one message per follower, and what the core says is carried out.
 */
import type { Cancel, Clock } from "../base/clock.ts";
import { KvError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import { type Random, randomId } from "../base/random.ts";
import type { Entry } from "../core/entry.ts";
import { LagClock } from "../core/lag.ts";
import { Leader } from "../core/leader.ts";
import type { PendingWrite } from "../core/pending-writes.ts";
import { Replica } from "../core/replica.ts";
import type { Storage } from "../core/storage.ts";
import { CopySender } from "./copy-sender.ts";
import { Forming } from "./forming.ts";
import type { GroupMessage, HereMessage } from "./messages.ts";
import { notEnoughReplicas } from "./not-enough-replicas.ts";
import type { PeerConnection } from "./peer-connection.ts";
import { type Acknowledged, QuorumRace } from "./quorum-race.ts";
import { ReadWaits } from "./read-waits.ts";

/** About how many UTF-16 units of text one page of catch-up carries. */
const PAGE_BUDGET = 256 * 1024;
/** The grain of the time-out: one sweep serves every write and read that waits. */
const SWEEP_EVERY_MS = 20;
const FIRST_EPOCH = 1;

/** What can be turned while the node runs. */
export interface LabSettings {
  writeQuorum: number;
  minDelayMs: number;
  maxDelayMs: number;
}

export interface GroupLeaderOptions {
  readonly group: number;
  /** Connections to the followers, in the order of the settings. */
  readonly peers: readonly PeerConnection[];
  readonly lab: LabSettings;
  readonly replicationTimeoutMs: number;
  /** Bytes under way to one follower beyond which nothing more is queued for it. */
  readonly linkQueueBytes: number;
  readonly storage: Storage;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
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
  readonly replica = new Replica();
  readonly #options: GroupLeaderOptions;
  readonly #lag = new LagClock();
  readonly #copies: CopySender;
  readonly #reads = new ReadWaits();
  readonly #forming: Forming;
  /** Random: tells this group from an earlier one that used the same epoch. */
  readonly #life: string;
  #leader: Leader<QuorumRace> | undefined;
  #turn: Entry[] = [];
  #turnEndScheduled = false;
  #sweeping = false;
  #cancelSweep: Cancel = () => {};
  #beat = 0;
  #beatWanted = false;
  #waiting = 0;

  constructor(options: GroupLeaderOptions) {
    this.#options = options;
    this.#forming = new Forming(options);
    this.#copies = new CopySender(options);
    this.#life = randomId(options.random);
  }

  /** 0 until the group is formed. */
  get epoch(): number {
    return this.#leader?.epoch ?? 0;
  }

  get sequence(): number {
    return this.#leader?.sequence ?? 0;
  }

  get commitWatermark(): number {
    return this.#leader?.commitWatermark ?? 0;
  }

  /** Accepted writes that are not committed. */
  get pendingCount(): number {
    return this.#leader?.pendingCount ?? 0;
  }

  /** Somebody waits for the outcome of a write or a linearizable read. */
  get busy(): boolean {
    return this.#waiting > 0 || !this.#reads.empty;
  }

  start(): void {
    this.#forming.start(() => this.#form());
    this.#form();
  }

  /** Tells whoever still waits that the outcome is not known, and drops the copies under way. */
  stop(): void {
    this.#forming.stop();
    this.#cancelSweep();
    this.#reads.expire(Number.POSITIVE_INFINITY);
    for (const { write, waiter } of this.#leader?.expired(Number.POSITIVE_INFINITY) ?? []) {
      this.#waiting -= 1;
      waiter.abandoned(write.acks, write.required);
    }
    this.#copies.stop();
  }

  /**
   * Accepts a write and resolves at its quorum. Throws `not_enough_replicas` or `recovering`, and
   * has then changed nothing; rejects with an indeterminate outcome.
   */
  write(key: string, value: string | undefined): Promise<Acknowledged> {
    const leader = this.#leaderOpenForWrites();
    const nowMs = this.#options.clock.nowMs();
    const race = new QuorumRace();
    const entry = leader.accept({ key, value, nowMs, waiter: race });
    race.entry = entry;
    this.#waiting += 1;
    this.#lag.note(entry.sequence, nowMs);
    this.#turn.push(entry);
    this.#scheduleTurnEnd();
    this.#scheduleSweep();
    return race.settled;
  }

  /**
   * Resolves with what is committed at the key once the leadership is confirmed after this call.
   */
  async readLinearizable(key: string): Promise<Entry | undefined> {
    const leader = this.#formedLeader();
    const deadlineMs = this.#options.clock.nowMs() + this.#options.replicationTimeoutMs;
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
      this.#leaderOpenForWrites();
      return undefined;
    } catch (error) {
      if (error instanceof KvError) {
        return error;
      }
      throw error;
    }
  }

  /** What was turned holds for the writes accepted from now on. */
  labChanged(): void {
    if (this.#leader !== undefined) {
      this.#leader.writeQuorum = this.#options.lab.writeQuorum;
    }
    this.#form();
    this.beat();
  }

  followerView(follower: number): FollowerView {
    const progress = this.#leader?.followers[follower];
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
    this.#scheduleTurnEnd();
  }

  peerUp(follower: number): void {
    this.#sendLead(follower);
  }

  peerDown(follower: number): void {
    this.#forming.lost(follower);
    this.#copies.connectionLost(follower);
    for (const { write, waiter } of this.#leader?.left(follower) ?? []) {
      this.#waiting -= 1;
      waiter.unreachable(write.acks, write.required);
    }
  }

  message(follower: number, message: GroupMessage): void {
    if (message.type === "here") {
      this.#heardWhoIsThere(follower, message);
    } else if (message.type === "acknowledge" && message.epoch === this.#leader?.epoch) {
      this.#options.peers[follower]?.confirmed(message.receivedBytes);
      this.#settle(this.#leader.acknowledged(follower, message.said));
      this.#breathe(this.#leader, follower);
      this.#sendPage(this.#leader, follower);
      this.#confirmReads(this.#leader);
    }
  }

  #formedLeader(): Leader<QuorumRace> {
    if (this.#leader !== undefined) {
      return this.#leader;
    }
    throw this.#forming.refusal();
  }

  #leaderOpenForWrites(): Leader<QuorumRace> {
    const leader = this.#formedLeader();
    const available = leader.availableCount;
    if (available < leader.writeQuorum) {
      throw notEnoughReplicas(available, leader.writeQuorum);
    }
    return leader;
  }

  #form(): void {
    const { peers, lab, logger } = this.#options;
    if (this.#leader !== undefined || !this.#forming.mayStart()) {
      return;
    }
    this.#leader = new Leader<QuorumRace>({
      epoch: FIRST_EPOCH,
      replica: this.replica,
      sequence: 0,
      followerCount: peers.length,
      writeQuorum: lab.writeQuorum,
      pageBudget: PAGE_BUDGET,
    });
    logger.info("group.formed", { epoch: FIRST_EPOCH, life: this.#life });
    for (const follower of this.#forming.answered) {
      this.#sendLead(follower);
    }
  }

  #sendLead(follower: number): void {
    const { group, peers, lab } = this.#options;
    peers[follower]?.send({
      type: "lead",
      group,
      epoch: this.epoch,
      life: this.#life,
      writeQuorum: lab.writeQuorum,
    });
  }

  #heardWhoIsThere(follower: number, { epoch, blank, standing }: HereMessage): void {
    const leader = this.#leader;
    if (leader === undefined) {
      this.#forming.heard(follower, blank);
      this.#form();
      return;
    }
    if (epoch !== leader.epoch) {
      // Asked before the group formed: it has not heard yet that there is one.
      if (leader.followers[follower]?.connected === false) {
        this.#sendLead(follower);
      }
      return;
    }
    const usable = standing.epoch === leader.epoch && standing.life === this.#life;
    if (!usable && !blank) {
      const reason = "it holds data of another group and is left alone; restart it to have it join";
      this.#options.peers[follower]?.reject(reason);
      return;
    }
    leader.joined(follower, { ...standing, usable });
    this.#sendPage(leader, follower);
  }

  #sendPage(leader: Leader<QuorumRace>, follower: number): void {
    const page = leader.nextPage(follower);
    if (page !== undefined) {
      const { group, peers } = this.#options;
      peers[follower]?.send({ type: "page", group, epoch: leader.epoch, life: this.#life, page });
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

  #scheduleTurnEnd(): void {
    if (!this.#turnEndScheduled) {
      this.#turnEndScheduled = true;
      this.#options.clock.endOfTurn(() => this.#endTurn());
    }
  }

  #endTurn(): void {
    this.#turnEndScheduled = false;
    const leader = this.#leader;
    if (leader === undefined) {
      this.#askAgain();
      return;
    }
    const entries = this.#turn;
    const last = entries[entries.length - 1];
    if (last !== undefined) {
      this.#turn = [];
      this.#options.storage.commit([{ group: this.#options.group, entries }]);
      this.#copies.send(leader, entries);
      this.#settle(leader.persisted(last.sequence));
    }
    if (this.#beatWanted) {
      this.#beatWanted = false;
      this.#sendBeat(leader);
    }
  }

  /** Before the group is formed this is the beat: links on which nobody speaks are dropped. */
  #askAgain(): void {
    if (this.#beatWanted) {
      this.#beatWanted = false;
      this.#options.peers.forEach((_, follower) => {
        this.#sendLead(follower);
      });
    }
  }

  #sendBeat(leader: Leader<QuorumRace>): void {
    this.#beat += 1;
    const { group, peers, lab } = this.#options;
    const news = {
      type: "news",
      group,
      epoch: leader.epoch,
      sequence: leader.sequence,
      commitWatermark: leader.commitWatermark,
      stableWatermark: leader.stableWatermark,
      writeQuorum: lab.writeQuorum,
      beat: this.#beat,
    } as const;
    for (const peer of peers) {
      peer.send(news);
    }
    this.replica.dropTombstones(news.stableWatermark);
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
  }

  /** Resolves when enough nodes have answered a beat that was sent after this call. */
  #confirm(leader: Leader<QuorumRace>, deadlineMs: number): Promise<void> {
    const connected = leader.followers.filter((follower) => follower.connected).length;
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
    for (const { write, waiter } of this.#leader?.expired(nowMs - replicationTimeoutMs) ?? []) {
      this.#waiting -= 1;
      waiter.timedOut(write.acks, write.required, replicationTimeoutMs);
    }
    this.#reads.expire(nowMs);
    if (this.#waiting > 0 || !this.#reads.empty) {
      this.#scheduleSweep();
    }
  }
}
