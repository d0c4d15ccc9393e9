/** Those that a leader brings up to date beside its members, so that they may become members. */
import type { Copy } from "../core/assignment.ts";
import type { Leader } from "../core/leader.ts";
import type { CopySender } from "./copy-sender.ts";
import type { PeerLinks } from "./peer-links.ts";

export interface LearnersOptions {
  readonly leader: Leader<unknown>;
  readonly copies: CopySender;
  readonly links: PeerLinks;
  /** The learner with this index is connected. */
  up(index: number): void;
}

export class Learners {
  readonly #options: LearnersOptions;
  /** By index, which follows those of the members and is never used again. */
  readonly #known = new Map<number, Copy>();

  constructor(options: LearnersOptions) {
    this.#options = options;
  }

  has(index: number): boolean {
    return this.#known.has(index);
  }

  at(index: number): Copy | undefined {
    return this.#known.get(index);
  }

  /** From now on these alone. */
  replaceBy(learners: readonly Copy[]): void {
    for (const [index, known] of this.#known) {
      if (!learners.some((learner) => isSameCopy(learner, known))) {
        this.#remove(index);
      }
    }
    for (const learner of learners) {
      if (![...this.#known.values()].some((known) => isSameCopy(learner, known))) {
        this.#add(learner);
      }
    }
  }

  #remove(index: number): void {
    const { leader, copies, links } = this.#options;
    this.#known.delete(index);
    copies.connectionLost(index);
    leader.removeLearner(index);
    links.remove(index);
  }

  #add(learner: Copy): void {
    const { leader, copies, links, up } = this.#options;
    const index = links.add(learner);
    const peer = links.peers[index];
    if (peer !== undefined) {
      this.#known.set(index, learner);
      leader.addLearner();
      copies.add(peer);
      if (peer.connected) {
        up(index);
      }
    }
  }
}

function isSameCopy(one: Copy, other: Copy): boolean {
  return one.slot === other.slot && one.copy === other.copy && one.address === other.address;
}
