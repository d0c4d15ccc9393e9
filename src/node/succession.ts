/**
 * Who leads a group after whom, as far as this node has a part in it: it wants to lead because it
 * led last, begins a group, was told to or was appointed; it leads; it gives way.
 */

import type { KvError } from "../base/errors.ts";
import { randomId } from "../base/random.ts";
import { type Assignment, type ClusterIdentity, isNewer } from "../core/assignment.ts";
import { epochWithin, generationOf, nextEpoch } from "../core/epoch.ts";
import type { GroupIdentity, GroupRecord, Note } from "../core/group-record.ts";
import type { Holding } from "../core/holding.ts";
import { promise, see, withNotes } from "../core/promises.ts";
import type { QuorumState } from "../core/quorum-entry.ts";
import type { Replica } from "../core/replica.ts";
import { SHORTCUT } from "../core/shortcut.ts";
import { everybody, type PromiseAnswer } from "../core/takeover.ts";
import { type Appointment, appointmentOf, constituencyOf } from "./appointment.ts";
import { Candidacy, type CandidacyOptions } from "./candidacy.ts";
import type { Leadership as FollowedLeader, GroupFollower } from "./group-follower.ts";
import { GroupLeader } from "./group-leader.ts";
import type { GroupOptions } from "./group-options.ts";
import type { LeadReport } from "./heartbeat.ts";
import type { Inherited } from "./inheritance.ts";
import { inPlace, type Member } from "./member.ts";
import type { AnswerMessage } from "./messages.ts";
import { PeerLinks } from "./peer-links.ts";
import type { Change } from "./record-keeper.ts";
import { settingsThatDiffer } from "./settings-differ.ts";
import { blankTakeover, superseded } from "./takeover-refusals.ts";

/** One that was deposed waits so long for whoever did it before it wants to lead again. */
const LEAD_AGAIN_AFTER_MS = 2_000;

/** The replica that may come to lead. */
export interface SuccessionHost {
  readonly record: GroupRecord;
  readonly holding: Holding;
  readonly replica: Replica;
  readonly blank: boolean;
  readonly quorum: QuorumState;
  readonly follower: GroupFollower;
  /** What it would say with a promise. */
  readonly facts: PromiseAnswer;
  update(record: GroupRecord): void;
  stage(change: Change | undefined): void;
  schedule(): void;
  /** See LeaderHost. */
  gather(): void;
  /** Calls back once all that was updated and staged is stored. */
  afterwards(call: () => void): void;
  /** From now on it is a follower that holds this. */
  goOnWith(holding: Holding): void;
  possibleLoss(sentence: string): void;
  /** How often that was said. */
  readonly possibleLosses: number;
}

export class Succession {
  readonly #options: GroupOptions;
  readonly #host: SuccessionHost;
  #candidacy: Candidacy | undefined;
  #leader: GroupLeader | undefined;
  /** While it leads or wants to. */
  #links: PeerLinks | undefined;
  /** Takes in what a takeover brought. */
  #takeOver: (() => void) | undefined;
  #leadAgainAtMs = 0;
  #takeovers = 0;
  #deposed = 0;
  #promotion: PromiseWithResolvers<void> | undefined;
  #stopped = false;
  #settingsCompared = false;
  /** The last that was heard, where a controller appoints. */
  #appointment: Appointment | undefined;

  constructor(options: GroupOptions, host: SuccessionHost) {
    this.#options = options;
    this.#host = host;
  }

  get leader(): GroupLeader | undefined {
    return this.#leader;
  }

  get candidacy(): Candidacy | undefined {
    return this.#candidacy;
  }

  get links(): PeerLinks | undefined {
    return this.#links;
  }

  get appointment(): Appointment | undefined {
    return this.#appointment;
  }

  /** How often it has become the leader. */
  get takeovers(): number {
    return this.#takeovers;
  }

  /** How often it led and a higher epoch ended that. */
  get deposed(): number {
    return this.#deposed;
  }

  start(): void {
    this.#compareSettings();
    this.considerLeading();
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
    this.considerLeading();
  }

  /** The end of a turn, right before it is stored: what a takeover brought becomes the state. */
  takeOver(): void {
    const takeOver = this.#takeOver;
    this.#takeOver = undefined;
    takeOver?.();
  }

  /**
   * Another node is to lead this generation: calls back once what this one accepted, if it leads an
   * older one, is settled, or after a while.
   */
  settle(generation: number, settled: () => void): void {
    if (this.#leader !== undefined && generationOf(this.#leader.epoch) < generation) {
      this.#leader.settle(settled);
    } else {
      settled();
    }
  }

  /** What the controller is to know while it leads. */
  get report(): LeadReport | undefined {
    return this.#leader === undefined ? undefined : this.#leadReport(this.#leader);
  }

  /** What the controller has decided: it leads, follows, or brings others up to date. */
  appoint(assignment: Assignment, cluster: ClusterIdentity): void {
    const known = this.#appointment?.assignment;
    if (this.#stopped || (known !== undefined && !isNewer(assignment, known))) {
      return;
    }
    const before = known?.generation ?? 0;
    const { generation, primary } = assignment;
    if (this.#appointment === undefined && this.#host.blank) {
      // What it promised before it lost its memory was promised to this generation or an older one:
      // it must not acknowledge to those that came before, whoever admits it there.
      this.#host.update(see(this.#host.record, generation));
    }
    this.#appointment = appointmentOf(assignment, cluster);
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

  /** Takes the group over; see KvService.promote. */
  promote(told: { readonly force: boolean }): Promise<void> {
    if (this.#leader !== undefined) {
      return Promise.resolve();
    }
    const { identity, slot } = this.#host.record;
    if (this.#host.blank || identity === undefined) {
      throw blankTakeover(identity?.members ?? []);
    }
    this.#promotion?.reject(superseded());
    this.#promotion = Promise.withResolvers<void>();
    const promoted = this.#promotion.promise;
    this.#dropCandidacy();
    this.#stand(inPlace(identity.members), slot, told);
    return promoted;
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
    const { epoch, open, leadership } = leader;
    const { founder: founded } = leadership;
    const { possibleLosses } = this.#host;
    return { generation: generationOf(epoch), epoch, open, founded, possibleLosses, followers };
  }

  /** Somebody leads this epoch or was promised it: whatever is older ends here. */
  giveWay(epoch: number): void {
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
    const { leadership } = this.#host.follower;
    if (leadership !== undefined && leadership.epoch < epoch) {
      this.#host.follower.unfollow();
    }
  }

  #stepDown(): void {
    const leader = this.#leader;
    if (leader === undefined) {
      return;
    }
    const [epoch, promised] = [leader.epoch, this.#host.record.promised].map(generationOf);
    if (leader.handsOver) {
      this.#options.logger.info("leader.handed_over", { epoch, promised });
    } else if (this.#host.record.promised > leader.epoch) {
      this.#options.logger.warn("leader.deposed", { epoch, promised });
      this.#deposed += 1;
    }
    this.#options.changed();
    leader.end("deposed");
    this.#host.stage(leader.takeChange());
    this.#host.goOnWith(leader.holding);
    this.#leader = undefined;
    this.#links?.stop();
    this.#links = undefined;
    this.#leadAgainLater();
    this.#host.schedule();
  }

  /** Once, as soon as it knows its group: what the group goes by is not what it was told. */
  #compareSettings(): void {
    const { founding, logger } = this.#options;
    const { identity } = this.#host.record;
    if (
      this.#settingsCompared ||
      founding === undefined ||
      identity === undefined ||
      this.#host.blank
    ) {
      return;
    }
    this.#settingsCompared = true;
    const writeQuorum = this.#host.quorum.target;
    for (const reason of settingsThatDiffer(founding, { ...identity, writeQuorum })) {
      logger.warn("settings.differ", { reason });
    }
  }

  #leadAgainLater(): void {
    const { clock, random } = this.#options;
    this.#leadAgainAtMs = clock.nowMs() + LEAD_AGAIN_AFTER_MS * (1 + random.next());
  }

  /** The one that led last leads again if nobody does; one that is to begin the group begins it. */
  considerLeading(): void {
    const { clock, founding } = this.#options;
    const { copy } = this.#options;
    const leadership = copy > 0 ? this.#leadershipOfNow() : this.#host.follower.leadership;
    const busy = this.#leader ?? this.#candidacy ?? leadership;
    if (this.#stopped || busy !== undefined || clock.nowMs() < this.#leadAgainAtMs) {
      return;
    }
    if (copy > 0) {
      this.#takeOffice();
      return;
    }
    const { identity, slot, led, synced } = this.#host.record;
    if (this.#host.blank) {
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
    const { leadership } = this.#host.follower;
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
    this.#host.update({ ...this.#host.record, identity, slot });
    // Whose link is gone has nothing to settle any more that could be waited for.
    const lastLeader = this.#host.follower.leadership?.address;
    const { generation, begun } = assignment;
    this.#stand(constituents, slot, undefined, {
      electorates,
      appointed: { generation, begun, copies, lastLeader },
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
      founding: this.#host.blank ? (appointed?.founding ?? founding) : undefined,
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
    const succession = this;
    return {
      get record() {
        return succession.#host.record;
      },
      get holding() {
        return succession.#host.holding;
      },
      get facts() {
        return succession.#host.facts;
      },
      adopt: (identity: GroupIdentity) => succession.#adopt(identity),
      found: () => succession.#found(),
      promiseOwn: (epoch: number, kept: () => void) => {
        const promised = promise(succession.#host.record, { epoch });
        if (promised !== undefined) {
          succession.#host.follower.unfollow();
          succession.#host.update(promised);
          succession.#host.afterwards(kept);
        }
      },
      keep: (change: Change) => {
        succession.#host.stage(change);
        succession.#host.schedule();
      },
      lead: (
        epoch: number,
        inherit: () => Inherited,
        known: { readonly notes: readonly Note[]; readonly severed: number },
      ) => {
        const candidacy = succession.#candidacy;
        succession.#takeOver = () => {
          // Since then, in this turn, somebody may have come before it.
          if (succession.#candidacy === candidacy && succession.#mayLead(epoch)) {
            succession.#host.update({ ...succession.#host.record, ...known });
            succession.#inherit(epoch, inherit(), false);
          }
        };
        succession.#host.schedule();
      },
      standBack: () => succession.#dropCandidacy(),
      possibleLoss: (sentence: string) => succession.#host.possibleLoss(sentence),
      failed: (error: KvError) => {
        succession.#promotion?.reject(error);
        succession.#promotion = undefined;
        succession.#leadAgainLater();
        succession.#dropCandidacy();
      },
    };
  }

  #adopt(identity: GroupIdentity): void {
    const slot = identity.members.indexOf(this.#options.address);
    this.#host.update({ ...this.#host.record, identity, slot });
    this.#dropCandidacy();
    this.considerLeading();
  }

  /** Nobody remembers anything: here a new group begins. */
  #found(): void {
    const { founding, random, logger } = this.#options;
    const { identity: appointed } = this.#host.record;
    if (this.#appointment !== undefined && appointed !== undefined) {
      const { generation } = this.#appointment.assignment;
      const seen = this.#host.record.promised;
      const epoch = epochWithin({ generation, seen, random: random.next() });
      if (epoch !== undefined) {
        this.#begin(epoch, { ...this.#host.record, severed: epoch });
      }
      return;
    }
    if (founding === undefined) {
      return;
    }
    this.#settingsCompared = true;
    const { members, writeQuorum } = founding;
    const identity = { life: randomId(random), members, firstQuorum: writeQuorum };
    const epoch = nextEpoch({ seen: this.#host.record.promised, slot: 0, members: members.length });
    logger.info("group.founded", { epoch, life: identity.life });
    this.#begin(epoch, { ...this.#host.record, identity, slot: 0 });
  }

  /** With nothing, as the first leader. */
  #begin(epoch: number, record: GroupRecord): void {
    this.#host.update({ ...record, promised: Math.max(epoch, record.promised) });
    const nothing = { sequence: 0, inherited: 0, change: { entries: [] } };
    this.#inherit(epoch, { replica: this.#host.replica, ...nothing }, true);
  }

  /** This node's state is that of the new epoch's leader; it leads once that is stored. */
  #inherit(epoch: number, inherited: Inherited, founder: boolean): void {
    const { replica, sequence } = inherited;
    const commitWatermark = sequence - inherited.inherited;
    this.#host.stage(this.#host.follower.core.takeChange());
    this.#host.stage(inherited.change);
    this.#host.goOnWith({ epoch, replica, watermark: sequence, commitWatermark });
    this.#host.update({ ...this.#host.record, led: epoch });
    const candidacy = this.#candidacy;
    this.#host.afterwards(() => {
      // Since then it may have been appointed anew, with other members.
      if (this.#candidacy === candidacy && this.#mayLead(epoch)) {
        this.#lead(epoch, inherited, founder);
      }
    });
  }

  /** No higher epoch has been heard of. */
  #mayLead(epoch: number): boolean {
    return this.#host.record.promised === epoch || SHORTCUT === "no-fence";
  }

  #lead(epoch: number, inherited: Inherited, founder: boolean): void {
    const { logger } = this.#options;
    const { identity, slot, severed } = this.#host.record;
    const candidates = this.#links;
    if (identity === undefined || candidates === undefined || this.#stopped) {
      return;
    }
    const quorum = this.#host.quorum;
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
    this.#options.changed();
    this.#promotion?.resolve();
    this.#promotion = undefined;
  }

  #leaderHost() {
    const succession = this;
    return {
      schedule: () => succession.#host.schedule(),
      gather: () => succession.#host.gather(),
      stored: () => new Promise<void>((resolve) => succession.#host.afterwards(resolve)),
      get notes() {
        return succession.#host.record.notes;
      },
      note: (note: Note, kept: () => void) => {
        succession.#host.update(withNotes(succession.#host.record, [note]));
        succession.#host.afterwards(kept);
      },
      possibleLoss: (sentence: string) => succession.#host.possibleLoss(sentence),
      changed: () => succession.#options.changed(),
      fenced: (promised: number) => {
        succession.#host.update(see(succession.#host.record, promised));
        succession.#stepDown();
      },
      get storageFailure() {
        return succession.#options.journal.failure;
      },
    };
  }
}
