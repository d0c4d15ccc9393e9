/**
 * How a node comes to lead: it hears the other members out, which binds nobody; when enough of them
 * are there it asks for their promises; with enough of those it fetches what they hold and it does
 * not, and leads. What counts is in core/takeover.ts; this is its shell.
 *
 * One that was told to (`kvnode promote`) goes through it once, whoever leads, and fails with who
 * is missing. One that led last, or that begins without memory, waits for as long as it takes, and
 * stands back for any living leader. One that was appointed asks at once, for as long as it takes:
 * all it hears out is the last leader, so that this one can settle what it has accepted.
 */
import type { Clock } from "../base/clock.ts";
import type { KvError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import { epochWithin, nextEpoch } from "../core/epoch.ts";
import type { GroupIdentity, GroupRecord } from "../core/group-record.ts";
import type { Holding } from "../core/holding.ts";
import type { GroupChange } from "../core/storage.ts";
import { type PromiseAnswer, Takeover, type TakeoverDecision } from "../core/takeover.ts";
import { decideBeginning, livingLeader } from "./answers.ts";
import { HANDOVER_MS } from "./handover.ts";
import { Inheritance, type Inherited } from "./inheritance.ts";
import type { Member } from "./member.ts";
import type { AnswerMessage, FetchedMessage, HereMessage } from "./messages.ts";
import { notEnoughReplicas } from "./not-enough-replicas.ts";
import type { PeerLinks } from "./peer-links.ts";
import {
  anotherLeads,
  conflict,
  notMember,
  overtaken,
  unsafeTakeover,
} from "./takeover-refusals.ts";

/** So long it waits for all members before it is content with enough of them. */
const PATIENCE_MS = 1_000;
/** So long it waits for promises, or for a page of what it fetches, before it begins again. */
const STEP_MS_MAX = 3_000;
/** One that was told to gives up after so long. */
const MANUAL_MS_MAX = 10_000;
/** So long one that was appointed waits for the leader that it hears to settle what it accepted. */
const LAST_LEADER_MS = HANDOVER_MS + 150;
/** Rival candidates that begin again at the same moment would meet again. */
const AGAIN_AFTER_MS_MAX = 300;

/** What a candidate needs of the replica that it belongs to. */
export interface CandidateHost {
  readonly record: GroupRecord;
  readonly holding: Holding;
  /** What it would say with a promise. */
  readonly facts: PromiseAnswer;
  /** It has learned which group these members form: it begins again as one of them. */
  adopt(identity: GroupIdentity): void;
  /** Nobody remembers anything: a new group begins with this node. */
  found(): void;
  /** Promises this epoch to itself and calls back once that is kept. */
  promiseOwn(epoch: number, kept: () => void): void;
  /** Keeps this with the next transaction. */
  keep(change: Omit<GroupChange, "group" | "record">): void;
  /** It leads with what `inherit` gives, which is called right before that is stored. */
  lead(epoch: number, inherit: () => Inherited, known: Known): void;
  /** Somebody has led since: it waits to be led. */
  standBack(): void;
  possibleLoss(sentence: string): void;
  /** Only for one that was told to. */
  failed(error: KvError): void;
}

/** What a new leader knows from those who promised, for its record. */
type Known = Pick<GroupRecord, "notes" | "severed">;

export interface CandidacyOptions {
  readonly group: number;
  /** All that may promise, this node among them. */
  readonly members: readonly Member[];
  /** See Takeover. */
  readonly electorates: readonly (readonly number[])[];
  readonly slot: number;
  readonly address: string;
  /** Set where a controller appoints. */
  readonly appointed: Appointed | undefined;
  readonly links: PeerLinks;
  /** It was told to, and with what. */
  readonly told: { readonly force: boolean } | undefined;
  /** Where nobody remembers anything it begins a new group with this write quorum. */
  readonly founding: { readonly writeQuorum: number } | undefined;
  /** No member has a disk. */
  readonly inMemory: boolean;
  readonly host: CandidateHost;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

export interface Appointed {
  readonly generation: number;
  /** See Assignment. */
  readonly begun: boolean;
  /** By slot, the number of that copy. */
  readonly copies: ReadonlyMap<number, number>;
  /** URL of the leader that this node hears, if any. */
  readonly lastLeader: string | undefined;
}

export class Candidacy {
  readonly #options: CandidacyOptions;
  readonly #startedMs: number;
  #phase: "hearing" | "asking" | "fetching" | "over" = "hearing";
  #phaseStartedMs: number;
  readonly #answers = new Map<number, HereMessage>();
  /** The highest epoch that a fenced message told of. */
  #seen = 0;
  #takeover: Takeover | undefined;
  #epoch = 0;
  #inheritance: Inheritance | undefined;
  #known: Known = { notes: [], severed: 0 };
  #waitsFor: KvError;
  #lastReason = "";

  constructor(options: CandidacyOptions) {
    this.#options = options;
    this.#startedMs = options.clock.nowMs();
    this.#phaseStartedMs = this.#startedMs;
    this.#waitsFor = notEnoughReplicas(0, options.founding?.writeQuorum ?? 1);
  }

  /** It has promised itself an epoch and asks for the others'. */
  get asking(): boolean {
    return this.#phase === "asking" || this.#phase === "fetching";
  }

  /** Why it does not lead yet. */
  get reason(): KvError {
    return this.#waitsFor;
  }

  get told(): boolean {
    return this.#options.told !== undefined;
  }

  start(): void {
    this.#options.links.peers.forEach((peer, index) => {
      if (peer.connected) {
        this.peerUp(index);
      }
    });
    this.#consider();
    if (this.#options.appointed !== undefined && this.#phase === "hearing") {
      this.#options.clock.after(LAST_LEADER_MS, () => this.#consider());
    }
  }

  /** Nothing that comes later changes anything. */
  stop(): void {
    this.#phase = "over";
  }

  peerUp(index: number): void {
    if (this.#phase === "hearing") {
      this.#inquire(index);
    } else if (this.#phase === "asking") {
      this.#ask(this.#options.links.slotOf(index));
    }
  }

  peerDown(index: number): void {
    const slot = this.#options.links.slotOf(index);
    this.#answers.delete(slot);
    if (this.#phase === "fetching" && this.#inheritance?.next?.slot === slot) {
      this.#again();
    }
  }

  message(index: number, message: AnswerMessage): void {
    const slot = this.#options.links.slotOf(index);
    if (message.type === "here" && this.#phase === "hearing" && this.#isMeant(slot, message)) {
      this.#answers.set(slot, message);
      this.#consider();
    } else if (message.type === "fenced" && message.epoch === this.#epoch && this.asking) {
      this.#seen = Math.max(this.#seen, message.promised);
      this.#again();
    } else if (message.type === "promise" && message.epoch === this.#epoch) {
      if (this.#phase === "asking") {
        const inDoubt = this.#takeover?.promised(slot, message.number, message.facts) ?? [];
        for (const other of inDoubt) {
          this.#ask(other);
        }
        this.#count();
      }
    } else if (message.type === "fetched" && message.epoch === this.#epoch) {
      this.#fetched(slot, message);
    }
  }

  /** Called now and then. */
  beat(): void {
    const nowMs = this.#options.clock.nowMs();
    if (this.told && nowMs - this.#startedMs > MANUAL_MS_MAX) {
      this.#options.host.failed(this.#waitsFor);
    } else if (this.#phase === "hearing") {
      this.#options.links.peers.forEach((_, index) => {
        this.#inquire(index);
      });
      this.#consider();
    } else if (nowMs - this.#phaseStartedMs > STEP_MS_MAX) {
      this.#sayWhy();
      this.#again();
    } else if (this.#phase === "asking") {
      this.#count();
    }
  }

  #inquire(index: number): void {
    const { group, links, appointed } = this.#options;
    const copy = this.#copyOf(links.slotOf(index));
    const generation = appointed?.generation ?? 0;
    links.peers[index]?.send({ type: "inquire", group, copy, generation });
  }

  /** It speaks of the copy that was asked. */
  #isMeant(slot: number, { copy }: HereMessage): boolean {
    return copy === this.#copyOf(slot);
  }

  /** The number of the copy at this slot; 0 where nobody appoints. */
  #copyOf(slot: number): number {
    return this.#options.appointed?.copies.get(slot) ?? 0;
  }

  get #everybodyAnswered(): boolean {
    const { members, slot: own } = this.#options;
    return members.every(({ slot }) => slot === own || this.#answers.has(slot));
  }

  get #patient(): boolean {
    return this.#options.clock.nowMs() - this.#phaseStartedMs < PATIENCE_MS;
  }

  /** The last leader may still have to settle what it has accepted. */
  #waitsForLastLeader({ lastLeader }: Appointed): boolean {
    const { members, clock } = this.#options;
    const slot = members.find(({ address }) => address === lastLeader)?.slot;
    return (
      slot !== undefined &&
      !this.#answers.has(slot) &&
      clock.nowMs() - this.#phaseStartedMs < LAST_LEADER_MS
    );
  }

  /** Is it time to ask for promises, or to begin a new group? */
  #consider(): void {
    const { host, told, address, appointed } = this.#options;
    if (this.#phase === "hearing" && appointed !== undefined && !host.facts.blank) {
      if (!this.#waitsForLastLeader(appointed)) {
        this.#beginAsking();
      }
      return;
    }
    if (this.#phase !== "hearing" || (this.#patient && !this.#everybodyAnswered)) {
      return;
    }
    const leader = livingLeader(this.#answers, address);
    if (told === undefined && leader !== undefined) {
      this.#waitBecause(anotherLeads(leader));
    } else if (host.facts.blank) {
      this.#begin();
    } else if (told === undefined && this.#somebodyLedSince(host.facts.led)) {
      host.standBack();
    } else {
      this.#rehearse();
    }
  }

  #somebodyLedSince(led: number): boolean {
    return [...this.#answers.values()].some((here) => here.facts.synced > led);
  }

  /**
   * How many others must be blank where it is to begin the group. Who is away may hold on its disk
   * what was acknowledged, so W of them are enough only where nothing was, or nobody has a disk.
   */
  get #blankNeeded(): number {
    const { appointed, inMemory, members, founding } = this.#options;
    const all = appointed?.begun === true && !inMemory;
    return all ? members.length - 1 : (founding?.writeQuorum ?? 0);
  }

  /** Without memory: what do the others remember? */
  #begin(): void {
    const { host } = this.#options;
    const blankNeeded = this.#blankNeeded;
    const beginning = decideBeginning(this.#answers, blankNeeded);
    switch (beginning.step) {
      case "conflict":
        this.#waitBecause(conflict(beginning.groups.map((slots) => this.#names(slots))));
        return;
      case "found":
        this.#sayWhoIsMissing();
        this.#phase = "over";
        host.found();
        return;
      case "wait":
        this.#waitBecause(notEnoughReplicas(beginning.blank, blankNeeded));
        return;
      case "take over":
        if (host.record.identity?.life === beginning.identity.life) {
          this.#rehearse();
        } else if (
          this.#options.appointed !== undefined ||
          !beginning.identity.members.includes(this.#options.address)
        ) {
          this.#waitBecause(notMember(beginning.identity, this.#options.address));
        } else {
          host.adopt(beginning.identity);
        }
    }
  }

  #sayWhoIsMissing(): void {
    const { slot, host, members } = this.#options;
    const silent = members
      .map((member) => member.slot)
      .filter((at) => at !== slot && !this.#answers.has(at));
    if (silent.length > 0) {
      host.possibleLoss(
        `A new group began without ${this.#names(silent).join(", ")}: if they hold data of an ` +
          "earlier group, it is left out.",
      );
    }
  }

  /** Would it be enough if all that answered promised? */
  #rehearse(): void {
    const { host, told } = this.#options;
    const rehearsal = this.#newTakeover();
    // Twice, as an answer that another one puts in doubt is asked for again.
    for (let round = 0; round < 2; round++) {
      this.#answers.forEach((here, at) => {
        if (this.#isOfThisGroup(here)) {
          rehearsal.promised(at, rehearsal.ask(at), here.facts);
        }
      });
    }
    const decision = rehearsal.decide({ force: told?.force ?? false });
    if (decision.step !== "wait") {
      this.#beginAsking();
      return;
    }
    this.#missing(decision);
    if (told !== undefined) {
      host.failed(this.#waitsFor);
    }
  }

  #isOfThisGroup({ identity, facts }: HereMessage): boolean {
    return facts.blank || identity?.life === this.#options.host.record.identity?.life;
  }

  #beginAsking(): void {
    const { host } = this.#options;
    const epoch = this.#newEpoch();
    if (epoch === undefined) {
      this.#waitBecause(overtaken());
      return;
    }
    this.#enter("asking");
    this.#epoch = epoch;
    this.#takeover = undefined;
    host.promiseOwn(epoch, () => {
      if (this.#phase !== "asking" || this.#epoch !== epoch) {
        return;
      }
      this.#takeover = this.#newTakeover();
      this.#options.links.peers.forEach((_, index) => {
        this.#ask(this.#options.links.slotOf(index));
      });
      this.#count();
    });
  }

  #newTakeover(): Takeover {
    const { appointed, host, ...options } = this.#options;
    return new Takeover({ ...options, own: host.facts, appointed: appointed !== undefined });
  }

  /** Above all that it has heard of; undefined where its generation is over. */
  #newEpoch(): number | undefined {
    const { host, members, slot, random, appointed } = this.#options;
    const told = [...this.#answers.values()].map(({ promised }) => promised);
    const seen = Math.max(host.record.promised, this.#seen, ...told);
    return appointed === undefined
      ? nextEpoch({ seen, slot, members: members.length, random: random.next() })
      : epochWithin({ generation: appointed.generation, seen, random: random.next() });
  }

  #ask(slot: number): void {
    const { group, host, links } = this.#options;
    const { identity, memory } = host.record;
    const peer = links.at(slot);
    if (this.#takeover === undefined || identity === undefined || !peer?.connected) {
      return;
    }
    peer.send({
      type: "ask",
      group,
      epoch: this.#epoch,
      identity,
      slot,
      copy: this.#copyOf(slot),
      number: this.#takeover.ask(slot),
      candidate: this.#options.slot,
      memory,
      blank: host.facts.blank,
    });
  }

  /** Are the promises enough? */
  #count(): void {
    const { told } = this.#options;
    const takeover = this.#takeover;
    if (takeover === undefined || this.#phase !== "asking") {
      return;
    }
    const force = told?.force === true && !this.#patient;
    const decision = takeover.decide({ force });
    if (decision.step === "wait") {
      this.#missing(decision);
      if (told?.force === true && decision.missing.every((at) => !this.#isConnected(at))) {
        this.#inherit(takeover.decide({ force: true }));
      }
      return;
    }
    this.#inherit(decision);
  }

  #isConnected(slot: number): boolean {
    return this.#options.links.at(slot)?.connected ?? false;
  }

  #inherit(decision: TakeoverDecision): void {
    const { slot, host } = this.#options;
    if (decision.step === "wait") {
      return;
    }
    const merge = decision.step === "merge";
    if (merge && decision.beyondPromise) {
      const silent = this.#names(decision.missing).join(", ") || "nodes that are blank by now";
      host.possibleLoss(
        `Took over in epoch ${Math.floor(this.#epoch)} with fewer nodes than it takes to lose ` +
          `nothing: acknowledged writes that only ${silent} held are lost.`,
      );
    }
    const ownCounts = !merge || decision.sources.includes(slot);
    const others = merge ? decision.sources.filter((source) => source !== slot) : [];
    const sources = merge ? decision.sources : [slot];
    const severed = sources.map((source) => this.#factsOf(source)?.severed ?? 0);
    this.#known = {
      notes: decision.notes,
      severed: merge && decision.beyondPromise ? this.#epoch : Math.max(...severed),
    };
    this.#inheritance = new Inheritance({
      epoch: this.#epoch,
      own: ownCounts ? host.holding : undefined,
      sources: others.map((source) => ({
        slot: source,
        watermark: this.#factsOf(source)?.watermark ?? 0,
      })),
      // What it knows as committed is so in every later leader's state, though that may not know.
      commitWatermark: Math.max(decision.commitWatermark, host.holding.commitWatermark),
      sequence: decision.sequence,
    });
    this.#enter("fetching");
    if (!ownCounts) {
      host.keep({ clearIncoming: true });
    }
    this.#fetchNext();
  }

  #fetchNext(): void {
    const { group, links, host } = this.#options;
    const inheritance = this.#inheritance as Inheritance;
    const { next } = inheritance;
    if (next === undefined) {
      this.#phase = "over";
      host.lead(this.#epoch, () => inheritance.finish(), this.#known);
      return;
    }
    const peer = links.at(next.slot);
    if (peer?.connected) {
      peer.send({ type: "fetch", group, epoch: this.#epoch, above: next.above });
    } else {
      this.#again();
    }
  }

  #fetched(slot: number, page: FetchedMessage): void {
    const inheritance = this.#inheritance;
    if (this.#phase !== "fetching" || inheritance?.next?.slot !== slot) {
      return;
    }
    if (page.memory !== this.#factsOf(slot)?.memory) {
      // It has lost what it promised; whatever it says now is no part of this takeover.
      this.#again();
      return;
    }
    if (page.above !== inheritance.next.above) {
      return;
    }
    this.#phaseStartedMs = this.#options.clock.nowMs();
    const kept = inheritance.take(slot, page);
    if (kept !== undefined) {
      this.#options.host.keep(kept);
    }
    this.#fetchNext();
  }

  #factsOf(slot: number): PromiseAnswer | undefined {
    const { slot: own, host } = this.#options;
    return slot === own ? host.facts : this.#takeover?.answerOf(slot);
  }

  /** Back to hearing everybody out, a little later. */
  #again(): void {
    const { clock, random } = this.#options;
    this.#enter("hearing");
    this.#answers.clear();
    this.#takeover = undefined;
    this.#inheritance = undefined;
    clock.after(random.next() * AGAIN_AFTER_MS_MAX, () => {
      if (this.#phase === "hearing") {
        this.beat();
      }
    });
  }

  #enter(phase: "hearing" | "asking" | "fetching"): void {
    this.#phase = phase;
    this.#phaseStartedMs = this.#options.clock.nowMs();
  }

  #missing(decision: Extract<TakeoverDecision, { step: "wait" }>): void {
    const [silent, blank] = [decision.missing, decision.blank].map((slots) =>
      this.#names(slots.toSorted((one, other) => one - other)),
    ) as [string[], string[]];
    const needed = decision.needed - decision.counted.length;
    this.#waitBecause(unsafeTakeover(silent, blank, needed));
  }

  #names(slots: readonly number[]): string[] {
    const { members } = this.#options;
    return slots.map((at) => members.find(({ slot }) => slot === at)?.address ?? "?");
  }

  #waitBecause(reason: KvError): void {
    this.#waitsFor = reason;
    // While promises come in, the next may be enough: that is no news yet.
    if (!this.asking) {
      this.#sayWhy();
    }
  }

  #sayWhy(): void {
    const { message } = this.#waitsFor;
    if (message !== this.#lastReason) {
      this.#lastReason = message;
      this.#options.logger.warn("takeover.waits", { reason: message });
    }
  }
}
