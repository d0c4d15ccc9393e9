/**
 * A group whose leader changes: any member may lead, several may believe that they do, members lose
 * their connections half-way, restart from their disks or without them. Candidates count with
 * src/core/takeover.ts and inherit with src/node/inheritance.ts; the asks of one takeover happen in
 * one moment, and blank nodes are admitted by the newest leader alone (other tests have rival
 * candidates and notes).
 *
 * After every step it checks, and names the check that failed:
 *
 * - `disk`: after each turn the disk has exactly the entries that the replica in memory has.
 * - `dead`, `missing`: a state has nothing that its leader did not give and all that this leader
 *   has up to the watermark; for a deposed leader and one that is off the group too.
 * - `untouched`: until the change-over the state of before is exactly what it was.
 * - `acknowledges`: what a follower says that it holds is in its base, and on its disk.
 * - `inherits`: a new leader holds the newest of all its sources, what is uncommitted renamed.
 * - `lost`: a new leader knows every committed write.
 * - `back`: a reader of one key at one member never sees a committed write go.
 * - `ends`: when all heals, one takeover brings everybody to the same state.
 */
import type { Entry } from "../../../src/core/entry.ts";
import { nextEpoch } from "../../../src/core/epoch.ts";
import type { Compared, Holding } from "../../../src/core/holding.ts";
import type { Acknowledgement, CatchUpPage } from "../../../src/core/leader.ts";
import { Replica } from "../../../src/core/replica.ts";
import type { GroupChange } from "../../../src/core/storage.ts";
import { everybody, Takeover, type TakeoverDecision } from "../../../src/core/takeover.ts";
import { compareVersions, type Version } from "../../../src/core/version.ts";
import { Inheritance } from "../../../src/node/inheritance.ts";
import { type Down, type Link, Member, PAGE_BUDGET } from "./takeover-member.ts";
import { Truth } from "./takeover-truth.ts";

type Merge = Extract<TakeoverDecision, { step: "merge" }>;

/** Faults built in on purpose, to see that the checks find them. */
export interface Sabotage {
  page?(page: CatchUpPage): CatchUpPage;
  compared?(compared: Compared): Compared;
  said?(said: Acknowledgement, holding: Holding): Acknowledgement;
  change?(change: GroupChange): GroupChange;
  merge?(merge: Merge, sequenceOf: (slot: number) => number): Merge;
  /** A takeover goes on with whoever there is. */
  readonly forced?: boolean;
  /** A follower takes its whole state for committed. */
  readonly allCommitted?: boolean;
  /** A new leader counts as uncommitted only those inherited sequences that an entry has. */
  readonly usedAlone?: boolean;
}

export interface WorldOptions {
  readonly members: number;
  readonly writeQuorum: number;
  readonly sabotage?: Sabotage;
}

export class TakeoverWorld {
  readonly members: readonly Member[];
  readonly truth = new Truth();
  readonly #sabotage: Sabotage;
  /** The newest epoch in which anybody led. */
  #newestEpoch = 0;
  /** The lowest quorum that anybody asked for: so many may be blank. */
  #lowestQuorum: number;
  /** Roots that readers have seen, by slot and key. */
  #seen: Map<string, Version[]>[];
  /** How often a takeover came about, and an overlay changed over. */
  takeovers = 0;
  changeOvers = 0;

  constructor({ members, writeQuorum, sabotage = {} }: WorldOptions) {
    this.#sabotage = sabotage;
    this.#lowestQuorum = writeQuorum;
    this.members = Array.from(
      { length: members },
      (_, slot) => new Member({ slot, members, firstQuorum: writeQuorum }),
    );
    this.#seen = this.members.map(() => new Map());
    const founder = this.#member(0);
    founder.promise(1);
    this.#lead(founder, 1, { replica: founder.replica, sequence: 0, inherited: 0, change: {} });
    this.members.forEach(({ slot }) => {
      this.greet(0, slot);
      this.join(0, slot);
      this.settle(0, slot);
    });
  }

  /** Slots of those who believe that they lead. */
  get leaders(): number[] {
    return this.members.filter(({ leading }) => leading !== undefined).map(({ slot }) => slot);
  }

  write(slot: number, key: string, value: string | undefined): void {
    const leading = this.#member(slot).leading;
    if (leading !== undefined) {
      const entry = leading.leader.accept({ key, value, nowMs: 0, waiter: key });
      this.#accepted(slot, entry);
    }
  }

  changeQuorum(slot: number, target: number): void {
    const leading = this.#member(slot).leading;
    const blank = this.members.filter((member) => !remembers(member)).length;
    if (leading !== undefined && target < this.members.length && target >= blank) {
      this.#lowestQuorum = Math.min(this.#lowestQuorum, target);
      this.#accepted(slot, leading.leader.changeQuorum({ target, force: false, nowMs: 0 }));
    }
  }

  beat(slot: number): void {
    const leading = this.#member(slot).leading;
    if (leading === undefined) {
      return;
    }
    leading.beat += 1;
    const { leader, replica, beat } = leading;
    const { epoch, sequence, commitWatermark, stableWatermark } = leader;
    const news = { epoch, sequence, commitWatermark, stableWatermark, beat };
    for (const link of leading.links.values()) {
      link.down.push({ type: "news", news });
    }
    this.truth.dropping(epoch, stableWatermark);
    leading.forgotten.push(...replica.dropTombstones(stableWatermark));
    this.endTurn(slot);
  }

  /** A member's turn ends: it persists, then speaks. With `crash` it comes to neither. */
  endTurn(slot: number, crash = false): void {
    const member = this.#member(slot);
    const changes = member.turnChanges();
    if (crash) {
      this.restart(slot);
      return;
    }
    const { change } = this.#sabotage;
    member.disk.commit(change === undefined ? changes : changes.map(change));
    const difference = member.disk.differenceFrom(member.replica);
    check(difference === undefined, `disk: member ${slot}: ${difference}`);
    if (member.leading !== undefined) {
      const { leader, handed } = member.leading;
      this.#settled(slot, leader.persisted(handed));
    }
    this.#speak(member);
    this.#checkMember(member);
  }

  /** The network lets one delayed copy go; with `twice` it will let it go once more. */
  letGo(from: number, to: number, { pick, twice }: { pick: number; twice: boolean }): void {
    const link = this.#link(from, to);
    const at = pick % Math.max(1, link?.held.length ?? 0);
    const entry = link?.held[at];
    if (link !== undefined && entry !== undefined) {
      if (!twice) {
        link.held.splice(at, 1);
      }
      link.down.push({ type: "entries", entries: [entry] });
    }
  }

  /** A member takes the next frame from its leader in. */
  takeIn(slot: number): void {
    const member = this.#member(slot);
    const next = member.hears?.down.shift();
    if (member.hears === undefined || next === undefined) {
      return;
    }
    const building = member.follower.standing.building !== undefined;
    const before = member.follower.synced ? "" : snapshot(member.holding);
    this.#take(member, member.hears.epoch, next);
    if (member.follower.standing.building !== undefined) {
      const after = snapshot(member.holding);
      check(after === before, `untouched: member ${slot} held ${before}, now ${after}`);
    } else if (building) {
      this.changeOvers += 1;
    }
    this.#checkMember(member);
  }

  /** A leader hears the next word of a member. */
  hear(from: number, to: number, breathes: boolean): void {
    const link = this.#link(from, to);
    const leading = this.#member(from).leading;
    const next = link?.state === "connected" ? link.up.shift() : undefined;
    if (link === undefined || leading === undefined || next === undefined) {
      return;
    }
    const { leader } = leading;
    if (next.type === "compare") {
      const compared = leader.compare(next.comparison);
      const answer = this.#sabotage.compared?.(compared) ?? compared;
      link.down.push({ type: "compared", compared: answer });
      return;
    }
    const index = this.#member(to).indexAt(from);
    this.#settled(from, leader.acknowledged(index, next.said));
    if (leader.followers[index]?.behind === true && breathes) {
      leader.caughtBreath(index);
    }
    this.#sendPage(from, to);
  }

  /** A connection, first half: a leader's greeting reaches the member. */
  greet(from: number, to: number): void {
    const { leading } = this.#member(from);
    const member = this.#member(to);
    if (leading === undefined || from === to || leading.links.has(to)) {
      return;
    }
    const { epoch } = leading.leader;
    if (epoch < member.promised) {
      this.#fence(from, member.promised);
    } else if (!member.blank || epoch === this.#newestEpoch) {
      member.giveWay(epoch);
      const link: Link = { epoch, from, to, state: "greeting", held: [], down: [], up: [] };
      leading.links.set(to, link);
      member.follow(link);
      this.endTurn(to);
    }
  }

  /** A connection, second half: the member's answer reaches the leader. */
  join(from: number, to: number): void {
    const link = this.#link(from, to);
    const leading = this.#member(from).leading;
    const member = this.#member(to);
    if (link?.state !== "greeting" || leading === undefined || member.hears !== link) {
      return;
    }
    const { leader } = leading;
    const { synced, watermark, building } = member.follower.standing;
    const index = member.indexAt(from);
    link.state = "connected";
    if (synced === leader.epoch) {
      leader.joined(index, { usable: true, synced: true, watermark, pagedTo: watermark });
    } else if (building?.epoch === leader.epoch) {
      leader.joined(index, { usable: true, synced: false, ...building });
    } else {
      check(synced === 0, "ends: only a blank member begins with nothing");
      leader.joined(index, { usable: false, synced: false, watermark: 0, pagedTo: 0 });
    }
    this.#sendPage(from, to);
  }

  cut(from: number, to: number): void {
    const leading = this.#member(from).leading;
    const link = this.#link(from, to);
    if (leading !== undefined && link !== undefined) {
      const member = this.#member(to);
      leading.links.delete(to);
      leading.leader.left(member.indexAt(from));
      member.hears = member.hears === link ? undefined : member.hears;
    }
  }

  fallBehind(from: number, to: number): void {
    if (this.#link(from, to)?.state === "connected") {
      this.#member(from).leading?.leader.fellBehind(this.#member(to).indexAt(from));
    }
  }

  restart(slot: number): void {
    this.#disconnect(slot);
    this.#member(slot).restart();
    if (this.#sabotage.allCommitted === true) {
      const member = this.#member(slot);
      const { record } = member.disk;
      if (record !== undefined) {
        member.disk.commit([
          { group: 0, record: { ...record, commitWatermark: record.watermark } },
        ]);
        member.restart();
      }
    }
    this.#seen[slot]?.clear();
  }

  /** Where no more are blank than the promise covers. */
  restartBlank(slot: number): void {
    const others = this.members.filter((member) => member.slot !== slot);
    const blank = others.filter((member) => !remembers(member)).length;
    if (blank < this.#lowestQuorum) {
      this.#disconnect(slot);
      this.#member(slot).restartBlank();
      this.#seen[slot]?.clear();
    }
  }

  /** A member asks these for their promise, and leads if they are enough. */
  takeOver(slot: number, asked: readonly number[]): void {
    const candidate = this.#member(slot);
    if (candidate.leading !== undefined) {
      return;
    }
    const seen = Math.max(...[slot, ...asked].map((each) => this.#member(each).promised));
    const epoch = nextEpoch({ seen, slot, members: this.members.length });
    const own = candidate.promise(epoch);
    this.endTurn(slot);
    if (own === undefined) {
      return;
    }
    const takeover = new Takeover({ slot, electorates: everybody(this.members.length), own });
    for (const each of asked) {
      const answer = each === slot ? undefined : this.#member(each).promise(epoch);
      if (answer !== undefined) {
        this.endTurn(each);
        takeover.promised(each, takeover.ask(each), this.#member(each).facts());
      }
    }
    const { forced: force = false, merge } = this.#sabotage;
    const decision = takeover.decide({ force });
    if (decision.step === "merge" && merge !== undefined) {
      this.#inherit(
        candidate,
        epoch,
        merge(decision, (each) => this.#member(each).replica.newest),
      );
    } else if (decision.step !== "wait") {
      this.#inherit(candidate, epoch, decision);
    }
  }

  /** Delivers all that is under way between a leader and a member, both ways. */
  settle(from: number, to: number): void {
    for (let link = this.#link(from, to); link !== undefined; link = this.#link(from, to)) {
      if (link.held.length + link.down.length + link.up.length === 0) {
        return;
      }
      if (this.#member(to).hears !== link || link.state !== "connected") {
        this.cut(from, to);
        return;
      }
      this.letGo(from, to, { pick: 0, twice: false });
      this.takeIn(to);
      this.endTurn(to);
      this.hear(from, to, true);
    }
  }

  /** Everything heals; the newest leader goes on or somebody takes over, and all end the same. */
  heal(pick: number): void {
    const promised = Math.max(...this.members.map((member) => member.promised));
    const newest = this.members.find(({ leading }) => leading?.leader.epoch === promised);
    const slot = newest !== undefined && pick % 2 === 0 ? newest.slot : this.#takeOverAtLast(pick);
    const all = this.members.map((member) => member.slot);
    // Whoever hears another one first would not be greeted.
    for (const other of all.filter((each) => each !== slot || pick % 4 > 0)) {
      for (const to of all) {
        this.cut(other, to);
      }
    }
    check(this.#member(slot).leading !== undefined, "ends: somebody can lead");
    for (let round = 0; round < 100 && !this.#settledDown(slot); round++) {
      this.endTurn(slot);
      this.beat(slot);
      for (const to of all) {
        this.greet(slot, to);
        this.join(slot, to);
        this.settle(slot, to);
      }
    }
    check(this.#settledDown(slot), "ends: everybody is synced, and nothing is left to do");
    const { replica } = this.#member(slot);
    for (const member of this.members) {
      const same = snapshot({ ...member.holding, watermark: 0, commitWatermark: 0 });
      const should = snapshot({ ...member.holding, replica, watermark: 0, commitWatermark: 0 });
      check(same === should, `ends: member ${member.slot} is equal`);
    }
  }

  /** Asked by somebody who remembers, everybody promises. */
  #takeOverAtLast(pick: number): number {
    const remembering = this.members.filter((member) => !member.blank);
    const { slot } = remembering[pick % remembering.length] as Member;
    this.members.forEach((member) => {
      this.#disconnect(member.slot);
      member.giveWay(Number.POSITIVE_INFINITY);
      this.endTurn(member.slot);
    });
    this.takeOver(
      slot,
      this.members.map((member) => member.slot),
    );
    return slot;
  }

  #settledDown(slot: number): boolean {
    const leading = this.#member(slot).leading;
    return this.members.every(({ slot: to, follower, replica, holding }) => {
      const settled =
        leading?.leader.commitWatermark === leading?.leader.sequence && replica.tombstones === 0;
      const { watermark } = follower.standing;
      const synced = follower.synced && holding.epoch === leading?.leader.epoch;
      return settled && (to === slot || (synced && watermark === leading?.leader.sequence));
    });
  }

  #take(member: Member, epoch: number, next: Down): void {
    const { follower } = member;
    switch (next.type) {
      case "entries":
        follower.takeEntries(epoch, next.entries);
        break;
      case "page":
        follower.takePage(epoch, next.page);
        break;
      case "compared":
        follower.takeCompared(epoch, next.compared);
        break;
      case "news":
        follower.takeNews(next.news);
        break;
    }
  }

  #speak(member: Member): void {
    const { hears, follower, slot } = member;
    if (hears === undefined) {
      return;
    }
    const comparison = follower.takeComparison();
    if (comparison !== undefined) {
      hears.up.push({ type: "compare", comparison });
    }
    const taken = follower.takeAcknowledgement();
    if (taken !== undefined) {
      const said = this.#sabotage.said?.(taken, member.holding) ?? taken;
      if (said.synced) {
        const held = follower.holding;
        check(held.epoch === hears.epoch, `acknowledges: member ${slot} is not synced`);
        for (const sequence of this.truth.sequences(hears.epoch)) {
          const says = sequence <= said.watermark || said.above.includes(sequence);
          const { replica } = held;
          const holds = (what: { get(key: string): Entry | undefined }) =>
            this.truth.holds(hears.epoch, what, sequence);
          const true_ = holds(replica) && holds(member.disk.current);
          check(!says || true_, `acknowledges: member ${slot} says that it holds ${sequence}`);
        }
      }
      hears.up.push({ type: "said", said });
    }
  }

  #accepted(slot: number, entry: Entry): void {
    const leading = this.#member(slot).leading;
    leading?.turn.push(entry);
    this.truth.accepted(entry.epoch, entry);
  }

  #settled(slot: number, writes: readonly { readonly sequence: number }[]): void {
    const leading = this.#member(slot).leading;
    if (leading === undefined) {
      return;
    }
    for (const { sequence } of writes) {
      this.truth.committed(leading.leader.epoch, sequence);
    }
    const entry = leading.leader.settleQuorum(0);
    if (entry !== undefined) {
      this.#accepted(slot, entry);
    }
  }

  #sendPage(from: number, to: number): void {
    const page = this.#member(from).leading?.leader.nextPage(this.#member(to).indexAt(from));
    if (page !== undefined) {
      const spoken = this.#sabotage.page?.(page) ?? page;
      this.#link(from, to)?.down.push({ type: "page", page: spoken });
    }
  }

  #inherit(candidate: Member, epoch: number, decision: Merge | TakeoverDecision): void {
    if (decision.step === "wait") {
      return;
    }
    const sources = decision.step === "merge" ? decision.sources : [candidate.slot];
    const own = sources.includes(candidate.slot) ? candidate.holding : undefined;
    const others = sources.filter((slot) => slot !== candidate.slot).map((at) => this.#member(at));
    const due = newestOf(sources.map((slot) => this.#member(slot)));
    const { commitWatermark, sequence } = decision;
    const inheritance = new Inheritance({
      epoch,
      own,
      sources: others.map(({ slot, holding }) => ({ slot, watermark: holding.watermark })),
      commitWatermark,
      sequence,
    });
    if (own === undefined) {
      candidate.keeper.stage({ clearIncoming: true });
    }
    for (let next = inheritance.next; next !== undefined; next = inheritance.next) {
      const { slot, above } = next;
      const { replica } = this.#member(slot);
      const entries = replica.above(above, Number.POSITIVE_INFINITY, PAGE_BUDGET);
      const upTo = entries[entries.length - 1]?.sequence ?? above;
      const last = replica.above(upTo, Number.POSITIVE_INFINITY, 1).length === 0;
      const page = { above, upTo, last, entries, memory: "", epoch, group: 0 };
      candidate.keeper.stage(inheritance.take(slot, { type: "fetched", ...page }));
    }
    const { replica, ...rest } = inheritance.finish();
    this.#checkInherited(replica, { due, epoch, commitWatermark });
    const renamed = [...replica.all()].filter((entry) => entry.epoch === epoch).length;
    const inherited = this.#sabotage.usedAlone === true ? renamed : rest.inherited;
    this.#lead(candidate, epoch, { ...rest, replica, inherited });
    this.takeovers += 1;
  }

  #checkInherited(
    replica: Replica,
    { due, epoch, commitWatermark }: { due: Replica; epoch: number; commitWatermark: number },
  ): void {
    for (const original of due.all()) {
      const { key, value, sequence } = original;
      const standing = replica.get(key);
      const dropped = value === undefined && this.truth.wasDropped(key, this.truth.root(original));
      if (standing !== undefined && sequence > commitWatermark) {
        this.truth.renamed(standing, original);
        check(standing.epoch === epoch, `inherits: "${key}" has a new version`);
      }
      const same = standing !== undefined && standing.value === value;
      check(same || (dropped && standing === undefined), `inherits: "${key}"`);
    }
    check([...replica.all()].length <= [...due.all()].length, "inherits: nothing else");
  }

  #lead(member: Member, epoch: number, inherited: Parameters<Member["lead"]>[1]): void {
    this.#newestEpoch = Math.max(this.#newestEpoch, epoch);
    this.truth.began(epoch, inherited.replica.all());
    const lost = this.truth.lostIn(inherited.replica);
    check(lost === undefined, `lost: ${lost}`);
    member.lead(epoch, inherited);
    const difference = member.disk.differenceFrom(member.replica);
    check(difference === undefined, `disk: member ${member.slot} leads: ${difference}`);
    this.#checkMember(member);
  }

  #fence(slot: number, promised: number): void {
    const member = this.#member(slot);
    this.#disconnect(slot);
    member.keeper.update({ ...member.keeper.record, promised });
    member.giveWay(promised);
    this.endTurn(slot);
  }

  /** Every connection of this member, as leader and as follower. */
  #disconnect(slot: number): void {
    for (const { slot: other } of this.members) {
      this.cut(slot, other);
      this.cut(other, slot);
    }
  }

  #checkMember(member: Member): void {
    const { slot, holding } = member;
    const { epoch, replica, watermark } = holding;
    if (epoch > 0) {
      const fault = this.truth.faultOf(epoch, replica, watermark);
      check(fault === undefined, `${fault}, at member ${slot} in ${epoch} up to ${watermark}`);
    }
    const seen = this.#seen[slot] as Map<string, Version[]>;
    for (const key of this.truth.keys) {
      const standing = replica.get(key);
      const now = standing && this.truth.root(standing);
      const left = (seen.get(key) ?? []).filter((root) => {
        const gone = now ? compareVersions(now, root) < 0 : !this.truth.wasDropped(key, root);
        const text = `"${key}" of ${root.epoch}.${root.sequence} went at member ${slot}`;
        check(!(gone && this.truth.isCommitted(key, root)), `back: ${text}`);
        // What went before it was committed may be committed by a later leader.
        return !gone;
      });
      seen.set(key, now === undefined || left.includes(now) ? left : [...left, now]);
    }
  }

  #link(from: number, to: number): Link | undefined {
    return this.#member(from).leading?.links.get(to);
  }

  #member(slot: number): Member {
    return this.members[slot] as Member;
  }
}

/** It would not be blank if it began anew. */
function remembers({ disk }: Member): boolean {
  return (disk.record?.synced ?? 0) > 0;
}

/** The newest of each key, over all of these. */
function newestOf(members: readonly Member[]): Replica {
  const newest = new Replica();
  for (const member of members) {
    for (const entry of member.replica.all()) {
      newest.apply(entry);
    }
  }
  return newest;
}

/** All that a state is, as text. */
function snapshot({ epoch, replica, watermark, commitWatermark }: Holding): string {
  const entries = [...replica.all()].map(
    ({ key, value, epoch: of, sequence }) => `${key}=${value}@${of}.${sequence}`,
  );
  return JSON.stringify([epoch, watermark, commitWatermark, entries.sort()]);
}

function check(holds: boolean, what: string): void {
  if (!holds) {
    throw new Error(what);
  }
}
