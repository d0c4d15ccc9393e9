/**
 * The leader of a group: gives versions, counts acknowledgements, brings followers up to date.
 *
 * It does no I/O and knows no time but what it is told. The shell calls it with what a turn of the
 * event loop brought and carries out what comes back: which writes have settled, which page of
 * catch-up a follower wants next.
 *
 * A follower is, in this order: away → connected → synced. Only a synced one counts towards a
 * quorum. One that is *behind* had so much under way that the leader stopped queueing for it; it
 * takes in what it has and is then served by catch-up.
 *
 * Only grow: epoch, sequence, commit watermark, and a follower's watermark as long as it lives.
 */
import { invariant } from "../base/invariant.ts";
import type { Entry } from "./entry.ts";
import { type PendingWrite, PendingWrites } from "./pending-writes.ts";
import type { Replica } from "./replica.ts";

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

/** One page of catch-up: every key whose version lies in (the page before, upTo]. */
export interface CatchUpPage {
  readonly entries: readonly Entry[];
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
  connected: boolean;
  synced: boolean;
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
  readonly until: number;
  readonly reset: boolean;
  /** A page is under way, which ends here. */
  awaited: number | undefined;
}

export interface LeaderOptions {
  readonly epoch: number;
  readonly replica: Replica;
  /** The last sequence that the group has used; 0 in a new group. */
  readonly sequence: number;
  readonly followerCount: number;
  readonly writeQuorum: number;
  /** About how many UTF-16 units of text one page of catch-up holds. */
  readonly pageBudget: number;
}

export class Leader<Waiter> {
  readonly epoch: number;
  readonly followers: readonly FollowerProgress[];
  readonly #replica: Replica;
  readonly #pending: PendingWrites<Waiter>;
  readonly #pageBudget: number;
  #sequence: number;
  #writeQuorum: number;

  constructor(options: LeaderOptions) {
    this.epoch = options.epoch;
    this.#replica = options.replica;
    this.#sequence = options.sequence;
    this.#pending = new PendingWrites<Waiter>(options.sequence);
    this.#pageBudget = options.pageBudget;
    this.#writeQuorum = options.writeQuorum;
    this.followers = Array.from({ length: options.followerCount }, () => ({
      connected: false,
      synced: false,
      behind: false,
      watermark: 0,
      counted: 0,
      pagedTo: 0,
      beat: 0,
      catchUp: undefined,
    }));
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

  get writeQuorum(): number {
    return this.#writeQuorum;
  }

  /** Holds for the writes accepted from now on. */
  set writeQuorum(followers: number) {
    invariant(followers >= 0 && followers <= this.followers.length, "quorum within the group");
    this.#writeQuorum = followers;
  }

  /** How many followers could acknowledge a write that is accepted now. */
  get availableCount(): number {
    let count = 0;
    for (const follower of this.followers) {
      if (isAvailable(follower)) {
        count += 1;
      }
    }
    return count;
  }

  /**
   * What every follower holds, and no older copy can come to any of them any more: tombstones up to
   * here may go.
   */
  get stableWatermark(): number {
    let stable = this.#pending.commitWatermark;
    for (const follower of this.followers) {
      stable = Math.min(stable, follower.synced ? follower.watermark : 0);
    }
    return stable;
  }

  isCommitted(entry: Entry): boolean {
    return this.#pending.isCommitted(entry.sequence);
  }

  /**
   * Accepts a write: gives it the next version, applies it and waits for its quorum. The caller has
   * made sure that enough followers are available, and that key and value are in order.
   */
  accept(write: { key: string; value: string | undefined; nowMs: number; waiter: Waiter }): Entry {
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
      required: this.#writeQuorum,
      acceptedAtMs: write.nowMs,
      waiter: write.waiter,
    });
    return entry;
  }

  /** The leader's own storage has everything up to `sequence`. Returns the writes now committed. */
  persisted(sequence: number): PendingWrite<Waiter>[] {
    return this.#pending.persisted(sequence);
  }

  /** A follower has spoken. Returns the writes now committed. */
  acknowledged(follower: number, said: Acknowledgement): PendingWrite<Waiter>[] {
    const progress = this.#progress(follower);
    if (!progress.connected || said.watermark > this.#sequence) {
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
    const { counted } = progress;
    progress.counted = Math.max(counted, said.watermark);
    return this.#pending.acknowledged(follower, counted, said.watermark, said.above);
  }

  /**
   * A follower has connected and said what it holds. `usable` says that what it holds is of this
   * leader's epoch; otherwise it starts from nothing.
   */
  joined(
    follower: number,
    held: { usable: boolean; synced: boolean; watermark: number; pagedTo: number },
  ): void {
    const progress = this.#progress(follower);
    progress.connected = true;
    progress.behind = false;
    progress.beat = 0;
    progress.synced = held.usable && held.synced;
    progress.watermark = held.usable ? held.watermark : 0;
    progress.pagedTo = held.usable ? held.pagedTo : 0;
    // An acknowledgement may have been lost with the last connection: count from the beginning.
    progress.counted = 0;
    if (!held.usable) {
      this.#pending.forget(follower);
    }
    this.#startCatchUp(progress, !held.usable);
  }

  /** A follower's connection is gone. Returns the writes that can't reach their quorum any more. */
  left(follower: number): { write: PendingWrite<Waiter>; waiter: Waiter }[] {
    const progress = this.#progress(follower);
    progress.connected = false;
    progress.catchUp = undefined;
    let reachable = 0;
    this.followers.forEach((other, index) => {
      if (other.connected) {
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
    this.#startCatchUp(progress, !progress.synced && progress.pagedTo === 0);
  }

  /** The page that this follower should be sent now, if any; each page is given out once. */
  nextPage(follower: number): CatchUpPage | undefined {
    const { catchUp } = this.#progress(follower);
    if (catchUp === undefined || catchUp.awaited !== undefined) {
      return undefined;
    }
    const entries = this.#replica.above(catchUp.next, catchUp.until, this.#pageBudget);
    const newest = entries[entries.length - 1]?.sequence ?? catchUp.until;
    const last = this.#replica.above(newest, catchUp.until, 1).length === 0;
    const upTo = last ? catchUp.until : newest;
    const reset = catchUp.reset && catchUp.next === 0;
    catchUp.awaited = upTo;
    return { entries, upTo, reset, last, needs: this.#sequence };
  }

  /** Takes the waiters of writes accepted at or before this time. */
  expired(acceptedAtMs: number): { write: PendingWrite<Waiter>; waiter: Waiter }[] {
    return this.#pending.expired(acceptedAtMs);
  }

  /** How many nodes, this one included, have answered this beat or a later one. */
  confirmations(beat: number): number {
    return (
      1 + this.followers.filter((follower) => follower.connected && follower.beat >= beat).length
    );
  }

  /**
   * How many nodes, this one included, must answer before this leader knows that no other could
   * have taken over: min(C, R), with C = W + 1 copies and R = N − C + 1 promises for a takeover.
   */
  get confirmationsNeeded(): number {
    const copies = this.#writeQuorum + 1;
    const promises = this.followers.length + 1 - copies + 1;
    return Math.min(copies, promises);
  }

  #startCatchUp(progress: FollowerProgress, reset: boolean): void {
    progress.catchUp = {
      next: Math.max(progress.watermark, progress.pagedTo),
      until: this.#sequence,
      reset,
      awaited: undefined,
    };
  }

  #progress(follower: number): FollowerProgress {
    const progress = this.followers[follower];
    invariant(progress !== undefined, "a follower of this group");
    return progress;
  }
}

function isAvailable(follower: FollowerProgress): boolean {
  return follower.connected && follower.synced && !follower.behind;
}
