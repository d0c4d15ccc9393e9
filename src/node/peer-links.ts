/**
 * The connections of one who leads or wants to lead to all other members, by their *index*: the
 * members' order without this node.
 */
import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import { type AnswerMessage, type HelloMessage, isAnswer } from "./messages.ts";
import type { Network } from "./network.ts";
import { PeerConnection } from "./peer-connection.ts";

export interface PeerLinksOptions {
  /** URLs of all members. */
  readonly members: readonly string[];
  /** Own place among them. */
  readonly slot: number;
  readonly hello: HelloMessage;
  readonly network: Network;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly events: PeerLinksEvents;
}

export interface PeerLinksEvents {
  peerUp(index: number): void;
  peerDown(index: number): void;
  peerMessage(index: number, message: AnswerMessage): void;
}

export class PeerLinks {
  readonly peers: readonly PeerConnection[];
  readonly #slot: number;
  readonly #events: PeerLinksEvents;

  constructor(options: PeerLinksOptions) {
    this.#slot = options.slot;
    this.#events = options.events;
    this.peers = options.members
      .filter((_, slot) => slot !== options.slot)
      .map((address, index) => this.#connection(address, index, options));
  }

  start(): void {
    for (const peer of this.peers) {
      peer.start();
    }
  }

  stop(): void {
    for (const peer of this.peers) {
      peer.stop();
    }
  }

  checkSilence(): void {
    for (const peer of this.peers) {
      peer.checkSilence();
    }
  }

  /** A peer's place among all members. */
  slotOf(index: number): number {
    return index < this.#slot ? index : index + 1;
  }

  indexOf(slot: number): number {
    return slot < this.#slot ? slot : slot - 1;
  }

  /** By its place among all members; undefined for this node's own. */
  at(slot: number): PeerConnection | undefined {
    return slot === this.#slot ? undefined : this.peers[this.indexOf(slot)];
  }

  #connection(address: string, index: number, options: PeerLinksOptions): PeerConnection {
    return new PeerConnection({
      ...options,
      address,
      events: {
        up: (hello) => this.#up(index, hello, options.hello),
        message: (message) => {
          if (isAnswer(message)) {
            this.#events.peerMessage(index, message);
          }
        },
        down: () => this.#events.peerDown(index),
      },
    });
  }

  /** A node that is listed under two names would be counted twice: only one of them is used. */
  #up(index: number, { instance, node }: HelloMessage, own: HelloMessage): void {
    const twin = this.peers.find(
      (other, at) => at !== index && other.connected && other.peer?.instance === instance,
    );
    const address = instance === own.instance ? own.address : twin?.address;
    if (address !== undefined) {
      this.peers[index]?.reject(`${node} is ${address} too; list it once in FOLLOWERS`);
      return;
    }
    this.#events.peerUp(index);
  }
}
