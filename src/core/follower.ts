/**
 * A follower of a group: takes entries in whatever order they come and says what it holds.
 *
 * Three things keep it honest. It acknowledges only when it is *synced*, that is when its state is
 * based on the current leader's; before that, what it holds may be a mixture that no quorum may
 * rest on. Its watermark is contiguous: a gap below a later entry holds it back. And it drops what
 * lies at or below the watermark unseen, since everything there is held or was replaced: so a copy
 * that the network has kept for long can't bring back a key whose tombstone is forgotten.
 *
 * Another leader's state is built *beside* what stands here and changes over when it is complete
 * (incoming.ts): a leader that dies half-way must not take with it what stood there before, since
 * the next takeover may rest on it.
 *
 * It does no I/O. The shell hands it frames, persists what `takeChange` gives, then sends what
 * `takeAcknowledgement` gives.
 */
import type { Entry } from "./entry.ts";
import type { Compared, Comparison, FollowerStanding, Holding, Target } from "./holding.ts";
import { FreshState, OverlayState } from "./incoming.ts";
import type { Acknowledgement, CatchUpPage } from "./leader.ts";
import type { Replica } from "./replica.ts";
import { SHORTCUT } from "./shortcut.ts";
import type { GroupChange } from "./storage.ts";
import { Watermark } from "./watermark.ts";

/** Collected for the next transaction. */
interface Change {
  clearIncoming: boolean;
  incoming: Entry[];
  adopt: boolean;
  forgotten: Set<string>;
  entries: Entry[];
}

export class Follower {
  readonly #createReplica: () => Replica;
  /** What it serves reads from and gives to takeovers. */
  #base: Target;
  /** The state that is to replace it, while one is being built. */
  #incoming: FreshState | OverlayState | undefined;
  #leaderSequence = 0;
  #beat = 0;
  #above: number[] = [];
  #somethingToSay = false;
  #change = noChange();

  /** `createReplica` makes an empty one; `holding` is what it has from an earlier life. */
  constructor(createReplica: () => Replica, holding?: Holding) {
    this.#createReplica = createReplica;
    this.#base = {
      epoch: holding?.epoch ?? 0,
      replica: holding?.replica ?? createReplica(),
      watermark: new Watermark(holding?.watermark ?? 0),
      pagedTo: holding?.watermark ?? 0,
      commitWatermark: holding?.commitWatermark ?? 0,
      jump: undefined,
      jumped: true,
    };
  }

  get replica(): Replica {
    return this.#base.replica;
  }

  /** It has never been synced: it knows that it knows nothing. */
  get blank(): boolean {
    return this.#base.epoch === 0;
  }

  get synced(): boolean {
    return !this.blank && this.#incoming === undefined;
  }

  get holding(): Holding {
    const { epoch, replica, watermark } = this.#base;
    const { commitWatermark } = this;
    return { epoch, replica, watermark: watermark.value, commitWatermark };
  }

  get standing(): FollowerStanding {
    const { epoch, watermark, commitWatermark } = this.holding;
    const incoming = this.#incoming;
    const building = incoming && {
      epoch: incoming.epoch,
      watermark: incoming.watermark.value,
      pagedTo: incoming.pagedTo,
    };
    return { synced: epoch, watermark, commitWatermark, building };
  }

  /** How far its leader has said that writes are committed; never above the own watermark. */
  get commitWatermark(): number {
    return Math.min(this.#base.commitWatermark, this.#base.watermark.value);
  }

  /** The newest sequence that the leader has told of. */
  get leaderSequence(): number {
    return this.#leaderSequence;
  }

  /**
   * A leader has connected: what was said on an earlier connection may not have arrived. One of
   * another epoch than that of the own state makes it start on that leader's. `keeps`: up to where
   * what the own state calls committed is in that leader's, too: everywhere, as long as nobody was
   * forced to take over.
   */
  ledBy(epoch: number, keeps = Number.POSITIVE_INFINITY): void {
    if (this.#base.epoch === epoch || this.#incoming?.epoch !== epoch) {
      this.#incoming = undefined;
    }
    if (!this.blank && this.#base.epoch !== epoch && this.#incoming === undefined) {
      const commitWatermark = Math.min(this.commitWatermark, keeps);
      const base = { ...this.holding, commitWatermark };
      this.#incoming = new OverlayState(epoch, this.#createReplica(), base);
    }
    this.#incoming?.reconnected();
    this.#above = (this.#incoming ?? this.#base).watermark.above();
    this.#beat = 0;
    this.#somethingToSay = false;
  }

  /** A page of catch-up from the leader of this epoch. */
  takePage(epoch: number, page: CatchUpPage): void {
    if (page.reset && this.blank && this.#incoming?.epoch !== epoch) {
      this.#incoming = new FreshState(epoch, this.#createReplica());
      this.#change.clearIncoming = true;
      this.#change.incoming = [];
      this.#above = [];
    }
    const target = this.#targetOf(epoch);
    if (target === undefined || page.from > Math.max(target.pagedTo, target.watermark.value)) {
      // A page before this one was lost: what it held would be missing below the watermark.
      return;
    }
    for (const entry of page.entries) {
      // Below the watermark a late copy of a page could bring back a key that is forgotten.
      if (entry.sequence > target.watermark.value) {
        this.#apply(target, entry);
      }
    }
    target.pagedTo = Math.max(target.pagedTo, page.upTo);
    this.#leaderSequence = Math.max(this.#leaderSequence, page.needs);
    if (page.last) {
      target.jump = { to: page.upTo, needs: page.needs };
    }
    this.#advance(target);
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
        this.#apply(target, entry);
        if (entry.sequence > target.watermark.value) {
          this.#above.push(entry.sequence);
        }
      }
    }
    this.#advance(target);
    this.#somethingToSay = true;
  }

  /** The leader of this epoch says that everything up to here is committed. */
  takeCommitted(epoch: number, commitWatermark: number): void {
    const target = this.#targetOf(epoch);
    if (target !== undefined) {
      target.commitWatermark = Math.max(target.commitWatermark, commitWatermark);
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
    target.commitWatermark = Math.max(target.commitWatermark, news.commitWatermark);
    if (target === this.#base) {
      // Never above the own watermark: an older copy could still come for what is not held yet.
      const upTo = Math.min(news.stableWatermark, target.watermark.value);
      for (const key of target.replica.dropTombstones(upTo)) {
        this.#change.forgotten.add(key);
      }
    }
    if (news.beat > 0) {
      this.#beat = Math.max(this.#beat, news.beat);
      this.#somethingToSay = true;
    }
  }

  /** Keys to ask the new leader about now, if any; each is given out once a connection. */
  takeComparison(): Comparison | undefined {
    return this.#incoming?.takeComparison();
  }

  /** The leader of this epoch says what stands there at the keys that it was asked about. */
  takeCompared(epoch: number, compared: Compared): void {
    const target = this.#targetOf(epoch);
    if (target !== undefined && target === this.#incoming) {
      this.#incoming.takeCompared(compared);
      this.#advance(target);
      this.#somethingToSay = true;
    }
  }

  /** Puts an entry in by hand, below every version of the group (see Version). */
  putByHand(entry: Entry): void {
    this.#apply(this.#base, entry);
  }

  /** What to persist of this turn, before anything is said; undefined: no entry has changed. */
  takeChange(): Omit<GroupChange, "group" | "record"> | undefined {
    const { clearIncoming, incoming, adopt, forgotten, entries } = this.#change;
    const changed = incoming.length + forgotten.size + entries.length > 0;
    if (!changed && !clearIncoming && !adopt) {
      return undefined;
    }
    this.#change = noChange();
    // A tombstone that was dropped in the turn that brought it must not get to the disk after that.
    const stands = (entry: Entry) => this.replica.get(entry.key) !== undefined;
    return {
      clearIncoming,
      incoming,
      adopt,
      forgotten: [...forgotten],
      entries: forgotten.size === 0 ? entries : entries.filter(stands),
    };
  }

  /**
   * What to tell the leader after this turn's frames, once they are persisted; undefined: nothing.
   */
  takeAcknowledgement(): Acknowledgement | undefined {
    if (!this.#somethingToSay) {
      return undefined;
    }
    this.#somethingToSay = false;
    const target = this.#incoming ?? this.#base;
    const { pagedTo } = target;
    const watermark = target.watermark.value;
    const synced = this.synced || SHORTCUT === "ack-unsynced";
    if (!synced) {
      return { synced, watermark, pagedTo, above: [], beat: this.#beat };
    }
    const named = this.#above;
    this.#above = [];
    const above = named.length === 0 ? named : named.filter((sequence) => sequence > watermark);
    return { synced, watermark, pagedTo, above, beat: this.#beat };
  }

  #apply(target: Target, entry: Entry): void {
    if (!target.replica.apply(entry)) {
      return;
    }
    if (target === this.#base) {
      this.#change.entries.push(entry);
    } else if (this.#incoming instanceof FreshState) {
      this.#change.incoming.push(entry);
    }
  }

  /** Raises the watermark at the pages' end, and changes over to a state that is complete. */
  #advance(target: Target): void {
    const { jump } = target;
    if (jump !== undefined) {
      const filled = target.watermark.wouldReach(jump.to, jump.needs);
      if (filled || SHORTCUT === "jump-early") {
        target.watermark.raiseTo(jump.to);
        target.jump = undefined;
        target.jumped = true;
      }
    }
    const incoming = this.#incoming;
    if (incoming !== undefined && target === incoming && incoming.complete) {
      this.#changeOver(incoming);
    }
  }

  #changeOver(incoming: FreshState | OverlayState): void {
    const { replica } = this.#base;
    if (incoming instanceof FreshState) {
      // What people put into a blank follower by hand stays, below every version of the group.
      const handMade = [...replica.all()].filter((entry) => incoming.replica.apply(entry));
      this.#change = { ...this.#change, adopt: true, forgotten: new Set(), entries: handMade };
      this.#base = incoming;
    } else {
      const { forgotten, entries } = incoming.layOver(replica);
      const gone = new Set(forgotten);
      const kept = this.#change.entries.filter(({ key }) => !gone.has(key));
      this.#change.entries = [...kept, ...entries];
      for (const key of forgotten) {
        this.#change.forgotten.add(key);
      }
      this.#base = incoming.over(replica);
    }
    this.#incoming = undefined;
  }

  #targetOf(epoch: number): Target | undefined {
    const target = this.#incoming ?? this.#base;
    return target.epoch === epoch && epoch > 0 ? target : undefined;
  }
}

function noChange(): Change {
  return { clearIncoming: false, incoming: [], adopt: false, forgotten: new Set(), entries: [] };
}
