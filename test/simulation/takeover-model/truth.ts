/**
 * What must hold whatever happens, judged from outside with nobody's help.
 *
 * The loss of a write is found where it begins: a state that lacks what was acknowledged in a lower
 * epoch is wrong as soon as anybody leads with it, also where the acknowledgement comes later than
 * its takeover, and also where a still higher leader would have saved the write.
 */
import { compareVersions, type Version } from "../../../src/core/version.ts";
import type { State } from "./messages.ts";

export class Violation extends Error {}

export class Truth {
  acknowledged = 0;
  takeovers = 0;
  /** Per epoch, the newest acknowledged write of each key. */
  readonly #writes = new Map<number, Map<string, Version>>();
  /** Who has acknowledged writes in this epoch. */
  readonly #acknowledger = new Map<number, string>();
  /** With what each leader began. */
  readonly #beginnings = new Map<number, State>();

  readonly #isRemembered: (epoch: number) => boolean;

  constructor(
    /** Is there anybody whose state is of this epoch? */
    isRemembered: (epoch: number) => boolean,
  ) {
    this.#isRemembered = isRemembered;
  }

  /** The client was answered. */
  wrote(write: { epoch: number; leader: string; key: string; origin: Version }): void {
    const { epoch, leader, key, origin } = write;
    this.acknowledged += 1;
    if ((this.#acknowledger.get(epoch) ?? leader) !== leader) {
      throw new Violation(`two leaders acknowledge in epoch ${epoch}`);
    }
    this.#acknowledger.set(epoch, leader);
    const writes = this.#writes.get(epoch) ?? new Map<string, Version>();
    this.#writes.set(epoch, writes);
    const known = writes.get(key);
    if (known === undefined || compareVersions(known, origin) < 0) {
      writes.set(key, origin);
    }
    for (const [later, state] of this.#beginnings) {
      if (later > epoch && this.#isRemembered(later)) {
        check(state, { key, origin, epoch, later });
      }
    }
  }

  /** Somebody leads, and this is the group's state to it, taken from members of another epoch. */
  tookOver(epoch: number, basedOn: number, state: State): void {
    if (this.#beginnings.has(epoch)) {
      throw new Violation(`two leaders in epoch ${epoch}`);
    }
    this.takeovers += 1;
    this.#beginnings.set(epoch, new Map(state));
    this.holds(epoch, state);
    this.#isOnly(basedOn, state);
  }

  /** Nothing in this state was given up by the leader of this epoch when it began. */
  #isOnly(basedOn: number, state: State): void {
    for (const { key, origin } of state.values()) {
      const before = this.#beginnings.get(basedOn)?.get(key)?.origin;
      const kept = before !== undefined && compareVersions(before, origin) === 0;
      if (origin.epoch !== basedOn && !kept) {
        const write = `${key}=${origin.epoch}.${origin.sequence}`;
        throw new Violation(`a dead value is back: ${write}, after ${basedOn}`);
      }
    }
  }

  /** This state has all that was acknowledged below this epoch. */
  holds(later: number, state: State): void {
    for (const [epoch, writes] of this.#writes) {
      if (epoch < later) {
        for (const [key, origin] of writes) {
          check(state, { key, origin, epoch, later });
        }
      }
    }
  }
}

function check(
  state: State,
  wanted: { key: string; origin: Version; epoch: number; later: number },
): void {
  const { key, origin, epoch, later } = wanted;
  const found = state.get(key);
  if (found === undefined || compareVersions(found.origin, origin) < 0) {
    const write = `${key}=${origin.epoch}.${origin.sequence}`;
    throw new Violation(`lost: ${write}, acknowledged in ${epoch}, is not in ${later}`);
  }
}
