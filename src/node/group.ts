/**
 * One node's replica of one group, whatever part it plays there: it follows, wants to lead, or
 * leads. It sees to the order of a turn: persist, then say so. What it owes to those who lead or
 * want to is in member-duties.ts.
 */
import type { KvError } from "../base/errors.ts";
import { randomId } from "../base/random.ts";
import type { Assignment, ClusterIdentity } from "../core/assignment.ts";
import { generationOf } from "../core/epoch.ts";
import { blankRecord, type GroupRecord } from "../core/group-record.ts";
import type { Holding } from "../core/holding.ts";
import { withNotes } from "../core/promises.ts";
import { QUORUM_KEY, type QuorumState, quorumOf, settledQuorum } from "../core/quorum-entry.ts";
import { Replica } from "../core/replica.ts";
import { SHORTCUT } from "../core/shortcut.ts";
import type { GroupChange, StorageError, StoredGroup } from "../core/storage.ts";
import type { PromiseAnswer } from "../core/takeover.ts";
import { GroupFollower } from "./group-follower.ts";
import type { GroupLeader } from "./group-leader.ts";
import type { GroupOptions } from "./group-options.ts";
import type { CopyReport } from "./heartbeat.ts";
import type { Participant } from "./journal.ts";
import { type DutyHost, MemberDuties } from "./member-duties.ts";
import type { DialerMessage } from "./messages.ts";
import type { Link } from "./network.ts";
import type { PeerLinks } from "./peer-links.ts";
import { RecordKeeper } from "./record-keeper.ts";
import { Succession, type SuccessionHost } from "./succession.ts";

const POSSIBLE_LOSSES_KEPT = 20;

export class Group implements Participant {
  readonly #options: GroupOptions;
  readonly #keeper: RecordKeeper;
  readonly #duties: MemberDuties;
  readonly #succession: Succession;
  #follower: GroupFollower;
  /** Called once this turn is persisted. */
  #afterwards: (() => void)[] = [];
  #possibleLoss: string[] = [];
  #possibleLosses = 0;
  #stopped = false;

  constructor(options: GroupOptions) {
    this.#options = options;
    const { stored, random, copy } = options;
    const blank = blankRecord(randomId(random), copy);
    const kept = stored === undefined ? blank : { ...blank, ...stored.record };
    const known = SHORTCUT === "old-copy-kept" ? { ...kept, copy } : kept;
    const remembers = known.synced > 0 && known.copy === copy;
    this.#keeper = new RecordKeeper(remembers ? known : blank);
    this.#follower = this.#following(remembers && stored ? holdingOf(stored) : undefined);
    if (options.discards === true || (stored !== undefined && known.copy !== copy)) {
      this.#keeper.stage({ clearIncoming: true, adopt: true });
    }
    this.#succession = new Succession(options, this.#successionHost());
    this.#duties = new MemberDuties({ ...options, host: this.#dutyHost() });
  }

  get role(): "leader" | "candidate" | "follower" {
    if (this.leader !== undefined) {
      return "leader";
    }
    return this.#succession.candidacy === undefined ? "follower" : "candidate";
  }

  get leader(): GroupLeader | undefined {
    return this.#succession.leader;
  }

  get follower(): GroupFollower {
    return this.#follower;
  }

  get record(): GroupRecord {
    return this.#keeper.record;
  }

  get replica(): Replica {
    return this.#holding.replica;
  }

  get blank(): boolean {
    return this.#holding.epoch === 0;
  }

  /** URL of the leader that this node hears or last heard, its own if it leads; null: none yet. */
  get leaderAddress(): string | null {
    return this.leader === undefined ? this.#duties.leaderAddress : this.#options.address;
  }

  get links(): PeerLinks | undefined {
    return this.#succession.links;
  }

  /** Undefined as long as it has heard of no group. */
  get quorum(): QuorumState | undefined {
    return this.record.identity === undefined ? undefined : this.#quorumNow();
  }

  /** Sentences for people. */
  get possibleLoss(): readonly string[] {
    return this.#possibleLoss;
  }

  /** How often it has become the leader. */
  get takeovers(): number {
    return this.#succession.takeovers;
  }

  /** How often it led and a higher epoch ended that. */
  get deposed(): number {
    return this.#succession.deposed;
  }

  /** The last assignment that was heard. */
  get assignment(): Assignment | undefined {
    return this.#succession.appointment?.assignment;
  }

  /** Why it does not lead yet, where it wants to. */
  get waitsFor(): KvError | undefined {
    return this.#succession.candidacy?.reason;
  }

  start(): void {
    this.#succession.start();
  }

  stop(): void {
    this.#stopped = true;
    this.#succession.stop();
  }

  /** Called now and then. */
  beat(): void {
    this.#succession.beat();
  }

  /** What the controller has decided: it leads, follows, or brings others up to date. */
  appoint(assignment: Assignment, cluster: ClusterIdentity): void {
    this.#succession.appoint(assignment, cluster);
  }

  /** What the controller is to know of this copy. */
  report(): CopyReport {
    const { group: partition } = this.#options;
    const { copy } = this.record;
    const { epoch } = this.#holding;
    return {
      partition,
      copy,
      blank: this.blank,
      synced: generationOf(epoch),
      leads: this.#succession.report,
    };
  }

  /** Takes the group over; see KvService.promote. */
  promote(told: { readonly force: boolean }): Promise<void> {
    return this.#succession.promote(told);
  }

  /** Puts an entry in by hand, below every version of the group; resolves when it is stored. */
  putByHand(item: { key: string; value: string; version?: number }): Promise<void> {
    const standing = this.replica.get(item.key);
    const next = standing?.epoch === 0 ? standing.sequence + 1 : 1;
    const { key, value, version: sequence = next } = item;
    this.#follower.core.putByHand({ key, value, epoch: 0, sequence });
    return new Promise((resolve) => this.#afterwardsDo(resolve));
  }

  /** From one who leads or wants to, on a link that it opened. */
  message(link: Link, address: string, message: DialerMessage): void {
    // Of another order of this copy: the sender or this node has not heard the newest.
    if ("copy" in message && message.copy !== this.#options.copy) {
      return;
    }
    this.#duties.message(link, address, message);
  }

  linkClosed(link: Link): void {
    if (this.#follower.leadership?.link === link) {
      this.#follower.unfollow();
    }
  }

  takeChanges(): readonly GroupChange[] {
    if (this.#stopped) {
      return [];
    }
    this.#duties.takeIn();
    // As with what a leader sends: nobody may read here what a crash could still take away.
    this.#succession.takeOver();
    this.#keeper.stage(this.leader?.takeChange() ?? this.#follower.core.takeChange());
    this.#keeper.describe(this.#holding);
    return this.#keeper.take(this.#options.group, this.#options.clock.nowMs());
  }

  persisted(): void {
    if (this.#stopped) {
      return;
    }
    const afterwards = this.#afterwards;
    this.#afterwards = [];
    for (const call of afterwards) {
      call();
    }
    this.leader?.persisted();
    this.#follower.speak();
  }

  storageFailed(_error: StorageError): void {
    this.leader?.storageFailed();
    // It would have to take in what it can't keep; its leader tries again until it can.
    const { leadership } = this.#follower;
    this.#follower.unfollow();
    leadership?.link.close("the disk of this node fails");
  }

  get #holding(): Holding {
    return this.leader?.holding ?? this.#follower.core.holding;
  }

  #facts(): PromiseAnswer {
    const { epoch, replica, watermark, commitWatermark } = this.#holding;
    const { memory, before, led, notes, severed } = this.record;
    return {
      blank: epoch === 0,
      memory,
      before,
      led,
      synced: epoch,
      watermark,
      commitWatermark,
      sequence: Math.max(replica.newest, watermark),
      severed,
      quorum: this.#quorumNow(),
      notes,
    };
  }

  #quorumNow(): QuorumState {
    const { identity } = this.record;
    const appointed = this.#succession.appointment?.writeQuorum;
    if (appointed !== undefined) {
      return settledQuorum(appointed);
    }
    if (identity === undefined) {
      return settledQuorum(this.#options.founding?.writeQuorum ?? 0);
    }
    return this.leader?.quorum ?? quorumOf(this.replica.get(QUORUM_KEY), identity.firstQuorum);
  }

  #schedule(): void {
    this.#options.journal.schedule(this);
  }

  /** Stores what has changed by now, then calls back. */
  #afterwardsDo(call: () => void): void {
    this.#afterwards.push(call);
    this.#schedule();
  }

  #following(holding: Holding | undefined): GroupFollower {
    return new GroupFollower(this.#options.group, holding, (notes) => {
      this.#keeper.describe(this.#holding);
      this.#keeper.update(withNotes(this.record, notes));
    });
  }

  #dutyHost(): DutyHost {
    const group = this;
    return {
      get record() {
        return group.record;
      },
      get follower() {
        return group.#follower;
      },
      get replica() {
        return group.replica;
      },
      get leads() {
        return group.leader !== undefined;
      },
      facts: () => group.#facts(),
      update: (record) => group.#keeper.update(record),
      schedule: () => group.#schedule(),
      afterwards: (call) => group.#afterwardsDo(call),
      giveWay: (epoch) => group.#succession.giveWay(epoch),
      settle: (generation, settled) => group.#succession.settle(generation, settled),
    };
  }

  #successionHost(): SuccessionHost {
    const group = this;
    return {
      get record() {
        return group.record;
      },
      get holding() {
        return group.#holding;
      },
      get replica() {
        return group.replica;
      },
      get blank() {
        return group.blank;
      },
      get quorum() {
        return group.#quorumNow();
      },
      get follower() {
        return group.#follower;
      },
      get facts() {
        return group.#facts();
      },
      update: (record) => group.#keeper.update(record),
      stage: (change) => group.#keeper.stage(change),
      schedule: () => group.#schedule(),
      gather: () => group.#options.journal.gather(group),
      afterwards: (call) => group.#afterwardsDo(call),
      goOnWith: (holding) => {
        group.#follower = group.#following(holding);
      },
      possibleLoss: (sentence) => group.#mayBeLost(sentence),
      get possibleLosses() {
        return group.#possibleLosses;
      },
    };
  }

  #mayBeLost(sentence: string): void {
    this.#options.logger.error("possible.loss", { reason: sentence });
    this.#possibleLosses += 1;
    this.#possibleLoss = [...this.#possibleLoss, sentence].slice(-POSSIBLE_LOSSES_KEPT);
  }
}

function holdingOf({ record, entries }: StoredGroup): Holding {
  const replica = new Replica();
  for (const entry of entries) {
    replica.apply(entry);
  }
  const { synced: epoch, watermark, commitWatermark } = record;
  return { epoch, replica, watermark, commitWatermark };
}
