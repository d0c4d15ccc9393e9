/**
 * Misfortunes at the worst moment: uniform chance is too kind for some mistakes. Whoever has just
 * said something that others will rely on dies, forgets, stops, or is not heard any more.
 */
import type { Random } from "../../../src/base/random.ts";
import { chance, createStream, pick } from "../draw.ts";
import { type Way, waysBetween } from "../world/cuts.ts";
import type { Death, Member } from "../world/member.ts";
import type { World } from "../world/world.ts";
import type { Victims } from "./victims.ts";

export interface AmbushWeapons {
  readonly victims: Victims;
  die(member: Member, death: Death): void;
  forget(member: Member): void;
  pause(member: Member): void;
  cut(ways: readonly Way[], what: string): void;
}

/** What is said in a takeover or an admission, and how much of `ambush` it draws. */
const TEMPTING: Readonly<Record<string, number>> = {
  promise: 0.5,
  ask: 0.1,
  fetched: 0.2,
  noted: 0.2,
  note: 0.1,
  compared: 0.1,
  here: 0.05,
  lead: 0.05,
  page: 0.05,
};

export class Ambush {
  readonly #world: World;
  readonly #weapons: AmbushWeapons;
  readonly #random: Random;

  constructor(world: World, weapons: AmbushWeapons) {
    this.#world = world;
    this.#weapons = weapons;
    this.#random = createStream(world.parameters.seed, "ambush");
  }

  /** A message of this type goes out. */
  sent(type: string, from: number, to: number): void {
    const temptation = TEMPTING[type];
    if (temptation === undefined) {
      return;
    }
    if (type === "promise") {
      this.#weapons.victims.gavePromise(from);
    }
    if (chance(this.#random, temptation * this.#world.parameters.ambush)) {
      // Not within the step that sends it: the message itself is under way by then.
      this.#world.clock.after(this.#random.next() * 5, () => this.#strike(from, to));
    }
  }

  #strike(from: number, to: number): void {
    const { die, forget, pause, cut } = this.#weapons;
    const sender = this.#world.member(from);
    const blow = pick(this.#random, ["die", "forget", "forget", "forget", "pause", "cut"] as const);
    switch (blow) {
      case "die":
        die(sender, "process");
        return;
      case "forget":
        forget(sender);
        return;
      case "pause":
        pause(sender);
        return;
      case "cut":
        cut(waysBetween([from], [to]), "cut in mid-sentence");
    }
  }
}
