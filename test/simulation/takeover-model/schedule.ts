/**
 * Random schedules. Uniform chance is too kind, so it is biased: those lose their memory whose
 * promise is under way or counted, and those who lead or want to lead are deaf to each other while
 * all others hear everything.
 */
import { createSeededRandom, type Random, randomBelow } from "../../../src/base/random.ts";
import { nextEpoch } from "../../../src/core/epoch.ts";
import { isSettled } from "../../../src/core/quorum-entry.ts";
import { chance, pick } from "../draw.ts";
import { Group } from "./group.ts";
import type { Leading } from "./leading.ts";
import type { Member } from "./member.ts";
import { Violation } from "./truth.ts";

export interface RunOptions {
  readonly size: number;
  readonly writeQuorum: number;
  readonly seed: number;
  readonly steps: number;
  readonly trace?: (line: string) => void;
}

export interface Outcome {
  /** What was violated; undefined where all held. */
  readonly violation: string | undefined;
  readonly acknowledged: number;
  readonly takeovers: number;
}

const KEYS = ["a", "b", "c"] as const;
/** More rounds than these and somebody is stuck. */
const HEAL_ROUNDS = 60;

/** One run: a time of faults, then everything heals and must make progress. */
export function run(options: RunOptions): Outcome {
  const schedule = new Schedule(options);
  let violation: string | undefined;
  try {
    schedule.misfortune(options.steps);
    schedule.heal();
  } catch (error) {
    if (!(error instanceof Violation)) {
      throw error;
    }
    violation = error.message;
  }
  const { acknowledged, takeovers } = schedule.group.truth;
  return { violation, acknowledged, takeovers };
}

class Schedule {
  readonly group: Group;
  readonly #random: Random;
  readonly #size: number;
  /** How eager a candidate's choice of an epoch is, 0 to 1. */
  readonly #leap: number;

  constructor({ size, writeQuorum, seed, trace }: RunOptions) {
    this.#random = createSeededRandom(Math.imul(seed + 1, 0x9e3779b1) ^ (size * 8 + writeQuorum));
    this.#random.next();
    this.#size = size;
    this.#leap = this.#random.next();
    const some = chance(this.#random, 0.3) ? randomBelow(this.#random, writeQuorum + 1) : 0;
    const absent = Math.min(some, size - 1 - writeQuorum);
    this.group = new Group({
      size,
      writeQuorum,
      absent: Array.from({ length: absent }, (_, index) => size - 1 - index),
      ...(trace === undefined ? {} : { trace }),
    });
  }

  misfortune(steps: number): void {
    const draw = (low: number, high: number) => {
      return 10 ** (low + this.#random.next() * (high - low));
    };
    const actions: [weight: number, act: () => void][] = [
      [draw(-2, 0), () => this.#write()],
      [draw(-2, 0) * 0.2, () => this.#loseMemory()],
      [draw(-2, 0) * 0.2, () => this.#restart()],
      [draw(-2, 0) * 0.2, () => this.#campaign(this.#anybody())],
      [draw(-2, 0), () => this.#reach()],
      [draw(-2, 0) * 0.2, () => this.#cut()],
      [draw(-2, 0) * 0.2, () => this.#retry()],
      [draw(-3, 0) * 0.2, () => this.#changeQuorum()],
      [draw(-3, 0) * 0.2, () => this.#ambush()],
      [draw(-0.3, 0.7), () => this.group.deliverAny(this.#random)],
      [draw(-2, 0), () => this.#deliverMany()],
    ];
    const sum = actions.reduce((total, [weight]) => total + weight, 0);
    for (let step = 0; step < steps; step++) {
      let left = this.#random.next() * sum;
      const chosen = actions.find(([weight]) => {
        left -= weight;
        return left < 0;
      });
      chosen?.[1]();
    }
  }

  /** No more faults: somebody takes over, everybody is synced, and a write is acknowledged. */
  heal(): void {
    const { network } = this.group;
    network.heal();
    this.#deliverMany(400);
    for (let round = 0; round < HEAL_ROUNDS; round++) {
      network.clear();
      const candidate = pick(
        this.#random,
        this.group.members.filter(({ holding }) => !holding.blank),
      );
      this.#campaign(candidate);
      this.#deliverAll();
      this.#reachEverybody(candidate);
      if (candidate.leading !== undefined) {
        this.#progress(candidate, candidate.leading);
        return;
      }
    }
    throw new Violation("stuck: nobody can take over");
  }

  #reachEverybody(leader: Member): void {
    for (let round = 0; round < 4; round++) {
      for (const { slot } of this.group.members) {
        leader.reach(slot);
      }
      this.#deliverAll();
    }
  }

  #progress(leader: Member, leading: Leading): void {
    const { truth, members } = this.group;
    const before = truth.acknowledged;
    leader.write("z");
    this.#deliverAll();
    if (truth.acknowledged === before) {
      throw new Violation("stuck: a write is not acknowledged though all is well");
    }
    if (!isSettled(leading.quorum)) {
      throw new Violation("stuck: the quorum's change does not end");
    }
    truth.holds(Number.POSITIVE_INFINITY, leader.holding.items);
    const states = new Set(members.map(({ holding }) => stateText(holding.items)));
    if (states.size > 1) {
      throw new Violation(`members differ in the end: ${[...states].join(" and ")}`);
    }
  }

  #anybody(): Member {
    return pick(this.#random, this.group.members);
  }

  #leaders(): Member[] {
    return this.group.members.filter(({ leading }) => leading !== undefined);
  }

  #write(): void {
    const open = this.#leaders().filter(({ leading }) => leading?.isOpen);
    if (open.length > 0) {
      pick(this.#random, open).write(pick(this.#random, KEYS));
    }
  }

  /** Anybody, or one whose promise is under way or counted. */
  #victim(): Member {
    const { members, network } = this.group;
    const givers = network.letters.flatMap(({ from, message }) => {
      return message.type === "promise" ? [members[from]] : [];
    });
    const counted = members.flatMap(({ candidacy }) => {
      return members.filter(({ slot }) => candidacy?.takeover.answerOf(slot) !== undefined);
    });
    const drawn = this.#random.next();
    const from = drawn < 0.5 ? givers : drawn < 0.75 ? counted : [];
    return (from.length > 0 ? pick(this.#random, from) : undefined) ?? this.#anybody();
  }

  #loseMemory(): void {
    const member = this.#victim();
    if (this.group.mayLoseMemory(member)) {
      member.loseMemory();
      this.group.say(`${member.slot} loses its memory: ${member.holding.record.memory}`);
    }
  }

  #restart(): void {
    const member = this.#victim();
    member.restart();
    this.group.say(`${member.slot} restarts`);
  }

  #campaign(member: Member): void {
    const { members } = this.group;
    let seen = member.holding.record.promised;
    if (chance(this.#random, 0.6)) {
      seen = Math.max(seen, ...members.map(({ holding }) => holding.record.promised));
    }
    if (chance(this.#random, this.#leap)) {
      seen += randomBelow(this.#random, 4 * this.#size);
    }
    const epoch = nextEpoch({
      seen,
      slot: member.slot,
      members: this.#size,
      // It may have led in an epoch before it lost its memory.
      random: this.#random.next(),
    });
    this.group.say(`${member.slot} campaigns for ${epoch}${member.holding.blank ? ", blank" : ""}`);
    member.campaign(epoch);
  }

  /**
   * A slow candidate: one promises to it and loses its memory, and while the candidate is deaf the
   * others go on with the one that has forgotten.
   */
  #ambush(): void {
    const { members, network } = this.group;
    const asked = network.letters.find(({ from, message }) => {
      return message.type === "ask" && members[from]?.candidacy?.epoch === message.epoch;
    });
    if (asked === undefined) {
      this.#campaign(this.#anybody());
      return;
    }
    const [candidate, giver] = [members[asked.from], members[asked.to]];
    const letter = network.takeLast((one) => one === asked);
    if (letter === undefined || giver === undefined || !this.group.mayLoseMemory(giver)) {
      return;
    }
    this.group.say(`${candidate?.slot} is slow, and ${giver.slot} forgets what it promises to it`);
    this.group.deliver(letter);
    giver.loseMemory();
    network.cut((from, to) => from === asked.from || to === asked.from);
    for (let round = 0; round < 4; round++) {
      for (const leader of this.#leaders()) {
        leader.reach(giver.slot);
      }
      this.#deliverMany(2 * this.#size);
    }
    this.#write();
    this.#deliverMany(this.#size);
    const { slot } = this.#anybody();
    network.cut((from, to) => {
      return (from === asked.from && to === slot) || (from === slot && to === asked.from);
    });
  }

  #retry(): void {
    const candidates = this.group.members.filter(({ candidacy }) => candidacy !== undefined);
    if (candidates.length > 0) {
      pick(this.#random, candidates).retry();
    }
  }

  #reach(): void {
    const leaders = this.#leaders();
    if (leaders.length > 0) {
      pick(this.#random, leaders).reach(this.#anybody().slot);
    }
  }

  #changeQuorum(): void {
    const leaders = this.#leaders();
    const target = randomBelow(this.#random, this.#size);
    if (leaders.length > 0 && target >= Math.max(1, this.group.blankCount)) {
      const leader = pick(this.#random, leaders);
      this.group.say(`${leader.slot} changes the quorum to ${target}`);
      leader.changeQuorum(target);
    }
  }

  #cut(): void {
    const { network, members } = this.group;
    const how = this.#random.next();
    if (how < 0.4) {
      const side = members.map(() => chance(this.#random, 0.5));
      network.cut((from, to) => side[from] !== side[to]);
    } else if (how < 0.75) {
      const ambitious = members.map(({ leading, candidacy }) => {
        return leading !== undefined || candidacy !== undefined;
      });
      network.cut((from, to) => ambitious[from] === true && ambitious[to] === true);
    } else if (how < 0.9) {
      const share = this.#random.next() * 0.7;
      network.cut(() => chance(this.#random, share));
    } else {
      network.heal();
    }
    this.group.say("the network is cut in another way");
  }

  #deliverMany(count = 10): void {
    for (let delivered = 0; delivered < count; delivered++) {
      this.group.deliverAny(this.#random);
    }
  }

  #deliverAll(): void {
    for (let delivered = 0; this.group.network.letters.length > 0; delivered++) {
      if (delivered > 100_000) {
        throw new Violation("stuck: the messages never end");
      }
      this.group.deliverAny(this.#random);
    }
  }
}

function stateText(items: Member["holding"]["items"]): string {
  return [...items.values()]
    .map(({ key, epoch, sequence }) => `${key}=${epoch}.${sequence}`)
    .sort()
    .join(" ");
}
