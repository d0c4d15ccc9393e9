/**
 * The links of one who leads or wants to lead to all other members, by their *index*: the members'
 * order without this node. Learners may come behind them while it leads.
 */
import type { LinkPool } from "./link-pool.ts";
import type { Member } from "./member.ts";
import type { AnswerMessage } from "./messages.ts";
import { PeerLink } from "./peer-link.ts";

export interface PeerLinksOptions {
  readonly group: number;
  readonly members: readonly Member[];
  /** Own place among them; whoever has it is no peer. */
  readonly slot: number;
  readonly pool: LinkPool;
  readonly events: PeerLinksEvents;
}

export interface PeerLinksEvents {
  peerUp(index: number): void;
  peerDown(index: number): void;
  peerMessage(index: number, message: AnswerMessage): void;
}

export class PeerLinks {
  readonly #options: PeerLinksOptions;
  readonly #peers: PeerLink[] = [];
  readonly #indexes = new Map<number, number>();
  #started = false;

  constructor(options: PeerLinksOptions) {
    this.#options = options;
    for (const member of options.members) {
      if (member.slot !== options.slot) {
        this.add(member);
      }
    }
  }

  /** By index. A removed one stays at its place and is never connected. */
  get peers(): readonly PeerLink[] {
    return this.#peers;
  }

  /** Those whose connection stands already are `connected` now; `peerUp` is for all others. */
  start(): void {
    this.#started = true;
    for (let index = 0; index < this.#peers.length; index++) {
      this.#startPeer(index);
    }
  }

  stop(): void {
    this.#started = false;
    for (const peer of this.#peers) {
      peer.stop();
    }
  }

  checkSilence(): void {
    for (const peer of this.#peers) {
      peer.checkSilence();
    }
  }

  /** Gives the new one's index; as with `start`, it may be connected already. */
  add({ address, slot }: Member): number {
    const index = this.#peers.length;
    const { group, pool, events } = this.#options;
    const peer = new PeerLink({
      ...{ address, slot, group, pool },
      events: {
        up: () => {
          if (!this.#rejectTwin(index)) {
            events.peerUp(index);
          }
        },
        message: (message) => events.peerMessage(index, message),
        down: () => events.peerDown(index),
      },
    });
    this.#peers.push(peer);
    this.#indexes.set(slot, index);
    if (this.#started) {
      this.#startPeer(index);
    }
    return index;
  }

  /** Whoever has this index is wanted no more; nothing is said of it from now on. */
  remove(index: number): void {
    const peer = this.#peers[index];
    peer?.stop();
    if (peer !== undefined && this.#indexes.get(peer.slot) === index) {
      this.#indexes.delete(peer.slot);
    }
  }

  /** A peer's place among all members; -1 where there is no such peer. */
  slotOf(index: number): number {
    return this.#peers[index]?.slot ?? -1;
  }

  /** -1 for this node's own slot, and for one that no peer has. */
  indexOf(slot: number): number {
    return this.#indexes.get(slot) ?? -1;
  }

  /** By its place among all members; undefined for this node's own. */
  at(slot: number): PeerLink | undefined {
    return this.#peers[this.indexOf(slot)];
  }

  #startPeer(index: number): void {
    const peer = this.#peers[index];
    peer?.start();
    if (peer?.connected) {
      this.#rejectTwin(index);
    }
  }

  /** A node that is listed under two names would be counted twice: only one of them is used. */
  #rejectTwin(index: number): boolean {
    const own = this.#options.pool.hello;
    const peer = this.#peers[index];
    const instance = peer?.peer?.instance;
    const twin = this.#peers.find(
      (other) => other !== peer && other.connected && other.peer?.instance === instance,
    );
    const address = instance === own.instance ? own.address : twin?.address;
    if (peer === undefined || address === undefined) {
      return false;
    }
    peer.reject(`${peer.peer?.node} is ${address} too; list it once in FOLLOWERS`);
    return true;
  }
}
