/**
 * One running node: who it is, its links, and its part in a group. It is built from a clock, a
 * source of randomness, a network and a storage, so that tests build the same node from other ones.
 */
import type { Cancel, Clock } from "../base/clock.ts";
import type { Logger } from "../base/log.ts";
import { type Random, randomId } from "../base/random.ts";
import type { Storage } from "../core/storage.ts";
import { GroupFollower } from "./group-follower.ts";
import { GroupLeader, type LabSettings } from "./group-leader.ts";
import type { HelloMessage, PeerMessage } from "./messages.ts";
import type { Link, LinkEvents, Network } from "./network.ts";
import { PeerConnection, SILENCE_MAX_MS } from "./peer-connection.ts";

/** The one group of a leader/follower set-up. */
const ONLY_GROUP = 0;
/** How often a leader makes every follower answer. */
const BEAT_EVERY_MS = 500;

export interface NodeSettings {
  readonly nodeId: string;
  /** The URL under which others reach this node. */
  readonly address: string;
  readonly cluster: string;
  readonly role: "leader" | "follower";
  /** Their URLs; empty at a follower. */
  readonly followers: readonly string[];
  readonly writeQuorum: number;
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
  readonly replicationTimeoutMs: number;
  readonly linkQueueBytes: number;
}

export interface NodeParts {
  readonly settings: NodeSettings;
  readonly clock: Clock;
  readonly random: Random;
  readonly network: Network;
  readonly storage: Storage;
  readonly logger: Logger;
}

/** A link that another node opened to this one. */
interface Visitor {
  readonly link: Link;
  hello: HelloMessage | undefined;
  lastHeardMs: number;
}

export class Node {
  readonly settings: NodeSettings;
  readonly lab: LabSettings;
  /** In the order of the settings; empty at a follower. */
  readonly peers: readonly PeerConnection[];
  readonly leader: GroupLeader | undefined;
  readonly follower: GroupFollower | undefined;
  readonly #parts: NodeParts;
  readonly #hello: HelloMessage;
  readonly #visitors = new Set<Visitor>();
  #leaderAddress: string | null = null;
  #stopBeating: Cancel = () => {};
  #stopping = false;

  constructor(parts: NodeParts) {
    const { settings } = parts;
    const { nodeId, address, cluster, role, writeQuorum, minDelayMs, maxDelayMs } = settings;
    this.#parts = parts;
    this.settings = settings;
    this.lab = { writeQuorum, minDelayMs, maxDelayMs };
    const instance = randomId(parts.random);
    this.#hello = { type: "hello", cluster, node: nodeId, instance, address, role };
    if (role === "leader") {
      this.#leaderAddress = address;
      this.peers = settings.followers.map((follower, index) => this.#peer(follower, index));
      this.leader = new GroupLeader({
        ...parts,
        group: ONLY_GROUP,
        peers: this.peers,
        lab: this.lab,
        replicationTimeoutMs: settings.replicationTimeoutMs,
        linkQueueBytes: settings.linkQueueBytes,
      });
    } else {
      this.peers = [];
      this.follower = new GroupFollower({ ...parts, group: ONLY_GROUP });
    }
  }

  /** It accepts no more writes. */
  get stopping(): boolean {
    return this.#stopping;
  }

  /** URL of the leader that this node hears or last heard, its own at a leader; null: none yet. */
  get leaderAddress(): string | null {
    return this.#leaderAddress;
  }

  start(): void {
    this.#stopBeating = this.#parts.clock.every(BEAT_EVERY_MS, () => this.#beat());
    for (const peer of this.peers) {
      peer.start();
    }
    this.leader?.start();
  }

  /** Accepts no more writes and resolves when no write or read waits, or after `patienceMs`. */
  async drain(patienceMs: number): Promise<void> {
    this.#stopping = true;
    const { clock } = this.#parts;
    const deadlineMs = clock.nowMs() + patienceMs;
    while (this.leader?.busy === true && clock.nowMs() < deadlineMs) {
      await new Promise<void>((resolve) => clock.after(5, resolve));
    }
  }

  /** Closes every link. */
  stop(): void {
    this.#stopping = true;
    this.#stopBeating();
    this.leader?.stop();
    for (const peer of this.peers) {
      peer.stop();
    }
    for (const visitor of this.#visitors) {
      visitor.link.close("this node stops");
    }
  }

  /** Takes a link that another node opened. */
  readonly accept = (link: Link): LinkEvents => {
    const visitor: Visitor = { link, hello: undefined, lastHeardMs: this.#parts.clock.nowMs() };
    this.#visitors.add(visitor);
    return {
      message: (message) => this.#heardVisitor(visitor, message),
      closed: (reason) => this.#visitorGone(visitor, reason),
    };
  };

  #peer(address: string, index: number): PeerConnection {
    return new PeerConnection({
      ...this.#parts,
      address,
      hello: this.#hello,
      events: {
        up: (hello) => this.#peerUp(index, hello),
        message: (message) => this.leader?.message(index, message),
        down: () => this.leader?.peerDown(index),
      },
    });
  }

  /** A follower that is listed under two names would be counted twice: only one of them is used. */
  #peerUp(index: number, { instance, node }: HelloMessage): void {
    const twin = this.peers.find(
      (other, at) => at !== index && other.connected && other.peer?.instance === instance,
    );
    if (twin !== undefined) {
      this.peers[index]?.reject(`${node} is ${twin.address} too; list it once in FOLLOWERS`);
      return;
    }
    this.leader?.peerUp(index);
  }

  #heardVisitor(visitor: Visitor, message: PeerMessage): void {
    visitor.lastHeardMs = this.#parts.clock.nowMs();
    if (message.type === "hello") {
      this.#greeted(visitor, message);
    } else if (message.type === "refuse") {
      visitor.link.close(`refused: ${message.reason}`);
    } else if (visitor.hello !== undefined && this.follower !== undefined) {
      this.follower.message(visitor.link, message);
      if (message.type === "lead" && this.follower.led) {
        this.#leaderAddress = visitor.hello.address;
      }
    }
  }

  #greeted(visitor: Visitor, hello: HelloMessage): void {
    const { nodeId, cluster, role } = this.settings;
    const refusal =
      hello.cluster !== cluster
        ? `${nodeId} belongs to cluster "${cluster}", not to "${hello.cluster}"; check CLUSTER`
        : role === "leader"
          ? `${nodeId} is a leader and follows nobody; check FOLLOWERS and ROLE`
          : undefined;
    if (refusal !== undefined) {
      visitor.link.send({ type: "refuse", reason: refusal });
      return;
    }
    visitor.hello = hello;
    visitor.link.send(this.#hello);
    this.#parts.logger.info("leader.connected", { leader: hello.node, address: hello.address });
  }

  #visitorGone(visitor: Visitor, reason: string): void {
    this.#visitors.delete(visitor);
    this.follower?.linkClosed(visitor.link);
    if (visitor.hello !== undefined && !this.#stopping) {
      this.#parts.logger.warn("leader.lost", { leader: visitor.hello.node, reason });
    }
  }

  #beat(): void {
    this.leader?.beat();
    for (const peer of this.peers) {
      peer.checkSilence();
    }
    const latestMs = this.#parts.clock.nowMs() - SILENCE_MAX_MS;
    for (const visitor of this.#visitors) {
      if (visitor.lastHeardMs < latestMs) {
        visitor.link.close(`silent for more than ${SILENCE_MAX_MS} ms`);
      }
    }
  }
}
