/**
 * A follower of a group: takes entries in whatever order they come and says what it holds.
 *
 * Three things keep it honest. It acknowledges only when it is *synced*, that is when its state is
 * based on the current leader's; before that, what it holds may be a mixture that no quorum may
 * rest on. Its watermark is contiguous: a gap below a later entry holds it back. And it drops what
 * lies at or below the watermark unseen, since everything there is held or was replaced: so a copy
 * that the network has kept for long can't bring back a key whose tombstone is forgotten.
 *
 * A follower that starts from nothing builds the new state beside the old one and changes over when
 * it is complete: a leader that dies half-way must not take with it what stood there before.
 *
 * It does no I/O. The shell hands it frames, persists what is new, then sends what
 * `takeAcknowledgement` gives.
 */
import type { Entry } from "./entry.ts";
import type { Acknowledgement, CatchUpPage } from "./leader.ts";
import type { Replica } from "./replica.ts";
import { Watermark } from "./watermark.ts";

/** What a follower says of itself when a leader connects. */
export interface FollowerStanding {
  /** The epoch of the leader that its state comes from; 0 where there is none. */
  readonly epoch: number;
  /** Which group it comes from ("" where there is none): two groups may use the same epoch. */
  readonly life: string;
  readonly synced: boolean;
  readonly watermark: number;
  /** It has taken in pages of catch-up up to here. */
  readonly pagedTo: number;
}

/** A state and where it comes from. */
interface Base {
  readonly epoch: number;
  readonly life: string;
  readonly replica: Replica;
  readonly watermark: Watermark;
  /** Pages were taken in up to here. */
  pagedTo: number;
}

/**
 * The pages are complete; the watermark may rise to `to` once all live entries ≤ `needs` are here.
 */
interface Jump {
  readonly to: number;
  readonly needs: number;
}

export class Follower {
  readonly #createReplica: () => Replica;
  /** What it serves reads from; synced unless its life is "". */
  #base: Base;
  /** A state being built from nothing, which replaces the base when it is complete. */
  #incoming: Base | undefined;
  #jump: Jump | undefined;
  #commitWatermark = 0;
  #leaderSequence = 0;
  #beat = 0;
  #above: number[] = [];
  #somethingToSay = false;

  /** `createReplica` makes an empty one. */
  constructor(createReplica: () => Replica) {
    this.#createReplica = createReplica;
    this.#base = this.#emptyBase(0, "");
  }

  get replica(): Replica {
    return this.#base.replica;
  }

  /** It has never been synced: it knows that it knows nothing. */
  get blank(): boolean {
    return this.#base.life === "";
  }

  get synced(): boolean {
    return !this.blank && this.#incoming === undefined;
  }

  get standing(): FollowerStanding {
    const { epoch, life, watermark, pagedTo } = this.#incoming ?? this.#base;
    return { epoch, life, synced: this.synced, watermark: watermark.value, pagedTo };
  }

  /** How far the leader has said that writes are committed; never above the own watermark. */
  get commitWatermark(): number {
    return Math.min(this.#commitWatermark, this.#base.watermark.value);
  }

  /** The newest sequence that the leader has told of. */
  get leaderSequence(): number {
    return this.#leaderSequence;
  }

  /** A leader has connected: what was said on an earlier connection may not have arrived. */
  connected(): void {
    this.#above = (this.#incoming ?? this.#base).watermark.above();
    this.#beat = 0;
    this.#somethingToSay = false;
  }

  /** A page of catch-up from the leader of this epoch and life. */
  takePage(epoch: number, life: string, page: CatchUpPage): void {
    if (page.reset) {
      this.#incoming = this.#emptyBase(epoch, life);
      this.#jump = undefined;
      // What the old state holds above its gaps the new one does not.
      this.#above = [];
    }
    const target = this.#targetOf(epoch);
    if (target === undefined || target.life !== life) {
      return;
    }
    for (const entry of page.entries) {
      target.replica.apply(entry);
    }
    target.pagedTo = Math.max(target.pagedTo, page.upTo);
    this.#leaderSequence = Math.max(this.#leaderSequence, page.needs);
    if (page.last) {
      this.#jump = { to: page.upTo, needs: page.needs };
      this.#tryJump(target);
    }
    this.#somethingToSay = true;
  }

  /** Live entries from the leader of this epoch, in whatever order the network gives. */
  takeEntries(epoch: number, entries: readonly Entry[]): void {
    const target = this.#targetOf(epoch);
    if (target === undefined) {
      return;
    }
    for (const entry of entries) {
      this.#leaderSequence = Math.max(this.#leaderSequence, entry.sequence);
      if (target.watermark.add(entry.sequence)) {
        target.replica.apply(entry);
        if (entry.sequence > target.watermark.value) {
          this.#above.push(entry.sequence);
        }
      }
    }
    if (this.#jump !== undefined) {
      this.#tryJump(target);
    }
    this.#somethingToSay = true;
  }

  /** The leader of this epoch says that everything up to here is committed. */
  takeCommitted(epoch: number, commitWatermark: number): void {
    if (this.#targetOf(epoch) !== undefined) {
      this.#commitWatermark = Math.max(this.#commitWatermark, commitWatermark);
    }
  }

  /** What the leader says beside entries: its watermarks, and a beat to be answered (0: none). */
  takeNews(news: {
    epoch: number;
    sequence: number;
    commitWatermark: number;
    stableWatermark: number;
    beat: number;
  }): void {
    const target = this.#targetOf(news.epoch);
    if (target === undefined) {
      return;
    }
    this.#leaderSequence = Math.max(this.#leaderSequence, news.sequence);
    this.#commitWatermark = Math.max(this.#commitWatermark, news.commitWatermark);
    // Never above the own watermark: an older copy could still come for what is not held yet.
    target.replica.dropTombstones(Math.min(news.stableWatermark, target.watermark.value));
    if (news.beat > 0) {
      this.#beat = Math.max(this.#beat, news.beat);
      this.#somethingToSay = true;
    }
  }

  /**
   * What to tell the leader after this turn's frames, once they are persisted; undefined: nothing.
   */
  takeAcknowledgement(): Acknowledgement | undefined {
    if (!this.#somethingToSay) {
      return undefined;
    }
    this.#somethingToSay = false;
    const { synced, watermark, pagedTo } = this.standing;
    if (!synced) {
      return { synced, watermark, pagedTo, above: [], beat: this.#beat };
    }
    const named = this.#above;
    this.#above = [];
    const above = named.length === 0 ? named : named.filter((sequence) => sequence > watermark);
    return { synced, watermark, pagedTo, above, beat: this.#beat };
  }

  /** The catch-up's end: everything that its pages left out has come live. */
  #tryJump(target: Base): void {
    const jump = this.#jump;
    if (jump === undefined || !target.watermark.wouldReach(jump.to, jump.needs)) {
      return;
    }
    target.watermark.raiseTo(jump.to);
    this.#jump = undefined;
    if (target === this.#incoming) {
      this.#keepHandMade(target);
      this.#base = target;
      this.#incoming = undefined;
    }
  }

  /** What people put into a blank follower by hand stays, below every version of the group. */
  #keepHandMade(target: Base): void {
    if (this.blank) {
      for (const entry of this.#base.replica.live()) {
        target.replica.apply(entry);
      }
    }
  }

  #targetOf(epoch: number): Base | undefined {
    const target = this.#incoming ?? this.#base;
    return target.epoch === epoch ? target : undefined;
  }

  #emptyBase(epoch: number, life: string): Base {
    return {
      epoch,
      life,
      replica: this.#createReplica(),
      watermark: new Watermark(),
      pagedTo: 0,
    };
  }
}
