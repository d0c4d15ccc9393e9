/**
 * The leader of a group: gives versions, counts acknowledgements, brings followers up to date.
 *
 * It does no I/O and knows no time but what it is told. The shell calls it with what a turn of the
 * event loop brought and carries out what comes back: which writes have settled, which page of
 * catch-up a follower wants next.
 *
 * A follower is, in this order: away → connected → synced. Only a synced one counts towards a
 * quorum, and never a *learner*: that one is brought up to date to become a member later. One that
 * is *behind* had so much under way that the leader stopped queueing for it; it takes in what it
 * has and is then served by catch-up.
 *
 * Only grow: epoch, sequence, commit watermark, and a follower's watermark as long as it lives.
 */
import { invariant } from "../base/invariant.ts";
import type { Entry } from "./entry.ts";
import type { Compared, Comparison } from "./holding.ts";
import { type PendingWrite, PendingWrites } from "./pending-writes.ts";
import {
  isSettled,
  jointQuorum,
  QUORUM_KEY,
  type QuorumState,
  quorumToValue,
  settledQuorum,
} from "./quorum-entry.ts";
import type { Replica } from "./replica.ts";
import { SHORTCUT } from "./shortcut.ts";

/** A follower's word on what it holds. */
export interface Acknowledgement {
  /** Its state is based on this leader's epoch; before that nothing that it holds counts. */
  readonly synced: boolean;
  /** It holds everything up to here. */
  readonly watermark: number;
  /** It has taken in the pages of catch-up up to here. */
  readonly pagedTo: number;
  /** Sequences above the watermark that it holds and has not named on this connection before. */
  readonly above: readonly number[];
  /** The highest beat that it has heard. */
  readonly beat: number;
}

/** One page of catch-up: every key whose version lies in (from, upTo]. */
export interface CatchUpPage {
  readonly entries: readonly Entry[];
  /** It follows the page that ended here. */
  readonly from: number;
  readonly upTo: number;
  /** The first page for a follower that starts from nothing. */
  readonly reset: boolean;
  readonly last: boolean;
  /**
   * The leader's newest sequence when it made this page. A key that was overwritten above the
   * pages' end is in none of them, so the follower holds "everything" only once it has all live
   * entries up to here; its watermark jumps then and not before.
   */
  readonly needs: number;
}

/** What the leader knows of one follower. */
export interface FollowerProgress {
  /** No member: nothing that it holds counts. */
  readonly learner: boolean;
  /** A learner that is wanted no more. */
  readonly gone: boolean;
  connected: boolean;
  synced: boolean;
  /** It starts from nothing. */
  fresh: boolean;
  /** More is under way to it than the bound allows: nothing is queued for it. */
  behind: boolean;
  /** It holds everything up to here, as it last said; 0 when it came back blank. */
  watermark: number;
  /** Its acknowledgements up to here are counted; 0 again on each connection. */
  counted: number;
  /** It has taken in the pages of catch-up up to here, as it last said. */
  pagedTo: number;
  /** The highest beat that it has answered on this connection. */
  beat: number;
  catchUp: CatchUp | undefined;
}

interface CatchUp {
  /** The next page starts above this sequence. */
  next: number;
  /** What lies above flows to it as live entries. */
  until: number;
  /** A page is under way, which ends here. */
  awaited: number | undefined;
}

export interface LeaderOptions {
  readonly epoch: number;
  readonly replica: Replica;
  /** The last sequence that the group has used; 0 in a new group. */
  readonly sequence: number;
  /** So many of the last ones come from a takeover and are not committed, used or not. */
  readonly inherited: number;
  /** Members beside the leader; learners may come after them. */
  readonly followerCount: number;
  /**
   * The members may be others in a later epoch. A linearizable read is then confirmed by C nodes
   * of this one: what a later leader needs of these members always includes one of them.
   */
  readonly appointed?: boolean;
  readonly quorum: QuorumState;
  /** About how many UTF-16 units of text one page of catch-up holds. */
  readonly pageBudget: number;
}

export class Leader<Waiter> {
  readonly epoch: number;
  readonly #followers: FollowerProgress[];
  readonly #appointed: boolean;
  readonly #replica: Replica;
  readonly #pending: PendingWrites<Waiter>;
  readonly #pageBudget: number;
  #sequence: number;
  #quorum: QuorumState;
  /** The sequence of the entry that said the quorum last; 0 where none did. */
  #quorumSequence: number;
  /** More than that no takeover assumes that has not seen what was asked for since. */
  #assumed: number;
  /** Somebody who is away may come back: what was removed since must not come back with it. */
  keepsTombstones = false;

  constructor(options: LeaderOptions) {
    this.epoch = options.epoch;
    this.#replica = options.replica;
    this.#sequence = options.sequence;
    const committed = options.sequence - options.inherited;
    this.#pending = new PendingWrites<Waiter>(committed);
    this.#pageBudget = options.pageBudget;
    this.#quorum = options.quorum;
    this.#quorumSequence = options.replica.get(QUORUM_KEY)?.sequence ?? 0;
    this.#assumed = options.quorum.writes;
    this.#appointed = options.appointed ?? false;
    this.#followers = Array.from({ length: options.followerCount }, () => unheardOf(false));
    this.#inherit(committed, options.sequence);
  }

  get followers(): readonly FollowerProgress[] {
    return this.#followers;
  }

  /** The sequence of the newest write. */
  get sequence(): number {
    return this.#sequence;
  }

  get commitWatermark(): number {
    return this.#pending.commitWatermark;
  }

  /** Accepted writes that are not committed. */
  get pendingCount(): number {
    return this.#pending.count;
  }

  /** Bytes, nearly, of the writes that are not committed. */
  get pendingBytes(): number {
    return this.#pending.bytes;
  }

  /** Followers that must acknowledge a write that is accepted now. */
  get writeQuorum(): number {
    return this.#quorum.writes;
  }

  get quorum(): QuorumState {
    return this.#quorum;
  }

  /** How many followers could acknowledge a write that is accepted now. */
  get availableCount(): number {
    let count = 0;
    for (const follower of this.followers) {
      if (isPresent(follower) && !follower.behind) {
        count += 1;
      }
    }
    return count;
  }

  /** As `availableCount`, with those who must first take in what is under way to them. */
  get presentCount(): number {
    return this.followers.filter(isPresent).length;
  }

  /**
   * What every follower holds, and no older copy can come to any of them any more: tombstones up to
   * here may go.
   */
  get stableWatermark(): number {
    let stable = this.commitWatermark;
    if (SHORTCUT === "tombstone-at-quorum") {
      return stable;
    }
    if (this.keepsTombstones && SHORTCUT !== "tombstones-not-kept") {
      return 0;
    }
    for (const follower of this.followers) {
      if (!follower.gone) {
        stable = Math.min(stable, follower.synced ? follower.watermark : 0);
      }
    }
    return stable;
  }

  /** From now on this one, with the next index, is brought up to date. */
  addLearner(): void {
    this.#followers.push(unheardOf(true));
  }

  /** This learner is wanted no more; its index stays. */
  removeLearner(index: number): void {
    invariant(this.#progress(index).learner, "a learner");
    this.#followers[index] = { ...unheardOf(true), gone: true };
  }

  isCommitted(entry: Entry): boolean {
    return this.#pending.isCommitted(entry.sequence);
  }

  /**
   * Accepts a write: gives it the next version, applies it and waits for its quorum. The caller has
   * made sure that enough followers are available, and that key and value are in order.
   */
  accept(write: {
    key: string;
    value: string | undefined;
    nowMs: number;
    waiter: Waiter | undefined;
  }): Entry {
    this.#sequence += 1;
    const entry: Entry = {
      key: write.key,
      value: write.value,
      epoch: this.epoch,
      sequence: this.#sequence,
    };
    const applied = this.#replica.apply(entry);
    invariant(applied, "a leader's new entry is newer than all it holds");
    this.#pending.add({
      sequence: entry.sequence,
      required: this.#quorum.writes,
      acceptedAtMs: write.nowMs,
      bytes: write.key.length + (write.value?.length ?? 0),
      waiter: write.waiter,
    });
    return entry;
  }

  /**
   * Accepts the entry that begins a change of the quorum (see quorum-entry.ts); with `force` the
   * one that is its end, whatever a takeover may then miss.
   */
  changeQuorum(change: { target: number; force: boolean; nowMs: number }): Entry {
    const { target, force, nowMs } = change;
    const members = this.followers.filter(({ learner }) => !learner).length;
    invariant(target >= 0 && target <= members, "quorum within the group");
    if (force || SHORTCUT === "quorum-early") {
      return this.#settleAt(target, nowMs);
    }
    return this.#acceptQuorum(this.quorumTowards(target), nowMs);
  }

  /** What would hold while the quorum is changed to this target. */
  quorumTowards(target: number): QuorumState {
    return jointQuorum(this.#quorum, target, this.#assumed);
  }

  /** Accepts the entry that ends a change of the quorum, if it is time; else undefined. */
  settleQuorum(nowMs: number): Entry | undefined {
    const { writes, target } = this.#quorum;
    if (isSettled(this.#quorum) || this.commitWatermark < this.#quorumSequence) {
      return undefined;
    }
    const holders = this.followers.filter(
      ({ learner, synced, watermark }) => !learner && synced && watermark >= this.#quorumSequence,
    ).length;
    return holders < writes ? undefined : this.#settleAt(target, nowMs);
  }

  /** The leader's own storage has everything up to `sequence`. Returns the writes now committed. */
  persisted(sequence: number): PendingWrite<Waiter>[] {
    return this.#pending.persisted(sequence);
  }

  /** A follower has spoken. Returns the writes now committed. */
  acknowledged(follower: number, said: Acknowledgement): PendingWrite<Waiter>[] {
    const progress = this.#progress(follower);
    const claimed = Math.max(said.watermark, said.pagedTo);
    if (!progress.connected || claimed > this.#sequence) {
      return [];
    }
    progress.beat = Math.max(progress.beat, said.beat);
    progress.pagedTo = Math.max(progress.pagedTo, said.pagedTo);
    const catchUp = progress.catchUp;
    if (catchUp?.awaited !== undefined && said.pagedTo >= catchUp.awaited) {
      catchUp.next = catchUp.awaited;
      catchUp.awaited = undefined;
      if (catchUp.next >= catchUp.until) {
        progress.catchUp = undefined;
      }
    }
    progress.watermark = Math.max(progress.watermark, said.watermark);
    if (!said.synced) {
      return [];
    }
    progress.synced = true;
    progress.fresh = false;
    if (progress.learner && SHORTCUT !== "learner-counts") {
      return [];
    }
    const { counted } = progress;
    progress.counted = Math.max(counted, said.watermark);
    return this.#pending.acknowledged(follower, counted, said.watermark, said.above);
  }

  /**
   * A follower has connected and said what it holds. `usable` says that this is of this leader's
   * epoch, complete (`synced`) or being built; otherwise it starts from nothing.
   */
  joined(
    follower: number,
    held: { usable: boolean; synced: boolean; watermark: number; pagedTo: number },
  ): void {
    const progress = this.#progress(follower);
    progress.connected = true;
    progress.behind = false;
    progress.beat = 0;
    progress.fresh = !held.usable;
    progress.synced = held.usable && held.synced;
    progress.watermark = held.usable ? held.watermark : 0;
    progress.pagedTo = held.usable ? held.pagedTo : 0;
    // An acknowledgement may have been lost with the last connection: count from the beginning.
    progress.counted = 0;
    if (!progress.synced && !progress.learner) {
      this.#pending.forget(follower);
    }
    this.#startCatchUp(progress);
  }

  /** A follower's connection is gone. Returns the writes that can't reach their quorum any more. */
  left(follower: number): { write: PendingWrite<Waiter>; waiter: Waiter }[] {
    const progress = this.#progress(follower);
    progress.connected = false;
    progress.catchUp = undefined;
    if (progress.learner) {
      return [];
    }
    let reachable = 0;
    this.followers.forEach((other, index) => {
      if (other.connected && !other.learner) {
        reachable |= 2 << index;
      }
    });
    return this.#pending.unreachable(reachable);
  }

  /** Too much is under way to this follower: queue nothing more for it. */
  fellBehind(follower: number): void {
    const progress = this.#progress(follower);
    progress.behind = true;
    progress.catchUp = undefined;
  }

  /**
   * What was under way has arrived: from here on live entries flow again, and catch-up fills in.
   */
  caughtBreath(follower: number): void {
    const progress = this.#progress(follower);
    progress.behind = false;
    this.#startCatchUp(progress);
  }

  /** The page that this follower should be sent now, if any; each page is given out once. */
  nextPage(follower: number): CatchUpPage | undefined {
    const { catchUp } = this.#progress(follower);
    if (catchUp === undefined || catchUp.awaited !== undefined) {
      return undefined;
    }
    const { fresh } = this.#progress(follower);
    const reset = fresh && catchUp.next === 0;
    if (reset) {
      // It takes nothing in before its first page, which may have had to wait.
      catchUp.until = this.#sequence;
    }
    const entries = this.#replica.above(catchUp.next, catchUp.until, this.#pageBudget);
    const newest = entries[entries.length - 1]?.sequence ?? catchUp.until;
    const last = this.#replica.above(newest, catchUp.until, 1).length === 0;
    const upTo = last ? catchUp.until : newest;
    const from = catchUp.next;
    catchUp.awaited = upTo;
    return { entries, from, upTo, reset, last, needs: this.#sequence };
  }

  /** What stands here at a follower's doubtful keys, at the first of them if that is a page. */
  compare({ from, keys }: Comparison): Compared {
    const entries: Entry[] = [];
    const absent: string[] = [];
    let left = this.#pageBudget;
    for (const key of keys) {
      if (left <= 0) {
        break;
      }
      const entry = this.#replica.get(key);
      if (entry === undefined) {
        absent.push(key);
      } else {
        entries.push(entry);
        left -= key.length + (entry.value?.length ?? 0);
      }
    }
    return { from, upTo: from + entries.length + absent.length, entries, absent };
  }

  /** Takes the waiters of writes accepted at or before this time. */
  expired(acceptedAtMs: number): { write: PendingWrite<Waiter>; waiter: Waiter }[] {
    return this.#pending.expired(acceptedAtMs);
  }

  /**
   * How many nodes, this one included, have answered this beat or a later one, and remember what
   * they promised.
   */
  confirmations(beat: number): number {
    const confirmed = this.followers.filter(
      ({ learner, connected, synced, beat: answered }) =>
        !learner && connected && synced && answered >= beat,
    );
    return 1 + confirmed.length;
  }

  /**
   * How many nodes, this one included, must answer before this leader knows that no other could
   * have taken over, or that none could have acknowledged a write: min(C, R), or C where the
   * members are appointed.
   */
  get confirmationsNeeded(): number {
    const { writes, takeovers } = this.#quorum;
    if (this.#appointed && SHORTCUT !== "read-by-min") {
      return writes + 1;
    }
    const members = this.followers.filter(({ learner }) => !learner).length;
    return Math.min(writes + 1, members + 1 - takeovers);
  }

  #settleAt(target: number, nowMs: number): Entry {
    this.#assumed = target;
    return this.#acceptQuorum(settledQuorum(target), nowMs);
  }

  #acceptQuorum(quorum: QuorumState, nowMs: number): Entry {
    this.#quorum = quorum;
    const value = quorumToValue(quorum);
    const entry = this.accept({ key: QUORUM_KEY, value, nowMs, waiter: undefined });
    // What suffices for a write that is accepted now suffices for one that was accepted before.
    this.#pending.lower(quorum.writes);
    this.#quorumSequence = entry.sequence;
    return entry;
  }

  /** What a takeover brought is committed as anything else is, only that nobody waits for it. */
  #inherit(committed: number, newest: number): void {
    for (let sequence = committed + 1; sequence <= newest; sequence++) {
      const acceptedAtMs = Number.NEGATIVE_INFINITY;
      const required = this.#quorum.writes;
      this.#pending.add({ sequence, required, acceptedAtMs, bytes: 0, waiter: undefined });
    }
    this.#pending.persisted(newest);
  }

  #startCatchUp(progress: FollowerProgress): void {
    progress.catchUp = {
      next: Math.max(progress.watermark, progress.pagedTo),
      until: this.#sequence,
      awaited: undefined,
    };
  }

  #progress(follower: number): FollowerProgress {
    const progress = this.followers[follower];
    invariant(progress !== undefined, "a follower of this group");
    return progress;
  }
}

function unheardOf(learner: boolean): FollowerProgress {
  return {
    learner,
    gone: false,
    connected: false,
    synced: false,
    fresh: false,
    behind: false,
    watermark: 0,
    counted: 0,
    pagedTo: 0,
    beat: 0,
    catchUp: undefined,
  };
}

function isPresent(follower: FollowerProgress): boolean {
  return !follower.learner && follower.connected && follower.synced;
}
