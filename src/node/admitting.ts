/**
 * The shell around a leader's admission of blank nodes: has the others note the new memory, asks
 * again until they have, and says so where more was lost than the promise covers.
 */
import type { Logger } from "../base/log.ts";
import { Admissions } from "../core/admission.ts";
import type { PromiseAnswer } from "../core/takeover.ts";
import type { LeaderHost, Leadership } from "./leader-host.ts";
import type { NotedMessage } from "./messages.ts";
import type { PeerLinks } from "./peer-links.ts";

export interface AdmittingOptions {
  readonly group: number;
  readonly leadership: Leadership;
  readonly links: PeerLinks;
  readonly host: LeaderHost;
  readonly logger: Logger;
  /** Followers that must acknowledge a write now. */
  writes(): number;
  /** The follower with this index starts from nothing now. */
  admitted(index: number): void;
}

export class Admitting {
  readonly #options: AdmittingOptions;
  readonly #admissions: Admissions;
  /** Of the blank nodes that have come to this leader, by index. */
  readonly #memories = new Map<number, string>();

  constructor(options: AdmittingOptions) {
    this.#options = options;
    const { slot, members, epoch, founder } = options.leadership;
    this.#admissions = new Admissions({ slot, members, epoch, founded: founder });
  }

  /** Has this node been admitted with the memory that it has now? */
  has(index: number, { memory }: PromiseAnswer): boolean {
    return this.#admissions.has(this.#options.links.slotOf(index), memory);
  }

  /** A blank node is connected. */
  begin(index: number, { memory }: PromiseAnswer): void {
    const { links, host } = this.#options;
    const note = this.#admissions.begin(links.slotOf(index), memory);
    if (note === undefined) {
      return;
    }
    this.#memories.set(index, memory);
    host.note(note, () => this.#admit());
    const { slot, epoch, sequence } = note;
    const message = {
      type: "note",
      group: this.#options.group,
      slot,
      memory,
      epoch,
      sequence,
    } as const;
    links.peers.forEach((peer, other) => {
      if (other !== index && peer.connected && this.#isMember(other)) {
        peer.send(message);
      }
    });
  }

  noted(index: number, { slot, memory, blank }: NotedMessage): void {
    const by = this.#options.links.slotOf(index);
    if (!this.#isMember(index)) {
      return;
    }
    this.#admissions.noted({ by, slot, memory, blank });
    this.#admit();
  }

  synced(index: number): void {
    const memory = this.#memories.get(index);
    if (memory !== undefined) {
      this.#admissions.synced(this.#options.links.slotOf(index), memory);
    }
  }

  peerUp(index: number): void {
    const { group, links } = this.#options;
    if (!this.#isMember(index)) {
      return;
    }
    for (const note of this.#admissions.wanted(links.slotOf(index))) {
      links.peers[index]?.send({ type: "note", group, ...note });
    }
  }

  peerDown(index: number): void {
    this.#admissions.left(this.#options.links.slotOf(index));
  }

  /** Asks for the notes that are missing still. */
  remind(): void {
    if (this.#memories.size > 0) {
      this.#options.links.peers.forEach((peer, index) => {
        if (peer.connected) {
          this.peerUp(index);
        }
      });
    }
  }

  #isMember(index: number): boolean {
    const { links, leadership } = this.#options;
    return leadership.members.includes(links.slotOf(index));
  }

  #admit(): void {
    const { links, host, logger } = this.#options;
    const addressOf = (slot: number) => links.at(slot)?.address ?? "this node";
    for (const { slot, because, unheard } of this.#admissions.take(this.#options.writes())) {
      const node = addressOf(slot);
      logger.info("follower.admitted", { address: node, because });
      if (because === "loss") {
        const silent = unheard.map(addressOf).join(", ") || "nobody";
        host.possibleLoss(
          `More nodes than the write quorum lost what they held at once; ${node}, one of them, ` +
            "was let in again, and acknowledged writes that only they held are lost. " +
            `Did not answer: ${silent}.`,
        );
      }
      this.#options.admitted(links.indexOf(slot));
    }
  }
}
