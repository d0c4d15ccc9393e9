/**
 * Misfortunes that only hurt in a certain order, which chance hardly ever finds. Whom they befall
 * and when is drawn; the order is given. They keep within the promise as all others do.
 *
 * - *Betrayal*: a candidate that the leader can't hear asks for promises, and its asks get through
 *   to one node at a time. The first giver forgets, or dies, and is back at once; the leader may
 *   admit it again and go on writing. Later givers promise too, and the leader does not hear of
 *   that.
 * - *Exile*: the leader and a few others are cut off, somebody else takes over and goes on, and
 *   meanwhile the old leader is started again among its few.
 */
import type { Random } from "../../../src/base/random.ts";
import { between, chance, logUniform, pick } from "../draw.ts";
import { type Way, waysBetween } from "../world/cuts.ts";
import type { Death, Member } from "../world/member.ts";
import type { World } from "../world/world.ts";
import type { Operators } from "./operators.ts";
import type { Victims } from "./victims.ts";

export interface PlotParts {
  readonly world: World;
  readonly random: Random;
  readonly victims: Victims;
  readonly operators: Operators;
  die(member: Member, death: Death): void;
  forget(member: Member): void;
  /** Cuts for so long; the returned function heals it before. */
  cut(ways: readonly Way[], what: string, forMs: number): () => void;
}

/** A betrayal that waits for the next thing to happen. */
interface Betrayal {
  readonly candidate: number;
  readonly leader: number;
  /** Ways from the candidate that are still shut. */
  readonly shut: Map<number, () => void>;
  readonly untilMs: number;
  asked: boolean;
  betrayed: boolean;
}

export class Plots {
  readonly #parts: PlotParts;
  #betrayal: Betrayal | undefined;

  constructor(parts: PlotParts) {
    this.#parts = parts;
  }

  betray(): void {
    const { world, random, operators, cut } = this.#parts;
    const leader = this.#leader();
    const others = world.processes.filter(
      ({ slot, gate, service }) => slot !== leader && gate.running && !service.status().blank,
    );
    if (leader === undefined || others.length === 0) {
      return;
    }
    const process = pick(random, others);
    const forMs = logUniform(random, 500, 5_000);
    cut(waysBetween([process.slot], [leader]), "a betrayal begins", forMs);
    this.#betrayal = {
      ...{ candidate: process.slot, leader, shut: new Map(), asked: false, betrayed: false },
      untilMs: world.clock.nowMs() + forMs,
    };
    operators.promote(process);
  }

  exile(): void {
    const { world, random, operators, victims, cut, die } = this.#parts;
    const leader = this.#leader();
    if (leader === undefined) {
      return;
    }
    const slots = world.members.map(({ slot }) => slot);
    const few = between(random, 0, Math.max(0, world.parameters.writeQuorum - 1));
    const companions = this.#shuffled(slots.filter((slot) => slot !== leader)).slice(0, few);
    const exiled = [leader, ...companions];
    const rest = slots.filter((slot) => !exiled.includes(slot));
    const forMs = logUniform(random, 2_000, 6_000);
    cut(waysBetween(exiled, rest), "exile", forMs);
    const heirs = world.processes.filter(({ slot }) => rest.includes(slot));
    if (heirs.length > 0) {
      operators.promote(pick(random, heirs));
    }
    world.clock.after(forMs * random.next() * 0.7, () => {
      const member = world.member(leader);
      // When all has healed meanwhile, nobody is to die any more.
      const lasts = rest.some((other) => world.network.cuts.isCut(leader, other));
      if (lasts && world.violation === undefined && victims.mayDie(member)) {
        die(member, "process");
      }
    });
  }

  /** A message of this type goes out. */
  sent(type: string, from: number, to: number): void {
    const betrayal = this.#betrayal;
    if (betrayal === undefined) {
      return;
    }
    if (this.#parts.world.clock.nowMs() > betrayal.untilMs) {
      this.#betrayal = undefined;
    } else if (type === "ask" && from === betrayal.candidate && !betrayal.asked) {
      betrayal.asked = true;
      this.#holdAsks(betrayal, to);
    } else if (type === "promise" && to === betrayal.candidate) {
      this.#parts.world.clock.endOfTurn(() => this.#promised(betrayal, from));
    }
  }

  /** Only this one hears the candidate for now; the others one after the other, later. */
  #holdAsks(betrayal: Betrayal, first: number): void {
    const { world, random, cut } = this.#parts;
    const { candidate, leader, shut, untilMs } = betrayal;
    const leftMs = untilMs - world.clock.nowMs();
    const later = world.members
      .map(({ slot }) => slot)
      .filter((slot) => slot !== candidate && slot !== leader && slot !== first);
    let atMs = logUniform(random, 20, 1_500);
    for (const slot of this.#shuffled(later)) {
      const open = cut([{ from: candidate, to: slot }], "held back", leftMs);
      shut.set(slot, open);
      world.clock.after(atMs, open);
      atMs += logUniform(random, 20, 1_500);
    }
  }

  /**
   * The first giver forgets; those after it keep their word, and the leader hears nothing of it.
   */
  #promised(betrayal: Betrayal, giver: number): void {
    const { world, random, die, forget, cut } = this.#parts;
    const member = world.member(giver);
    if (!betrayal.betrayed) {
      betrayal.betrayed = true;
      if (chance(random, 0.5)) {
        forget(member);
      } else {
        die(member, "process");
      }
    } else {
      const leftMs = Math.max(1, betrayal.untilMs - world.clock.nowMs());
      cut(waysBetween([giver], [betrayal.leader]), "and another one", leftMs);
    }
  }

  #leader(): number | undefined {
    const leaders = this.#parts.world.processes.filter(
      ({ service }) => service.status().role === "leader",
    );
    return leaders.length === 0 ? undefined : pick(this.#parts.random, leaders).slot;
  }

  #shuffled(slots: readonly number[]): number[] {
    const { random } = this.#parts;
    return slots
      .map((slot) => ({ slot, at: random.next() }))
      .sort((one, other) => one.at - other.at)
      .map(({ slot }) => slot);
  }
}
