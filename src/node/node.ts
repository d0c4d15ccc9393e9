/**
 * One running node: who it is, its links, and its part in a group. It is built from a clock, a
 * source of randomness, a network and a storage, so that tests build the same node from other ones.
 */
import type { Cancel, Clock } from "../base/clock.ts";
import type { Logger } from "../base/log.ts";
import { type Random, randomId } from "../base/random.ts";
import type { Storage } from "../core/storage.ts";
import { Group } from "./group.ts";
import type { LabSettings } from "./group-leader.ts";
import { Journal } from "./journal.ts";
import { LinkPool } from "./link-pool.ts";
import { type HelloMessage, isAnswer, type PeerMessage } from "./messages.ts";
import type { Link, LinkEvents, Network } from "./network.ts";
import { SILENCE_MAX_MS } from "./peer-connection.ts";

/** The one group of a leader/follower set-up. */
const ONLY_GROUP = 0;
/** How often every link is made to say something. */
const BEAT_EVERY_MS = 500;

export interface NodeSettings {
  readonly nodeId: string;
  /** The URL under which others reach this node. */
  readonly address: string;
  readonly cluster: string;
  /** Whether it begins a group that does not exist yet; afterwards the group knows who leads. */
  readonly role: "leader" | "follower";
  /** Their URLs; a follower's own list means nothing. */
  readonly followers: readonly string[];
  /** With which a new group begins. */
  readonly writeQuorum: number;
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
  readonly replicationTimeoutMs: number;
  readonly linkQueueBytes: number;
  readonly pendingBytes: number;
}

export interface NodeParts {
  readonly settings: NodeSettings;
  readonly clock: Clock;
  readonly random: Random;
  readonly network: Network;
  readonly storage: Storage;
  readonly logger: Logger;
}

/** What comes after the greeting. */
type FromPeer = Exclude<PeerMessage, { type: "hello" | "refuse" }>;

/** A link that another node opened to this one. */
interface Visitor {
  readonly link: Link;
  hello: HelloMessage | undefined;
  lastHeardMs: number;
}

export class Node {
  readonly settings: NodeSettings;
  readonly lab: LabSettings;
  readonly group: Group;
  readonly journal: Journal;
  /** What it stores survives the end of its process. */
  readonly durable: boolean;
  readonly #parts: NodeParts;
  readonly #hello: HelloMessage;
  readonly #pool: LinkPool;
  readonly #visitors = new Set<Visitor>();
  #stopBeating: Cancel = () => {};
  #stopping = false;

  constructor(parts: NodeParts) {
    const { settings, storage } = parts;
    const { nodeId, address, cluster, role, writeQuorum } = settings;
    this.#parts = parts;
    this.settings = settings;
    this.lab = { minDelayMs: settings.minDelayMs, maxDelayMs: settings.maxDelayMs };
    this.durable = storage.durable;
    const instance = randomId(parts.random);
    this.#hello = { type: "hello", cluster, node: nodeId, instance, address };
    this.#pool = new LinkPool({ ...parts, hello: this.#hello });
    this.journal = new Journal(parts);
    const members = [address, ...settings.followers];
    this.group = new Group({
      ...parts,
      ...settings,
      group: ONLY_GROUP,
      founding: role === "leader" ? { members, writeQuorum } : undefined,
      stored: [...storage.load()].find(({ group }) => group === ONLY_GROUP),
      durable: storage.durable,
      lab: this.lab,
      pool: this.#pool,
      journal: this.journal,
    });
  }

  /** It accepts no more writes. */
  get stopping(): boolean {
    return this.#stopping;
  }

  start(): void {
    this.#stopBeating = this.#parts.clock.every(BEAT_EVERY_MS, () => this.#beat());
    this.group.start();
  }

  /** Accepts no more writes and resolves when no write or read waits, or after `patienceMs`. */
  async drain(patienceMs: number): Promise<void> {
    this.#stopping = true;
    const { clock } = this.#parts;
    const deadlineMs = clock.nowMs() + patienceMs;
    while (this.group.leader?.busy === true && clock.nowMs() < deadlineMs) {
      await new Promise<void>((resolve) => clock.after(5, resolve));
    }
  }

  /** Closes every link and stores nothing more. */
  stop(): void {
    this.#stopping = true;
    this.#stopBeating();
    this.group.stop();
    this.#pool.stop();
    this.journal.stop();
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

  #heardVisitor(visitor: Visitor, message: PeerMessage): void {
    visitor.lastHeardMs = this.#parts.clock.nowMs();
    const { link, hello } = visitor;
    if (message.type === "hello" && hello !== undefined) {
      link.close("a second greeting on one link");
    } else if (message.type === "hello") {
      this.#greeted(visitor, message);
    } else if (message.type === "refuse") {
      link.close(`refused: ${message.reason}`);
    } else if (hello !== undefined) {
      this.#heardPeer(link, hello, message);
    }
  }

  #heardPeer(link: Link, hello: HelloMessage, message: FromPeer): void {
    if (message.type === "ping") {
      link.send({ type: "pong", receivedBytes: link.receivedBytes });
    } else if (message.type === "pong" || message.group !== ONLY_GROUP) {
      return;
    } else if (message.type === "leave") {
      this.#leaderGone({ link, hello }, "it leads no more");
    } else if (!isAnswer(message)) {
      this.group.message(link, hello.address, message);
    }
  }

  #greeted(visitor: Visitor, hello: HelloMessage): void {
    const { nodeId, cluster } = this.settings;
    if (hello.cluster !== cluster) {
      const [own, other] = [cluster, hello.cluster];
      const reason = `${nodeId} belongs to cluster "${own}", not to "${other}"; check CLUSTER`;
      visitor.link.send({ type: "refuse", reason });
      return;
    }
    visitor.hello = hello;
    visitor.link.send(this.#hello);
    this.#parts.logger.info("peer.connected", { peer: hello.node, address: hello.address });
  }

  #visitorGone(visitor: Visitor, reason: string): void {
    this.#visitors.delete(visitor);
    this.#leaderGone(visitor, reason);
  }

  #leaderGone({ link, hello }: Pick<Visitor, "link" | "hello">, reason: string): void {
    const led = this.group.follower.leadership?.link === link;
    this.group.linkClosed(link);
    if (led && hello !== undefined && !this.#stopping) {
      this.#parts.logger.warn("leader.lost", { leader: hello.node, reason });
    }
  }

  #beat(): void {
    this.group.beat();
    this.#pool.beat();
    const latestMs = this.#parts.clock.nowMs() - SILENCE_MAX_MS;
    for (const visitor of this.#visitors) {
      if (visitor.lastHeardMs < latestMs) {
        visitor.link.close(`silent for more than ${SILENCE_MAX_MS} ms`);
      }
    }
  }
}
