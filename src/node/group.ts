/**
 * One node's replica of one group, whatever part it plays there: it follows, wants to lead, or
 * leads. It sees to the order of a turn: persist, then say so. What it owes to those who lead or
 * want to is in member-duties.ts.
 */
import type { Clock } from "../base/clock.ts";
import type { KvError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import { type Random, randomId } from "../base/random.ts";
import type { Assignment, ClusterIdentity } from "../core/assignment.ts";
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
import { everybody, type PromiseAnswer } from "../core/takeover.ts";
import { type Appointment, appointmentOf, constituencyOf, isNewer } from "./appointment.ts";
import { Candidacy, type CandidacyOptions } from "./candidacy.ts";
import { type Leadership as FollowedLeader, GroupFollower } from "./group-follower.ts";
import { GroupLeader, type LabSettings } from "./group-leader.ts";
import type { CopyReport, LeadReport } from "./heartbeat.ts";
import type { Inherited } from "./inheritance.ts";
import type { Journal, Participant } from "./journal.ts";
import type { LinkPool } from "./link-pool.ts";
import { inPlace, type Member } from "./member.ts";
import { type DutyHost, MemberDuties } from "./member-duties.ts";
import type { AnswerMessage, DialerMessage, HelloMessage } from "./messages.ts";
import type { Link } from "./network.ts";
import type { Pace } from "./pace.ts";
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
  /** The number of this copy, see Copy; 0 where nobody appoints. */
  readonly copy: number;
  /** Set where it is to begin the group; members: all URLs, the own one first. */
  readonly founding:
    | { readonly members: readonly string[]; readonly writeQuorum: number }
    | undefined;
  readonly stored: StoredGroup | undefined;
  /** What the storage has of this group is of an older copy, and counts for nothing. */
  readonly discards?: boolean;
  /** What it stores survives its process. */
  readonly durable: boolean;
  readonly lab: LabSettings;
  readonly replicationTimeoutMs: number;
  readonly linkQueueBytes: number;
  readonly pendingBytes: number;
  readonly hello: HelloMessage;
  readonly pool: LinkPool;
  readonly pace: Pace;
  /** It has begun or ceased to lead. */
  changed(): void;
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
  /** The last that was heard, where a controller appoints. */
  #appointment: Appointment | undefined;
  readonly #changed: () => void;

  constructor(options: GroupOptions) {
    this.#options = options;
    this.#changed = options.changed;
    const { stored, random, copy } = options;
    const blank = blankRecord(randomId(random), copy);
    const known = stored === undefined ? blank : { ...blank, ...stored.record };
    const remembers = known.synced > 0 && known.copy === copy;
    this.#keeper = new RecordKeeper(remembers ? known : blank);
    this.#follower = this.#following(remembers && stored ? holdingOf(stored) : undefined);
    if (options.discards === true || (stored !== undefined && known.copy !== copy)) {
      this.#keeper.stage({ clearIncoming: true, adopt: true });
    }
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

  /** The last assignment that was heard. */
  get assignment(): Assignment | undefined {
    return this.#appointment?.assignment;
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
    this.#leader?.tick();
    this.#candidacy?.beat();
    this.#compareSettings();
    this.#considerLeading();
  }

  /** What the controller has decided: it leads, follows, or brings others up to date. */
  appoint(assignment: Assignment, cluster: ClusterIdentity): void {
    if (!isNewer(assignment, this.#appointment?.assignment) || this.#stopped) {
      return;
    }
    const before = this.#appointment?.assignment.generation ?? 0;
    this.#appointment = appointmentOf(assignment, cluster);
    const { generation, primary } = assignment;
    if (this.#leader !== undefined && generationOf(this.#leader.epoch) === generation) {
      this.#tend(this.#leader, assignment);
      return;
    }
    if (generation > before) {
      this.#dropCandidacy();
    }
    if (primary !== this.#options.hello.node || this.#candidacy !== undefined) {
      return;
    }
    const leader = this.#leader;
    if (leader === undefined) {
      this.#takeOffice();
      return;
    }
    leader.settle(() => {
      // Since then somebody may have deposed it, or it may have been appointed once more.
      if (this.#leader === leader && !this.#stopped) {
        this.#stepDown();
        this.#takeOffice();
      }
    });
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
      leads: this.#leader === undefined ? undefined : this.#leadReport(this.#leader),
    };
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
    this.#stand(inPlace(identity.members), slot, told);
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
    const takeOver = this.#takeOver;
    this.#takeOver = undefined;
    takeOver?.();
    this.#keeper.stage(this.#leader?.takeChange() ?? this.#follower.core.takeChange());
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

  #leadReport(leader: GroupLeader): LeadReport {
    const assignment = this.#appointment?.assignment;
    const copies = assignment === undefined ? [] : [assignment.members, assignment.learners].flat();
    const followers = leader.followerSlots.flatMap(({ index, slot }) => {
      const known = copies.find((copy) => copy.slot === slot);
      if (known === undefined) {
        return [];
      }
      const { worker, copy } = known;
      const { connected, synced, lagEntries } = leader.followerView(index);
      return [{ worker, copy, connected, synced, lagEntries }];
    });
    const { epoch, open } = leader;
    return { generation: generationOf(epoch), epoch, open, followers };
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
    const appointed = this.#appointment?.writeQuorum;
    if (appointed !== undefined) {
      return settledQuorum(appointed);
    }
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
      settle: (generation, settled) => {
        const leader = group.#leader;
        if (leader !== undefined && generationOf(leader.epoch) < generation) {
          leader.settle(settled);
        } else {
          settled();
        }
      },
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
    const [epoch, promised] = [leader.epoch, this.record.promised].map(generationOf);
    if (this.record.promised > leader.epoch) {
      this.#options.logger.warn("leader.deposed", { epoch, promised });
      this.#deposed += 1;
    }
    this.#changed();
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
    const { copy } = this.#options;
    const leadership = copy > 0 ? this.#leadershipOfNow() : this.#follower.leadership;
    const busy = this.#leader ?? this.#candidacy ?? leadership;
    if (this.#stopped || busy !== undefined || clock.nowMs() < this.#leadAgainAtMs) {
      return;
    }
    if (copy > 0) {
      this.#takeOffice();
      return;
    }
    const { identity, slot, led, synced } = this.record;
    if (this.blank) {
      if (founding !== undefined) {
        const known = identity === undefined ? -1 : identity.members.indexOf(this.#options.address);
        const members = known < 0 ? founding.members : (identity as GroupIdentity).members;
        this.#stand(inPlace(members), Math.max(0, known), undefined);
      }
    } else if (led === synced && identity !== undefined) {
      this.#stand(inPlace(identity.members), slot, undefined);
    }
  }

  /** The leader that it follows, unless that one's generation is over. */
  #leadershipOfNow(): FollowedLeader | undefined {
    const { leadership } = this.#follower;
    const generation = this.#appointment?.assignment.generation ?? 0;
    const current = leadership !== undefined && generationOf(leadership.epoch) >= generation;
    return current ? leadership : undefined;
  }

  /** If the last assignment that was heard says that it leads. */
  #takeOffice(): void {
    const appointment = this.#appointment;
    const { hello } = this.#options;
    if (appointment === undefined || appointment.assignment.primary !== hello.node) {
      return;
    }
    const { assignment, writeQuorum, life } = appointment;
    const constituency = constituencyOf(assignment, hello.node);
    if (constituency === undefined) {
      return;
    }
    const { slot, copies, members: constituents, electorates } = constituency;
    const members = assignment.members.map(({ address }) => address);
    const identity = { life, members, firstQuorum: writeQuorum };
    this.#keeper.update({ ...this.record, identity, slot });
    // Whose link is gone has nothing to settle any more that could be waited for.
    const lastLeader = this.#follower.leadership?.address;
    const { generation } = assignment;
    this.#stand(constituents, slot, undefined, {
      electorates,
      appointed: { generation, copies, lastLeader },
      founding: { writeQuorum },
    });
  }

  /** In its generation something has changed that needs no new leader. */
  #tend(leader: GroupLeader, { learners, retained, earlier }: Assignment): void {
    leader.bringUp(learners);
    // Who is a member no more may be retained as soon as the earlier generations are done with.
    leader.keepTombstones(retained.length > 0 || earlier.length > 0);
  }

  #stand(
    members: readonly Member[],
    slot: number,
    told: { readonly force: boolean } | undefined,
    appointed?: Pick<CandidacyOptions, "electorates" | "appointed" | "founding">,
  ): void {
    const { founding, durable } = this.#options;
    const links = this.#linksTo(members, slot);
    this.#links = links;
    this.#candidacy = new Candidacy({
      ...this.#options,
      electorates: everybody(members.length),
      appointed: undefined,
      ...appointed,
      members,
      slot,
      links,
      told,
      founding: this.blank ? (appointed?.founding ?? founding) : undefined,
      inMemory: !durable,
      host: this.#candidateHost(),
    });
    links.start();
    this.#candidacy.start();
  }

  #linksTo(members: readonly Member[], slot: number): PeerLinks {
    return new PeerLinks({
      ...this.#options,
      members,
      slot,
      events: {
        peerUp: (index) => (this.#leader ?? this.#candidacy)?.peerUp(index),
        peerDown: (index) => (this.#leader ?? this.#candidacy)?.peerDown(index),
        peerMessage: (index, message) => this.#answered(index, message),
      },
    });
  }

  #answered(index: number, message: AnswerMessage): void {
    if (message.group !== this.#options.group) {
      return;
    }
    if (this.#leader !== undefined) {
      this.#leader.message(index, message);
    } else {
      this.#candidacy?.message(index, message);
    }
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
    const { identity: appointed } = this.record;
    if (this.#appointment !== undefined && appointed !== undefined) {
      const { generation } = this.#appointment.assignment;
      this.#begin(generation, { ...this.record, severed: generation });
      return;
    }
    if (founding === undefined) {
      return;
    }
    this.#settingsCompared = true;
    const { members, writeQuorum } = founding;
    const identity = { life: randomId(random), members, firstQuorum: writeQuorum };
    const epoch = nextEpoch({ seen: this.record.promised, slot: 0, members: members.length });
    logger.info("group.founded", { epoch, life: identity.life });
    this.#begin(epoch, { ...this.record, identity, slot: 0 });
  }

  /** With nothing, as the first leader. */
  #begin(epoch: number, record: GroupRecord): void {
    this.#keeper.update({ ...record, promised: Math.max(epoch, record.promised) });
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
    const candidates = this.#links;
    if (identity === undefined || candidates === undefined || this.#stopped) {
      return;
    }
    const quorum = this.#quorumNow();
    this.#candidacy?.stop();
    this.#candidacy = undefined;
    const assignment = this.#appointment?.assignment;
    const members = assignment?.members ?? inPlace(identity.members);
    const copies = new Map(assignment?.members.map((member) => [member.slot, member.copy]));
    const links = assignment === undefined ? candidates : this.#linksTo(members, slot);
    this.#links = links;
    const slots = members.map((member) => member.slot);
    this.#leader = new GroupLeader(
      { ...inherited, epoch, identity, slot, members: slots, copies, quorum, severed, founder },
      { ...this.#options, links, host: this.#leaderHost() },
    );
    if (links !== candidates) {
      links.start();
      candidates.stop();
    }
    const { sequence, inherited: uncommitted } = inherited;
    logger.info("leader.leads", { epoch: generationOf(epoch), sequence, uncommitted });
    this.#takeovers += 1;
    this.#leader.start();
    if (assignment !== undefined) {
      this.#tend(this.#leader, assignment);
    }
    this.#changed();
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
      changed: () => group.#changed(),
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
