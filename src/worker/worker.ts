/**
 * One running worker: a node with a copy of many partitions, the map that says what becomes of
 * them, and the heartbeats that bring that map. It is built from a clock, randomness, a network, a
 * storage, a controller and a way to other workers, so that tests build the same worker from other
 * ones.
 */
import type { Clock } from "../base/clock.ts";
import { KvError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import { type Random, randomId } from "../base/random.ts";
import { type Assignment, type ClusterIdentity, copiesOf } from "../core/assignment.ts";
import type { Storage } from "../core/storage.ts";
import type { ControllerPort, Heartbeat, HeartbeatAnswer } from "../node/heartbeat.ts";
import type { AcceptLink, Network } from "../node/network.ts";
import { Node, type NodeSettings } from "../node/node.ts";
import type { ForwardPort } from "./forward-port.ts";
import { Heartbeats } from "./heartbeats.ts";
import { checkCluster } from "./other-cluster.ts";
import { PendingBudget } from "./pending-budget.ts";
import { Router } from "./router.ts";
import { WorkerService } from "./service.ts";
import { MAP_GROUP, WorkerMap } from "./worker-map.ts";

const LOOK_EVERY_MS = 10;
const LINGER_MS = 300;

type OfNode =
  | "nodeId"
  | "address"
  | "cluster"
  | "writeQuorum"
  | "minDelayMs"
  | "maxDelayMs"
  | "replicationTimeoutMs"
  | "linkQueueBytes"
  | "pendingBytes";

export interface WorkerSettings extends Pick<NodeSettings, OfNode> {
  /** URL of the controller, for sentences. */
  readonly controller: string;
  readonly partitions: number;
  /** A person has given that number: it is refused where the stored cluster has another one. */
  readonly partitionsGiven?: boolean;
  readonly replicas: number;
  readonly heartbeatIntervalMs: number;
}

export interface WorkerParts {
  readonly settings: WorkerSettings;
  readonly clock: Clock;
  readonly random: Random;
  readonly network: Network;
  readonly storage: Storage;
  readonly logger: Logger;
  readonly controller: ControllerPort;
  readonly forward: ForwardPort;
}

export class Worker {
  readonly node: Node;
  readonly map: WorkerMap;
  readonly service: WorkerService;
  readonly heartbeats: Heartbeats;
  readonly #parts: WorkerParts;
  readonly #router: Router;
  readonly #instance: string;
  #leaving = false;
  #settingsCompared = false;

  /** Throws OtherClusterError where the stored cluster is not the one that the settings mean. */
  constructor(parts: WorkerParts) {
    const { settings, clock, random, controller, logger } = parts;
    this.#parts = parts;
    this.#instance = randomId(random);
    const { replicationTimeoutMs: timeoutMs } = settings;
    this.node = new Node({ ...parts, settings: { ...settings, role: "worker", followers: [] } });
    this.map = new WorkerMap(this.node.takeStored(MAP_GROUP), this.node.journal);
    if (this.map.cluster !== undefined) {
      const { cluster, partitions, partitionsGiven } = settings;
      checkCluster(this.map.cluster, {
        cluster,
        partitions: partitionsGiven ? partitions : undefined,
      });
    }
    const outdated = () => this.heartbeats.soonish();
    this.#router = new Router({ node: this.node, map: this.map, clock, timeoutMs, outdated });
    this.heartbeats = new Heartbeats({
      controller,
      clock,
      logger,
      intervalMs: settings.heartbeatIntervalMs,
      introduce: () => this.#introduce(),
      reports: () => [...this.node.groups.values()].map((group) => group.report()),
      orphaned: () => this.#hasOrphan(),
      heard: (answer) => this.#heard(answer),
    });
    this.service = new WorkerService({
      node: this.node,
      map: this.map,
      controller: settings.controller,
      contact: () => this.heartbeats.contact,
      router: this.#router,
      pending: new PendingBudget(this.node, clock),
      outdated,
      forward: parts.forward,
      clock,
      timeoutMs,
    });
    this.node.groupChanged = (group) => {
      this.#router.wake(group);
      this.heartbeats.soon();
    };
  }

  /** Takes a link that another node opened. */
  get accept(): AcceptLink {
    return this.node.accept;
  }

  /** Goes on as it was last told, and tells the controller that it is there. */
  start(): void {
    this.node.start();
    this.#reopen();
    this.heartbeats.start();
  }

  /**
   * Tells the controller that it is about to stop, and resolves when it leads nothing any more,
   * when nobody can take that over, or after `patienceMs`.
   */
  async leave(patienceMs: number): Promise<void> {
    const { clock } = this.#parts;
    this.#leaving = true;
    this.heartbeats.soon();
    const deadlineMs = clock.nowMs() + patienceMs;
    const leads = () => [...this.node.groups.values()].some(({ leader }) => leader !== undefined);
    const isHeard = () => this.heartbeats.contact.state === "heard";
    while (leads() && isHeard() && clock.nowMs() < deadlineMs) {
      await new Promise<void>((resolve) => clock.after(LOOK_EVERY_MS, resolve));
    }
  }

  /**
   * Accepts no more writes and resolves when no write or read waits, or after `patienceMs`, and a
   * while after that: other workers that still send calls here are told to ask elsewhere, which is
   * certain, while a connection that ends under a write leaves its outcome open.
   */
  async drain(patienceMs: number): Promise<void> {
    await this.node.drain(patienceMs);
    await new Promise<void>((resolve) => this.#parts.clock.after(LINGER_MS, resolve));
  }

  /** Closes every link and stores nothing more. */
  stop(): void {
    this.heartbeats.stop();
    this.node.stop();
    this.#parts.forward.close();
  }

  /** A copy of this worker that counts hears no primary. */
  #hasOrphan(): boolean {
    const { nodeId } = this.#parts.settings;
    for (const { leader, follower, assignment } of this.node.groups.values()) {
      const counts = assignment?.members.some(({ worker }) => worker === nodeId);
      if (counts === true && leader === undefined && follower.leadership === undefined) {
        return true;
      }
    }
    return false;
  }

  #introduce(): Omit<Heartbeat, "protocol" | "copies" | "complete"> {
    const { nodeId, address, cluster, partitions, replicas, writeQuorum } = this.#parts.settings;
    return {
      id: nodeId,
      address,
      cluster,
      instance: this.#instance,
      clusterId: this.map.cluster?.id,
      settings: { partitions, replicas, writeQuorum },
      mapVersion: this.map.version,
      stopping: this.#leaving,
    };
  }

  /** What it had when it ended; what an older order of a copy was is thrown away. */
  #reopen(): void {
    const { cluster } = this.map;
    if (cluster === undefined) {
      return;
    }
    for (const [partition, copy] of this.node.storedCopies) {
      // One that was discarded has no number.
      if (copy > 0) {
        this.node.open(partition, copy);
      }
    }
    for (const assignment of this.map.assignments.values()) {
      this.#appoint(assignment, cluster);
    }
  }

  #heard(answer: HeartbeatAnswer): void {
    const { cluster } = this.map;
    if (cluster !== undefined && cluster.id !== answer.cluster.id) {
      throw new KvError({
        code: "invalid_request",
        message:
          `This worker's data belongs to cluster ${cluster.id} and the controller has ` +
          `${answer.cluster.id}; give the worker an empty DATA_DIR, or the controller its own.`,
      });
    }
    const news = this.map.take(answer);
    this.#compareSettings(answer.cluster);
    for (const assignment of news) {
      const { partition } = assignment;
      if (!this.#appoint(assignment, answer.cluster)) {
        this.node.discard(partition);
      }
      this.#router.wake(partition);
    }
    if (news.length > 0) {
      // What has come of it is told at once: whoever waits for it need not wait for a beat.
      this.heartbeats.soon();
    }
  }

  /** False where this worker is to have no copy. */
  #appoint(assignment: Assignment, cluster: ClusterIdentity): boolean {
    const { partition } = assignment;
    const { nodeId } = this.#parts.settings;
    const own = copiesOf(assignment).find(({ worker }) => worker === nodeId);
    if (own === undefined) {
      return false;
    }
    // A controller whose directory is an old copy may name an older one: that throws nothing away.
    const held = this.node.groups.get(partition)?.record.copy ?? 0;
    this.node.open(partition, Math.max(own.copy, held)).appoint(assignment, cluster);
    return true;
  }

  /** Once: the cluster's settings hold, whatever this worker's own are. */
  #compareSettings(cluster: ClusterIdentity): void {
    if (this.#settingsCompared) {
      return;
    }
    this.#settingsCompared = true;
    const { logger, settings } = this.#parts;
    for (const [name, own, holds] of [
      ["PARTITIONS", settings.partitions, cluster.partitions],
      ["REPLICAS", settings.replicas, cluster.replicas],
      ["WRITE_QUORUM", settings.writeQuorum, cluster.writeQuorum],
    ] as const) {
      if (own !== holds) {
        const reason = `${name} is ${own} here and ${holds} in the cluster, which holds`;
        logger.warn("settings.differ", { reason });
      }
    }
  }
}
