/**
 * Misfortunes at the worst moment: whoever has just said something that others will rely on dies,
 * forgets, stops, or is not heard any more; and the controller dies when it has just decided.
 */
import type { Random } from "../../../../src/base/random.ts";
import { chance, createStream, pick } from "../../draw.ts";
import { type Way, waysBetween } from "../../world/cuts.ts";
import type { Death } from "../../world/member.ts";
import type { ClusterWorld } from "../world/cluster-world.ts";
import type { WorkerPlace } from "../world/worker-place.ts";
import type { Victims } from "./victims.ts";

export interface AmbushWeapons {
  readonly victims: Victims;
  die(place: WorkerPlace, death: Death): void;
  forget(place: WorkerPlace): void;
  pause(place: WorkerPlace): void;
  cut(ways: readonly Way[], what: string): void;
  killController(death: Death): void;
}

/** What is said in a takeover or an admission, and how much of `ambush` it draws. */
const TEMPTING: Readonly<Record<string, number>> = {
  ...{ promise: 0.4, ask: 0.1, fetched: 0.2, noted: 0.2, note: 0.1, compared: 0.1 },
  ...{ here: 0.03, lead: 0.05, page: 0.1 },
};
/** As much an answer of the controller draws that tells of something new. */
const DECIDED = 0.2;

export class Ambush {
  readonly #world: ClusterWorld;
  readonly #weapons: AmbushWeapons;
  readonly #random: Random;

  constructor(world: ClusterWorld, weapons: AmbushWeapons) {
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
    if (type === "promise" || type === "lead") {
      this.#weapons.victims.note(from);
    }
    // Not within the step that sends it: the message itself is under way by then.
    this.#perhaps(temptation, () => this.#strike(from, to));
  }

  /** The controller tells somebody something new. */
  decided(): void {
    this.#perhaps(DECIDED, () => {
      this.#weapons.killController(chance(this.#random, 0.5) ? "process" : "machine");
    });
  }

  #perhaps(temptation: number, strike: () => void): void {
    const { clock, parameters } = this.#world;
    if (chance(this.#random, temptation * parameters.ambush)) {
      clock.after(this.#random.next() * 5, strike);
    }
  }

  #strike(from: number, to: number): void {
    const { die, forget, pause, cut } = this.#weapons;
    const sender = this.#world.place(from);
    const blow = pick(this.#random, ["die", "die", "forget", "forget", "pause", "cut"] as const);
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
