/**
 * Sends the copies of new entries to the followers, through the simulated network where there is
 * one.
 *
 * Without a delay, what one turn brought is one message that goes to every follower, encoded once.
 * With a delay each copy is held for its own independent random time; copies to one follower that
 * come due together travel together.
 *
 * What is under way to a follower is bounded: one that has more is told nothing new until it has
 * taken that in (see Leader, "behind").
 */
import type { Clock } from "../base/clock.ts";
import { DelayLine } from "../base/delay-line.ts";
import type { Logger } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import type { Entry } from "../core/entry.ts";
import type { Leader } from "../core/leader.ts";
import type { EntriesMessage } from "./messages.ts";
import type { PeerLink } from "./peer-link.ts";

/** About how many UTF-16 units of text one message holds, or one entry that has more. */
const MESSAGE_UNITS_MAX = 4 * 1024 * 1024;

export interface CopySenderOptions {
  readonly group: number;
  readonly peers: readonly PeerLink[];
  readonly lab: { readonly minDelayMs: number; readonly maxDelayMs: number };
  readonly linkQueueBytes: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

interface Copy {
  readonly lane: Lane;
  /** The connection for which it was made: on a later one catch-up brings it. */
  readonly connection: number;
  readonly entry: Entry;
  readonly epoch: number;
}

/** The way to one follower. */
interface Lane {
  readonly peer: PeerLink;
  /** Rises whenever the connection is lost. */
  connection: number;
  /** Bytes, nearly, that the delay line holds for it. */
  heldBytes: number;
}

export class CopySender {
  readonly #options: CopySenderOptions;
  readonly #lanes: Lane[];
  readonly #delayLine: DelayLine<Copy>;
  #commitWatermark = 0;

  constructor(options: CopySenderOptions) {
    this.#options = options;
    this.#lanes = options.peers.map(laneTo);
    this.#delayLine = new DelayLine(options.clock, (due) => this.#deliver(due));
  }

  /** Bytes on their way to this follower that it has not confirmed. */
  queueBytes(follower: number): number {
    const lane = this.#lanes[follower];
    return lane === undefined ? 0 : lane.peer.outstandingBytes + lane.heldBytes;
  }

  /** From now on copies go to this one too, with the next index. */
  add(peer: PeerLink): void {
    this.#lanes.push(laneTo(peer));
  }

  connectionLost(follower: number): void {
    const lane = this.#lanes[follower];
    if (lane !== undefined) {
      lane.connection += 1;
    }
  }

  stop(): void {
    this.#delayLine.clear();
  }

  /** Sends one turn's entries, all of the leader's epoch, to every follower that can take them. */
  send(leader: Leader<unknown>, entries: readonly Entry[]): void {
    const { lab } = this.#options;
    this.#commitWatermark = leader.commitWatermark;
    const messages = split(entries).map((part) => this.#message(leader.epoch, part));
    this.#lanes.forEach((lane, follower) => {
      const progress = leader.followers[follower];
      if (progress === undefined || !progress.connected || progress.behind) {
        return;
      }
      if (lab.maxDelayMs === 0) {
        for (const message of messages) {
          lane.peer.send(message);
        }
      } else {
        this.#hold(lane, leader.epoch, entries);
      }
      if (this.queueBytes(follower) > this.#options.linkQueueBytes) {
        leader.fellBehind(follower);
        this.#options.logger.warn("follower.behind", {
          follower: lane.peer.peer?.node,
          queueBytes: this.queueBytes(follower),
        });
      }
    });
  }

  #hold(lane: Lane, epoch: number, entries: readonly Entry[]): void {
    const { clock, random, lab } = this.#options;
    const nowMs = clock.nowMs();
    const spreadMs = lab.maxDelayMs - lab.minDelayMs;
    for (const entry of entries) {
      const delayMs = lab.minDelayMs + random.next() * spreadMs;
      lane.heldBytes += sizeOf(entry);
      this.#delayLine.hold(nowMs + delayMs, { lane, connection: lane.connection, entry, epoch });
    }
  }

  #deliver(due: readonly Copy[]): void {
    const batches = new Map<Lane, { epoch: number; entries: Entry[] }>();
    for (const { lane, connection, entry, epoch } of due) {
      lane.heldBytes -= sizeOf(entry);
      if (connection !== lane.connection) {
        continue;
      }
      const batch = batches.get(lane);
      if (batch === undefined) {
        batches.set(lane, { epoch, entries: [entry] });
      } else {
        batch.entries.push(entry);
      }
    }
    for (const [lane, { epoch, entries }] of batches) {
      for (const part of split(entries)) {
        lane.peer.send(this.#message(epoch, part));
      }
    }
  }

  #message(epoch: number, entries: readonly Entry[]): EntriesMessage {
    const { group } = this.#options;
    return { type: "entries", group, epoch, commitWatermark: this.#commitWatermark, entries };
  }
}

/** In parts that a frame can hold; nearly always one. */
function split(entries: readonly Entry[]): (readonly Entry[])[] {
  const parts: Entry[][] = [];
  let part: Entry[] = [];
  let units = 0;
  for (const entry of entries) {
    const size = sizeOf(entry);
    if (units + size > MESSAGE_UNITS_MAX && part.length > 0) {
      parts.push(part);
      part = [];
      units = 0;
    }
    part.push(entry);
    units += size;
  }
  if (parts.length === 0) {
    return [entries];
  }
  parts.push(part);
  return parts;
}

function sizeOf(entry: Entry): number {
  return entry.key.length + (entry.value?.length ?? 0) + 29;
}

function laneTo(peer: PeerLink): Lane {
  return { peer, connection: 0, heldBytes: 0 };
}
