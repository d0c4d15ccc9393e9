/**
 * A whole group in one process: the real nodes on the in-memory network, a virtual clock and a
 * seeded random, so that a run of minutes takes a moment and is the same each time.
 */
import { type Logger, silentLogger } from "../../src/base/log.ts";
import { createSeededRandom } from "../../src/base/random.ts";
import type { Storage } from "../../src/core/storage.ts";
import type { WriteAnswer } from "../../src/http/service.ts";
import { Node, type NodeSettings } from "../../src/node/node.ts";
import { NodeService } from "../../src/node/service.ts";
import { createMemoryStorage } from "../../src/storage/memory.ts";
import { createMemoryNetwork } from "../../src/transport/memory-network.ts";
import { lastOf } from "./last-of.ts";
import { StallableNetwork } from "./stallable-network.ts";
import { VirtualClock } from "./virtual-clock.ts";

export interface MemoryClusterOptions {
  readonly followers: number;
  readonly writeQuorum: number;
  /** Both 0 unless given. */
  readonly minDelayMs?: number;
  readonly maxDelayMs?: number;
  readonly seed?: number;
  readonly replicationTimeoutMs?: number;
  readonly linkQueueBytes?: number;
  /** One for each node that starts; memory unless given. */
  readonly createStorage?: (nodeId: string) => Storage;
  /** For every node; drops all unless given. */
  readonly logger?: Logger;
}

/** One place in the group; the node that runs there may be replaced. */
export class Member {
  readonly settings: NodeSettings;
  readonly #cluster: MemoryCluster;
  #running: { node: Node; service: NodeService; stopListening(): void } | undefined;

  constructor(cluster: MemoryCluster, settings: NodeSettings) {
    this.#cluster = cluster;
    this.settings = settings;
  }

  get node(): Node {
    return this.#now().node;
  }

  get service(): NodeService {
    return this.#now().service;
  }

  get running(): boolean {
    return this.#running !== undefined;
  }

  /** Starts a node here; it remembers what its storage has kept. */
  start(change: Partial<NodeSettings> = {}): void {
    const { clock, network, nextRandom, createStorage, logger } = this.#cluster;
    const settings = { ...this.settings, ...change };
    const node = new Node({
      settings,
      clock,
      network,
      random: nextRandom(),
      storage: createStorage(settings.nodeId),
      logger,
    });
    const stopListening = network.listen(settings.address, node.accept);
    this.#running = { node, service: new NodeService(node), stopListening };
    node.start();
  }

  /** Ends it; what it held is gone. */
  stop(): void {
    const { node, stopListening } = this.#now();
    this.#running = undefined;
    stopListening();
    node.stop();
  }

  #now() {
    if (this.#running === undefined) {
      throw new Error(`${this.settings.nodeId} does not run`);
    }
    return this.#running;
  }
}

export class MemoryCluster {
  readonly clock = new VirtualClock();
  readonly network = new StallableNetwork(createMemoryNetwork(this.clock), this.clock);
  readonly leader: Member;
  readonly followers: readonly Member[];
  readonly createStorage: (nodeId: string) => Storage;
  readonly logger: Logger;
  readonly #random: ReturnType<typeof createSeededRandom>;

  constructor(options: MemoryClusterOptions) {
    this.createStorage = options.createStorage ?? createMemoryStorage;
    this.logger = options.logger ?? silentLogger;
    this.#random = createSeededRandom(options.seed ?? 1);
    const common = {
      cluster: "test",
      writeQuorum: options.writeQuorum,
      minDelayMs: options.minDelayMs ?? 0,
      maxDelayMs: options.maxDelayMs ?? 0,
      replicationTimeoutMs: options.replicationTimeoutMs ?? 2_000,
      linkQueueBytes: options.linkQueueBytes ?? 16 * 1024 * 1024,
      pendingBytes: 64 * 1024 * 1024,
    };
    const ids = Array.from({ length: options.followers }, (_, index) => `follower${index + 1}`);
    this.followers = ids.map((nodeId) => {
      const address = `http://${nodeId}`;
      const role = "follower" as const;
      return new Member(this, { ...common, nodeId, address, role, followers: [] });
    });
    this.leader = new Member(this, {
      ...common,
      nodeId: "leader",
      address: "http://leader",
      role: "leader",
      followers: this.followers.map(({ settings }) => settings.address),
    });
  }

  /** A source of its own for each node, so that one more draw at one shifts nothing at another. */
  readonly nextRandom = () => createSeededRandom(Math.floor(this.#random.next() * 2 ** 32));

  /** Starts every node and waits until the leader takes writes and every follower is synced. */
  async start(): Promise<void> {
    for (const member of [...this.followers, this.leader]) {
      member.start();
    }
    await this.untilHolds(
      () => this.synced === this.followers.length && this.leader.service.readiness().ready,
    );
  }

  /** How many followers are connected and synced, as the leader sees it. */
  get synced(): number {
    const { followers } = this.leader.service.status();
    return followers.filter(({ connected, synced }) => connected && synced).length;
  }

  follower(index: number): Member {
    const member = this.followers[index];
    if (member === undefined) {
      throw new Error(`there is no follower ${index}`);
    }
    return member;
  }

  /** Nothing gets to or from this follower until `resume`; nobody is told. */
  stall(index: number): void {
    this.network.stall(this.follower(index).settings.address);
  }

  resume(index: number): void {
    this.network.resume(this.follower(index).settings.address);
  }

  /** Closes the link to this follower; both ends learn of it. */
  cut(index: number): void {
    this.network.cut(this.follower(index).settings.address);
  }

  /** Lets the clock run until it holds; fails after `patienceMs` of virtual time. */
  async untilHolds(holds: () => boolean, patienceMs = 30_000): Promise<void> {
    if (!(await this.clock.runUntil(holds, patienceMs)) && !holds()) {
      throw new Error(`still not so after ${patienceMs} virtual ms: ${holds}`);
    }
  }

  /** Lets the clock run until the promise has settled, and gives what it settled to. */
  async outcome<T>(promise: Promise<T>, patienceMs = 30_000): Promise<T> {
    let settled = false;
    const end = () => {
      settled = true;
    };
    promise.then(end, end);
    await this.untilHolds(() => settled, patienceMs);
    return promise;
  }

  write(key: string, value: string): Promise<WriteAnswer> {
    return this.leader.service.write(key, value);
  }

  /** The digest of every running node, the leader's first. */
  digests(): string[] {
    const running = [this.leader, ...this.followers].filter((member) => member.running);
    return running.map(({ service }) => {
      const { keys, digest } = lastOf(service.digest());
      return `${keys} ${digest}`;
    });
  }

  /** Lets the clock run until every running node holds the same and nothing is under way. */
  async untilEqual(patienceMs = 30_000): Promise<void> {
    await this.untilHolds(() => {
      const { watermark, followers } = this.leader.service.status();
      const level = followers.every(
        (follower) => !follower.connected || follower.watermark === watermark,
      );
      return level && new Set(this.digests()).size === 1;
    }, patienceMs);
  }
}
