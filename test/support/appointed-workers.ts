/**
 * The workers of one partition in one process, appointed by the test in the controller's stead: the
 * real nodes on the in-memory network and a virtual clock.
 */
import { silentLogger } from "../../src/base/log.ts";
import { createSeededRandom } from "../../src/base/random.ts";
import {
  type Assignment,
  type ClusterIdentity,
  type Copy,
  copiesOf,
} from "../../src/core/assignment.ts";
import type { Storage } from "../../src/core/storage.ts";
import type { Group } from "../../src/node/group.ts";
import type { GroupLeader } from "../../src/node/group-leader.ts";
import { Node } from "../../src/node/node.ts";
import { createMemoryStorage } from "../../src/storage/memory.ts";
import { createMemoryNetwork } from "../../src/transport/memory-network.ts";
import { StallableNetwork } from "./stallable-network.ts";
import { VirtualClock } from "./virtual-clock.ts";

/** The one partition. */
export const PARTITION = 7;

interface Running {
  readonly node: Node;
  stopListening(): void;
}

export class AppointedWorkers {
  readonly clock = new VirtualClock();
  readonly network = new StallableNetwork(createMemoryNetwork(this.clock), this.clock);
  readonly #cluster: ClusterIdentity;
  readonly #running = new Map<string, Running>();
  readonly #createStorage: (worker: string) => Storage;
  #assignment: Assignment | undefined;
  #random = createSeededRandom(1);

  constructor(options: {
    readonly replicas: number;
    readonly writeQuorum: number;
    readonly createStorage?: (worker: string) => Storage;
  }) {
    const { replicas, writeQuorum } = options;
    this.#cluster = { id: "test", name: "test", partitions: 64, replicas, writeQuorum };
    this.#createStorage = options.createStorage ?? createMemoryStorage;
  }

  start(...workers: readonly string[]): void {
    for (const nodeId of workers) {
      const address = addressOf(nodeId);
      const node = new Node({
        settings: {
          nodeId,
          address,
          cluster: "test",
          role: "worker",
          followers: [],
          writeQuorum: 0,
          minDelayMs: 0,
          maxDelayMs: 0,
          replicationTimeoutMs: 2_000,
          linkQueueBytes: 16 * 1024 * 1024,
          pendingBytes: 64 * 1024 * 1024,
        },
        clock: this.clock,
        network: this.network,
        random: createSeededRandom(Math.floor(this.#random.next() * 2 ** 32)),
        storage: this.#createStorage(nodeId),
        logger: silentLogger,
      });
      const stopListening = this.network.listen(address, node.accept);
      this.#running.set(nodeId, { node, stopListening });
      node.start();
      this.#tell(nodeId);
    }
  }

  stop(worker: string): void {
    const running = this.#running.get(worker);
    this.#running.delete(worker);
    running?.stopListening();
    running?.node.stop();
  }

  /** Decides anew and tells these workers, or all. */
  assign(
    change: Partial<Assignment> & Pick<Assignment, "generation" | "primary" | "members">,
    told: readonly string[] = [...this.#running.keys()],
  ): void {
    const revision = (this.#assignment?.revision ?? 0) + 1;
    const nothing = { earlier: [], begun: true, learners: [], retained: [] };
    this.#assignment = { partition: PARTITION, ...nothing, ...change, revision };
    for (const worker of told) {
      this.#tell(worker);
    }
  }

  group(worker: string): Group {
    const group = this.#running.get(worker)?.node.groups.get(PARTITION);
    if (group === undefined) {
      throw new Error(`${worker} does not run or has no copy`);
    }
    return group;
  }

  leader(worker: string): GroupLeader {
    const { leader } = this.group(worker);
    if (leader === undefined) {
      throw new Error(`${worker} does not lead`);
    }
    return leader;
  }

  /** Lets the clock run until this worker leads and takes writes. */
  async untilOpen(worker: string, patienceMs = 10_000): Promise<void> {
    await this.until(() => this.group(worker).leader?.open === true, patienceMs);
  }

  async until(holds: () => boolean, patienceMs = 10_000): Promise<void> {
    if (!(await this.clock.runUntil(holds, patienceMs)) && !holds()) {
      throw new Error(`still not so after ${patienceMs} virtual ms: ${holds}`);
    }
  }

  /** Lets the clock run until the promise has settled, and gives what it settled to. */
  async outcome<T>(promise: Promise<T>, patienceMs = 10_000): Promise<T> {
    let settled = false;
    const end = () => {
      settled = true;
    };
    promise.then(end, end);
    await this.until(() => settled, patienceMs);
    return promise;
  }

  valueAt(worker: string, key: string): string | undefined {
    return this.group(worker).replica.get(key)?.value;
  }

  #tell(worker: string): void {
    const node = this.#running.get(worker)?.node;
    const assignment = this.#assignment;
    const own = assignment && copiesOf(assignment).find((copy) => copy.worker === worker);
    if (node === undefined || assignment === undefined) {
      return;
    }
    if (own === undefined) {
      node.discard(PARTITION);
    } else {
      node.open(PARTITION, own.copy).appoint(assignment, this.#cluster);
    }
  }
}

/** A copy at each of these workers: "a" is slot 0, "b" slot 1 … */
export function copies(workers: string, copy = 1): readonly Copy[] {
  return [...workers].map((worker) => ({
    worker,
    address: addressOf(worker),
    slot: worker.charCodeAt(0) - "a".charCodeAt(0),
    copy,
  }));
}

function addressOf(worker: string): string {
  return `http://${worker}`;
}
