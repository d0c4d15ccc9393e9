/**
 * One running node: who it is, its links, and its part in a group, or as a worker in many. It is
 * built from a clock, a source of randomness, a network and a storage, so that tests build the same
 * node from other ones.
 */
import type { Cancel, Clock } from "../base/clock.ts";
import { invariant } from "../base/invariant.ts";
import type { Logger } from "../base/log.ts";
import { type Random, randomId } from "../base/random.ts";
import { blankRecord } from "../core/group-record.ts";
import { SHORTCUT } from "../core/shortcut.ts";
import type { GroupChange, Storage, StoredGroup } from "../core/storage.ts";
import { Group } from "./group.ts";
import type { LabSettings } from "./group-leader.ts";
import type { GroupOptions } from "./group-options.ts";
import { Journal, type Participant } from "./journal.ts";
import { LinkPool } from "./link-pool.ts";
import { type HelloMessage, isAnswer, type PeerMessage } from "./messages.ts";
import type { Link, LinkEvents, Network } from "./network.ts";
import { Pace } from "./pace.ts";
import { partitionLogger } from "./partition-log.ts";
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
  /**
   * Whether it begins a group that does not exist yet; afterwards the group knows who leads. A
   * worker has the groups that it is told to have.
   */
  readonly role: "leader" | "follower" | "worker";
  /** Their URLs; a follower's own list means nothing. */
  readonly followers: readonly string[];
  /** With which a new group begins. */
  readonly writeQuorum: number;
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
  readonly replicationTimeoutMs: number;
  readonly linkQueueBytes: number;
  readonly pendingBytes: number;
  /** Of a worker: for all copies together that it brings up to date; unbounded unless given. */
  readonly rebalanceBytesPerSecond?: number;
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
  readonly journal: Journal;
  /** What it stores survives the end of its process. */
  readonly durable: boolean;
  readonly #parts: NodeParts;
  readonly #hello: HelloMessage;
  readonly #pool: LinkPool;
  readonly #visitors = new Set<Visitor>();
  readonly #groups = new Map<number, Group>();
  readonly #pace: Pace;
  /** Of a worker: what was stored and nobody has asked for yet. */
  readonly #stored: Map<number, StoredGroup>;
  /** Called when a group begins or ceases to lead, or a follower of one that leads is synced. */
  groupChanged: (group: number) => void = () => {};
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
    const { rebalanceBytesPerSecond = Number.POSITIVE_INFINITY } = settings;
    this.#pace = new Pace(parts.clock, rebalanceBytesPerSecond);
    this.#stored = new Map([...storage.load()].map((stored) => [stored.group, stored]));
    if (role !== "worker") {
      const members = [address, ...settings.followers];
      this.#add(ONLY_GROUP, {
        copy: 0,
        founding: role === "leader" ? { members, writeQuorum } : undefined,
        stored: this.#takeStored(ONLY_GROUP),
      });
    }
  }

  /** The one group of a leader or follower. */
  get group(): Group {
    const group = this.#groups.get(ONLY_GROUP);
    invariant(group !== undefined, "a leader or follower has its group");
    return group;
  }

  /** All groups that it has a copy of, by their number. */
  get groups(): ReadonlyMap<number, Group> {
    return this.#groups;
  }

  /** Of a worker: groups that were stored and are not open, with the numbers of their copies. */
  get storedCopies(): ReadonlyMap<number, number> {
    return new Map([...this.#stored].map(([group, { record }]) => [group, record.copy ?? 0]));
  }

  /** Of a worker: what was stored under this number, which is no group of its own; once. */
  takeStored(group: number): StoredGroup | undefined {
    return this.#takeStored(group);
  }

  /**
   * Of a worker: has this copy of the group, with what it remembers of it. What it holds of another
   * copy is thrown away.
   */
  open(group: number, copy: number): Group {
    const open = this.#groups.get(group);
    if (open?.record.copy === copy) {
      return open;
    }
    open?.stop();
    const keeps = SHORTCUT === "old-copy-kept" && open !== undefined;
    const stored = keeps ? storedOf(open) : this.#takeStored(group);
    const discards = open !== undefined && !keeps;
    const opened = this.#add(group, { copy, founding: undefined, stored, discards });
    opened.start();
    return opened;
  }

  /** Of a worker: it has no copy of this group any more. */
  discard(group: number): void {
    const stored = this.#takeStored(group);
    const open = this.#groups.get(group);
    if (open === undefined && stored === undefined) {
      return;
    }
    open?.stop();
    this.#groups.delete(group);
    const record = blankRecord(randomId(this.#parts.random));
    this.journal.schedule(once({ group, clearIncoming: true, adopt: true, record }));
  }

  #takeStored(group: number): StoredGroup | undefined {
    const stored = this.#stored.get(group);
    this.#stored.delete(group);
    return stored;
  }

  #add(
    group: number,
    options: Pick<GroupOptions, "copy" | "founding" | "stored" | "discards">,
  ): Group {
    const { logger } = this.#parts;
    const added = new Group({
      ...this.#parts,
      ...this.settings,
      ...options,
      group,
      logger: this.settings.role === "worker" ? partitionLogger(logger, group) : logger,
      durable: this.durable,
      lab: this.lab,
      hello: this.#hello,
      pool: this.#pool,
      pace: this.#pace,
      journal: this.journal,
      changed: () => this.groupChanged(group),
    });
    this.#groups.set(group, added);
    return added;
  }

  /** It accepts no more writes. */
  get stopping(): boolean {
    return this.#stopping;
  }

  start(): void {
    this.#stopBeating = this.#parts.clock.every(BEAT_EVERY_MS, () => this.#beat());
    for (const group of this.#groups.values()) {
      group.start();
    }
  }

  /** Accepts no more writes and resolves when no write or read waits, or after `patienceMs`. */
  async drain(patienceMs: number): Promise<void> {
    this.#stopping = true;
    const { clock } = this.#parts;
    const deadlineMs = clock.nowMs() + patienceMs;
    const busy = () => [...this.#groups.values()].some(({ leader }) => leader?.busy === true);
    while (busy() && clock.nowMs() < deadlineMs) {
      await new Promise<void>((resolve) => clock.after(5, resolve));
    }
  }

  /** Closes every link and stores nothing more. */
  stop(): void {
    this.#stopping = true;
    this.#stopBeating();
    for (const group of this.#groups.values()) {
      group.stop();
    }
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
    } else if (message.type === "leave") {
      this.#groups.get(message.group)?.linkClosed(link);
      const { group } = message;
      this.#parts.logger.debug("leader.left", { leader: hello.node, group });
    } else if (message.type !== "pong" && !isAnswer(message)) {
      this.#groups.get(message.group)?.message(link, hello.address, message);
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
    const { link, hello } = visitor;
    let led = false;
    for (const group of this.#groups.values()) {
      led ||= group.follower.leadership?.link === link;
      group.linkClosed(link);
    }
    if (led && hello !== undefined && !this.#stopping) {
      this.#parts.logger.warn("leader.lost", { leader: hello.node, reason });
    }
  }

  #beat(): void {
    for (const group of this.#groups.values()) {
      group.beat();
    }
    this.#pool.beat();
    const latestMs = this.#parts.clock.nowMs() - SILENCE_MAX_MS;
    for (const visitor of this.#visitors) {
      if (visitor.lastHeardMs < latestMs) {
        visitor.link.close(`silent for more than ${SILENCE_MAX_MS} ms`);
      }
    }
  }
}

/** Only for the mistake `old-copy-kept`. */
function storedOf({ record, replica }: Group): StoredGroup {
  const all = Number.POSITIVE_INFINITY;
  return { group: ONLY_GROUP, record, entries: replica.above(0, all, all) };
}

/** Stores one change that nobody waits for. */
function once(change: GroupChange): Participant {
  let changes = [change];
  return {
    takeChanges: () => {
      const taken = changes;
      changes = [];
      return taken;
    },
    persisted: () => {},
    storageFailed: () => {},
  };
}
