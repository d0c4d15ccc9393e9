/**
 * One node's replica of one group, whatever part it plays there: it follows, wants to lead, or
 * leads. It sees to the order of a turn: persist, then say so. What it owes to those who lead or
 * want to is in member-duties.ts.
 */
import type { Clock } from "../base/clock.ts";
import type { KvError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import { type Random, randomId } from "../base/random.ts";
import { generationOf, nextEpoch } from "../core/epoch.ts";
import {
  blankRecord,
  type GroupIdentity,
  type GroupRecord,
  type Note,
} from "../core/group-record.ts";
import type { Holding } from "../core/holding.ts";
import { promise, see, withNotes } from "../core/promises.ts";
import { QUORUM_KEY, type QuorumState, quorumOf, settledQuorum } from "../core/quorum-entry.ts";
import { Replica } from "../core/replica.ts";
import { SHORTCUT } from "../core/shortcut.ts";
import type { GroupChange, StorageError, StoredGroup } from "../core/storage.ts";
import type { PromiseAnswer } from "../core/takeover.ts";
import { Candidacy } from "./candidacy.ts";
import { GroupFollower } from "./group-follower.ts";
import { GroupLeader, type LabSettings } from "./group-leader.ts";
import type { Inherited } from "./inheritance.ts";
import type { Journal, Participant } from "./journal.ts";
import type { LinkPool } from "./link-pool.ts";
import { inPlace } from "./member.ts";
import { type DutyHost, MemberDuties } from "./member-duties.ts";
import type { DialerMessage } from "./messages.ts";
import type { Link } from "./network.ts";
import { PeerLinks } from "./peer-links.ts";
import { type Change, RecordKeeper } from "./record-keeper.ts";
import { settingsThatDiffer } from "./settings-differ.ts";
import { blankTakeover, superseded } from "./takeover-refusals.ts";

/** One that was deposed waits so long for whoever did it before it wants to lead again. */
const LEAD_AGAIN_AFTER_MS = 2_000;
const POSSIBLE_LOSSES_KEPT = 20;

export interface GroupOptions {
  readonly group: number;
  /** Own URL. */
  readonly address: string;
  /** Set where it is to begin the group; members: all URLs, the own one first. */
  readonly founding:
    | { readonly members: readonly string[]; readonly writeQuorum: number }
    | undefined;
  readonly stored: StoredGroup | undefined;
  /** What it stores survives its process. */
  readonly durable: boolean;
  readonly lab: LabSettings;
  readonly replicationTimeoutMs: number;
  readonly linkQueueBytes: number;
  readonly pendingBytes: number;
  readonly pool: LinkPool;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

export class Group implements Participant {
  readonly #options: GroupOptions;
  readonly #keeper: RecordKeeper;
  readonly #duties: MemberDuties;
  #follower: GroupFollower;
  #candidacy: Candidacy | undefined;
  #leader: GroupLeader | undefined;
  /** While it leads or wants to. */
  #links: PeerLinks | undefined;
  /** Takes in what a takeover brought. */
  #takeOver: (() => void) | undefined;
  /** Called once this turn is persisted. */
  #afterwards: (() => void)[] = [];
  #leadAgainAtMs = 0;
  #possibleLoss: string[] = [];
  #takeovers = 0;
  #deposed = 0;
  #promotion: PromiseWithResolvers<void> | undefined;
  #stopped = false;
  #settingsCompared = false;

  constructor(options: GroupOptions) {
    this.#options = options;
    const { stored, random } = options;
    const remembers = stored !== undefined && stored.record.synced > 0;
    const record = remembers ? stored.record : blankRecord(randomId(random));
    this.#keeper = new RecordKeeper(record);
    this.#follower = this.#following(remembers ? holdingOf(stored) : undefined);
    this.#duties = new MemberDuties({ ...options, host: this.#dutyHost() });
  }

  get role(): "leader" | "candidate" | "follower" {
    if (this.#leader !== undefined) {
      return "leader";
    }
    return this.#candidacy === undefined ? "follower" : "candidate";
  }

  get leader(): GroupLeader | undefined {
    return this.#leader;
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
    return this.#leader === undefined ? this.#duties.leaderAddress : this.#options.address;
  }

  get links(): PeerLinks | undefined {
    return this.#links;
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
    return this.#takeovers;
  }

  /** How often it led and a higher epoch ended that. */
  get deposed(): number {
    return this.#deposed;
  }

  /** Why it does not lead yet, where it wants to. */
  get waitsFor(): KvError | undefined {
    return this.#candidacy?.reason;
  }

  start(): void {
    this.#compareSettings();
    this.#considerLeading();
  }

  stop(): void {
    this.#stopped = true;
    this.#leader?.end("stops");
    this.#dropCandidacy();
    this.#links?.stop();
  }

  /** Called now and then. */
  beat(): void {
    this.#links?.checkSilence();
    this.#leader?.remind();
    this.#leader?.beat();
    this.#candidacy?.beat();
    this.#compareSettings();
    this.#considerLeading();
  }

  /** Takes the group over; see KvService.promote. */
  promote(told: { readonly force: boolean }): Promise<void> {
    if (this.#leader !== undefined) {
      return Promise.resolve();
    }
    const { identity, slot } = this.record;
    if (this.blank || identity === undefined) {
      throw blankTakeover(identity?.members ?? []);
    }
    this.#promotion?.reject(superseded());
    this.#promotion = Promise.withResolvers<void>();
    const promoted = this.#promotion.promise;
    this.#dropCandidacy();
    this.#stand({ members: identity.members, slot }, told);
    return promoted;
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
    this.#duties.message(link, address, message);
  }

  linkClosed(link: Link): void {
    if (this.#follower.leadership?.link === link) {
      this.#follower.unfollow();
    }
  }

  takeChanges(): readonly GroupChange[] {
    this.#duties.takeIn();
    // As with what a leader sends: nobody may read here what a crash could still take away.
    const takeOver = this.#takeOver;
    this.#takeOver = undefined;
    takeOver?.();
    this.#keeper.stage(this.#leader?.takeChange() ?? this.#follower.core.takeChange());
    this.#keeper.describe(this.#holding);
    return this.#keeper.take(this.#options.group, this.#options.clock.nowMs());
  }

  persisted(): void {
    const afterwards = this.#afterwards;
    this.#afterwards = [];
    for (const call of afterwards) {
      call();
    }
    this.#leader?.persisted();
    this.#follower.speak();
  }

  storageFailed(_error: StorageError): void {
    this.#leader?.storageFailed();
    // It would have to take in what it can't keep; its leader tries again until it can.
    const { leadership } = this.#follower;
    this.#follower.unfollow();
    leadership?.link.close("the disk of this node fails");
  }

  get #holding(): Holding {
    return this.#leader?.holding ?? this.#follower.core.holding;
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
    if (identity === undefined) {
      return settledQuorum(this.#options.founding?.writeQuorum ?? 0);
    }
    return this.#leader?.quorum ?? quorumOf(this.replica.get(QUORUM_KEY), identity.firstQuorum);
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
        return group.#leader !== undefined;
      },
      facts: () => group.#facts(),
      update: (record) => group.#keeper.update(record),
      schedule: () => group.#schedule(),
      afterwards: (call) => group.#afterwardsDo(call),
      giveWay: (epoch) => group.#giveWay(epoch),
    };
  }

  /** Somebody leads this epoch or was promised it: whatever is older ends here. */
  #giveWay(epoch: number): void {
    if (this.#leader !== undefined && this.#leader.epoch < epoch) {
      this.#stepDown();
    }
    const candidacy = this.#candidacy;
    if (candidacy !== undefined && !(candidacy.told && !candidacy.asking)) {
      this.#leadAgainLater();
      this.#promotion?.reject(superseded());
      this.#promotion = undefined;
      this.#dropCandidacy();
    }
    const { leadership } = this.#follower;
    if (leadership !== undefined && leadership.epoch < epoch) {
      this.#follower.unfollow();
    }
  }

  #stepDown(): void {
    const leader = this.#leader;
    if (leader === undefined) {
      return;
    }
    this.#options.logger.warn("leader.deposed", {
      epoch: generationOf(leader.epoch),
      promised: generationOf(this.record.promised),
    });
    this.#deposed += 1;
    leader.end("deposed");
    this.#keeper.stage(leader.takeChange());
    this.#follower = this.#following(leader.holding);
    this.#leader = undefined;
    this.#links?.stop();
    this.#links = undefined;
    this.#leadAgainLater();
    this.#schedule();
  }

  /** Once, as soon as it knows its group: what the group goes by is not what it was told. */
  #compareSettings(): void {
    const { founding, logger } = this.#options;
    const { identity } = this.record;
    if (this.#settingsCompared || founding === undefined || identity === undefined || this.blank) {
      return;
    }
    this.#settingsCompared = true;
    const writeQuorum = this.#quorumNow().target;
    for (const reason of settingsThatDiffer(founding, { ...identity, writeQuorum })) {
      logger.warn("settings.differ", { reason });
    }
  }

  #leadAgainLater(): void {
    const { clock, random } = this.#options;
    this.#leadAgainAtMs = clock.nowMs() + LEAD_AGAIN_AFTER_MS * (1 + random.next());
  }

  /** The one that led last leads again if nobody does; one that is to begin the group begins it. */
  #considerLeading(): void {
    const { clock, founding } = this.#options;
    const busy = this.#leader ?? this.#candidacy ?? this.#follower.leadership;
    if (this.#stopped || busy !== undefined || clock.nowMs() < this.#leadAgainAtMs) {
      return;
    }
    const { identity, slot, led, synced } = this.record;
    if (this.blank) {
      if (founding !== undefined) {
        const known = identity === undefined ? -1 : identity.members.indexOf(this.#options.address);
        const members = known < 0 ? founding.members : (identity as GroupIdentity).members;
        this.#stand({ members, slot: Math.max(0, known) }, undefined);
      }
    } else if (led === synced && identity !== undefined) {
      this.#stand({ members: identity.members, slot }, undefined);
    }
  }

  #stand(
    place: { readonly members: readonly string[]; readonly slot: number },
    told: { readonly force: boolean } | undefined,
  ): void {
    const { founding, durable } = this.#options;
    const links = new PeerLinks({
      ...this.#options,
      members: inPlace(place.members),
      slot: place.slot,
      events: {
        peerUp: (index) => (this.#leader ?? this.#candidacy)?.peerUp(index),
        peerDown: (index) => (this.#leader ?? this.#candidacy)?.peerDown(index),
        peerMessage: (index, message) => (this.#leader ?? this.#candidacy)?.message(index, message),
      },
    });
    this.#links = links;
    this.#candidacy = new Candidacy({
      ...this.#options,
      ...place,
      links,
      told,
      founding: this.blank ? founding : undefined,
      inMemory: !durable,
      host: this.#candidateHost(),
    });
    links.start();
    this.#candidacy.start();
  }

  #dropCandidacy(): void {
    if (this.#candidacy !== undefined) {
      this.#candidacy.stop();
      this.#candidacy = undefined;
      this.#links?.stop();
      this.#links = undefined;
    }
  }

  #candidateHost() {
    const group = this;
    return {
      get record() {
        return group.record;
      },
      get holding() {
        return group.#holding;
      },
      get facts() {
        return group.#facts();
      },
      adopt: (identity: GroupIdentity) => group.#adopt(identity),
      found: () => group.#found(),
      promiseOwn: (epoch: number, kept: () => void) => {
        const promised = promise(group.record, { epoch });
        if (promised !== undefined) {
          group.#follower.unfollow();
          group.#keeper.update(promised);
          group.#afterwardsDo(kept);
        }
      },
      keep: (change: Change) => {
        group.#keeper.stage(change);
        group.#schedule();
      },
      lead: (
        epoch: number,
        inherit: () => Inherited,
        known: { readonly notes: readonly Note[]; readonly severed: number },
      ) => {
        const candidacy = group.#candidacy;
        group.#takeOver = () => {
          // Since then, in this turn, somebody may have come before it.
          if (group.#candidacy === candidacy && group.#mayLead(epoch)) {
            group.#keeper.update({ ...group.record, ...known });
            group.#inherit(epoch, inherit(), false);
          }
        };
        group.#schedule();
      },
      standBack: () => group.#dropCandidacy(),
      possibleLoss: (sentence: string) => group.#mayBeLost(sentence),
      failed: (error: KvError) => {
        group.#promotion?.reject(error);
        group.#promotion = undefined;
        group.#leadAgainLater();
        group.#dropCandidacy();
      },
    };
  }

  #adopt(identity: GroupIdentity): void {
    const slot = identity.members.indexOf(this.#options.address);
    this.#keeper.update({ ...this.record, identity, slot });
    this.#dropCandidacy();
    this.#considerLeading();
  }

  /** Nobody remembers anything: here a new group begins. */
  #found(): void {
    const { founding, random, logger } = this.#options;
    if (founding === undefined) {
      return;
    }
    this.#settingsCompared = true;
    const { members, writeQuorum } = founding;
    const identity = { life: randomId(random), members, firstQuorum: writeQuorum };
    const epoch = nextEpoch({ seen: this.record.promised, slot: 0, members: members.length });
    this.#keeper.update({ ...this.record, identity, slot: 0, promised: epoch });
    logger.info("group.founded", { epoch, life: identity.life });
    const nothing = { sequence: 0, inherited: 0, change: { entries: [] } };
    this.#inherit(epoch, { replica: this.replica, ...nothing }, true);
  }

  /** This node's state is that of the new epoch's leader; it leads once that is stored. */
  #inherit(epoch: number, inherited: Inherited, founder: boolean): void {
    const { replica, sequence } = inherited;
    const commitWatermark = sequence - inherited.inherited;
    this.#keeper.stage(this.#follower.core.takeChange());
    this.#keeper.stage(inherited.change);
    this.#follower = this.#following({ epoch, replica, watermark: sequence, commitWatermark });
    this.#keeper.update({ ...this.record, led: epoch });
    this.#afterwardsDo(() => {
      if (this.#mayLead(epoch)) {
        this.#lead(epoch, inherited, founder);
      }
    });
  }

  /** No higher epoch has been heard of. */
  #mayLead(epoch: number): boolean {
    return this.record.promised === epoch || SHORTCUT === "no-fence";
  }

  #lead(epoch: number, inherited: Inherited, founder: boolean): void {
    const { logger } = this.#options;
    const { identity, slot, severed } = this.record;
    const links = this.#links;
    if (identity === undefined || links === undefined || this.#stopped) {
      return;
    }
    const quorum = this.#quorumNow();
    this.#candidacy?.stop();
    this.#candidacy = undefined;
    this.#leader = new GroupLeader(
      { ...inherited, epoch, identity, slot, quorum, severed, founder },
      { ...this.#options, links, host: this.#leaderHost() },
    );
    const { sequence, inherited: uncommitted } = inherited;
    logger.info("leader.leads", { epoch: generationOf(epoch), sequence, uncommitted });
    this.#takeovers += 1;
    this.#leader.start();
    this.#promotion?.resolve();
    this.#promotion = undefined;
  }

  #leaderHost() {
    const group = this;
    return {
      schedule: () => group.#schedule(),
      stored: () => new Promise<void>((resolve) => group.#afterwardsDo(resolve)),
      get notes() {
        return group.record.notes;
      },
      note: (note: Note, kept: () => void) => {
        group.#keeper.update(withNotes(group.record, [note]));
        group.#afterwardsDo(kept);
      },
      possibleLoss: (sentence: string) => group.#mayBeLost(sentence),
      fenced: (promised: number) => {
        group.#keeper.update(see(group.record, promised));
        group.#stepDown();
      },
      get storageFailure() {
        return group.#options.journal.failure;
      },
    };
  }

  #mayBeLost(sentence: string): void {
    this.#options.logger.error("possible.loss", { reason: sentence });
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
