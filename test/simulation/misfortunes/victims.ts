/**
 * Whom a misfortune may befall. The promise covers the loss of as many nodes' memory, at a time, as
 * the write quorum counts followers, those that never were synced included; so no more are lost. It
 * is the lowest quorum that was ever asked for that counts.
 */
import type { Random } from "../../../src/base/random.ts";
import { chance, pick } from "../draw.ts";
import { FEATURES } from "../features.ts";
import type { Member } from "../world/member.ts";
import type { World } from "../world/world.ts";

/** How many of the last givers of promises are remembered. */
const GIVERS = 4;

export class Victims {
  readonly #world: World;
  readonly #random: Random;
  readonly #givers: number[] = [];

  constructor(world: World, random: Random) {
    this.#world = world;
    this.#random = random;
  }

  /** This quorum will be asked for; false if too many nodes are blank for it. */
  allowsQuorum(writeQuorum: number): boolean {
    if (writeQuorum >= this.#world.quorumMin) {
      return true;
    }
    if (this.#blank().length > writeQuorum) {
      return false;
    }
    this.#world.quorumMin = writeQuorum;
    return true;
  }

  /** This node has just given a promise. */
  gavePromise(slot: number): void {
    this.#givers.push(slot);
    this.#givers.splice(0, this.#givers.length - GIVERS);
  }

  /** A process that may stop: anybody, or one that gave a promise not long ago. */
  anyRunning(): Member | undefined {
    return this.#pick(({ process, slot }) => process !== undefined && this.#mayStop(slot));
  }

  /** A process whose death is covered by the promise, whatever it forgets by that. */
  mayDie(member: Member): boolean {
    const { process, slot } = member;
    return (
      process !== undefined && this.#mayStop(slot) && (this.#hasDisk || this.mayForget(member))
    );
  }

  anyThatMayDie(): Member | undefined {
    return this.#pick((member) => this.mayDie(member));
  }

  /** All that this node knows may be lost now. */
  mayForget(member: Member): boolean {
    const others = this.#blank().filter((blank) => blank !== member);
    return this.#mayStop(member.slot) && others.length < this.#world.quorumMin;
  }

  anyThatMayForget(): Member | undefined {
    return this.#pick((member) => this.mayForget(member));
  }

  get #hasDisk(): boolean {
    return this.#world.parameters.durable;
  }

  /** Without takeovers nobody could replace the first leader. */
  #mayStop(slot: number): boolean {
    return FEATURES.takeover || slot > 0;
  }

  #blank(): Member[] {
    return this.#world.members.filter(({ blank }) => blank);
  }

  #pick(may: (member: Member) => boolean): Member | undefined {
    const random = this.#random;
    if (this.#givers.length > 0 && chance(random, 0.5)) {
      const giver = this.#world.member(pick(random, this.#givers));
      if (may(giver)) {
        return giver;
      }
    }
    const possible = this.#world.members.filter(may);
    return possible.length === 0 ? undefined : pick(random, possible);
  }
}
