/**
 * A partitioned cluster in one process: real workers and the real controller on the in-memory
 * network, a virtual clock and a seeded random, so that minutes take a moment.
 */
import { KvError } from "../../src/base/errors.ts";
import { type Logger, silentLogger } from "../../src/base/log.ts";
import { createSeededRandom } from "../../src/base/random.ts";
import { Controller, type ControllerOptions } from "../../src/controller/controller.ts";
import { MemoryControllerStore } from "../../src/controller/store.ts";
import { partitionOf } from "../../src/core/placement.ts";
import type { Storage } from "../../src/core/storage.ts";
import type { KvService } from "../../src/http/service.ts";
import type { ControllerPort } from "../../src/node/heartbeat.ts";
import { createMemoryStorage } from "../../src/storage/memory.ts";
import { createMemoryNetwork } from "../../src/transport/memory-network.ts";
import type { ForwardPort, Sent } from "../../src/worker/forward-port.ts";
import { Worker, type WorkerSettings } from "../../src/worker/worker.ts";
import { StallableNetwork } from "./stallable-network.ts";
import { VirtualClock } from "./virtual-clock.ts";

export interface MemoryPartitionedOptions {
  readonly workers: number;
  readonly partitions?: number;
  readonly replicas?: number;
  readonly writeQuorum?: number;
  readonly seed?: number;
  readonly pendingBytes?: number;
  readonly linkQueueBytes?: number;
  /** One for each worker that starts; memory unless given. */
  readonly createStorage?: (nodeId: string) => Storage;
  readonly logger?: Logger;
}

const TIMEOUT_MS = 2_000;
const FORWARD_TIMEOUT_MS = TIMEOUT_MS + 500;

/** One place in the cluster; the worker that runs there may be replaced. */
export class WorkerPlace {
  readonly settings: WorkerSettings;
  readonly #cluster: MemoryPartitioned;
  #running: { worker: Worker; stopListening(): void } | undefined;
  /** Its calls to others and theirs to it get there, and no answer comes back. */
  answersLost = false;
  /** Its heartbeats do not arrive. */
  cutFromController = false;

  constructor(cluster: MemoryPartitioned, settings: WorkerSettings) {
    this.#cluster = cluster;
    this.settings = settings;
  }

  get id(): string {
    return this.settings.nodeId;
  }

  get running(): boolean {
    return this.#running !== undefined;
  }

  get worker(): Worker {
    if (this.#running === undefined) {
      throw new Error(`${this.id} does not run`);
    }
    return this.#running.worker;
  }

  get service() {
    return this.worker.service;
  }

  start(change: Partial<WorkerSettings> = {}): void {
    const { clock, network, nextRandom, createStorage, logger } = this.#cluster;
    const worker = new Worker({
      settings: { ...this.settings, ...change },
      clock,
      network,
      random: nextRandom(),
      storage: createStorage(this.id),
      logger,
      controller: this.#cluster.controllerFor(this),
      forward: this.#cluster.forwardFor(this),
    });
    const stopListening = network.listen(this.settings.address, worker.accept);
    this.#running = { worker, stopListening };
    worker.start();
  }

  /** Ends it at once; in memory what it held is gone. */
  stop(): void {
    const { worker } = this;
    this.#running?.stopListening();
    this.#running = undefined;
    worker.stop();
  }
}

export class MemoryPartitioned {
  readonly clock = new VirtualClock();
  readonly network = new StallableNetwork(createMemoryNetwork(this.clock), this.clock);
  readonly workers: readonly WorkerPlace[];
  readonly createStorage: (nodeId: string) => Storage;
  readonly logger: Logger;
  readonly #random: ReturnType<typeof createSeededRandom>;
  readonly #settings: ControllerOptions;
  readonly #store = new MemoryControllerStore();
  #controller: Controller | undefined;

  constructor(options: MemoryPartitionedOptions) {
    this.createStorage = options.createStorage ?? createMemoryStorage;
    this.logger = options.logger ?? silentLogger;
    this.#random = createSeededRandom(options.seed ?? 1);
    const cluster = {
      cluster: "test",
      partitions: options.partitions ?? 4,
      replicas: options.replicas ?? 3,
      writeQuorum: options.writeQuorum ?? 2,
    };
    this.workers = Array.from({ length: options.workers }, (_, index) => {
      return new WorkerPlace(this, {
        ...cluster,
        nodeId: `w${index + 1}`,
        address: `http://w${index + 1}`,
        controller: "http://controller",
        heartbeatIntervalMs: 1_000,
        minDelayMs: 0,
        maxDelayMs: 0,
        replicationTimeoutMs: TIMEOUT_MS,
        linkQueueBytes: options.linkQueueBytes ?? 16 * 1024 * 1024,
        pendingBytes: options.pendingBytes ?? 64 * 1024 * 1024,
      });
    });
    this.#settings = {
      ...cluster,
      nodeId: "controller",
      workers: this.workers.map(({ settings }) => settings.address),
      heartbeatTimeoutMs: 6_000,
      checkIntervalMs: 2_000,
      rebalancePartitions: 4,
    };
  }

  readonly nextRandom = () => createSeededRandom(Math.floor(this.#random.next() * 2 ** 32));

  get controller(): Controller {
    if (this.#controller === undefined) {
      throw new Error("the controller does not run");
    }
    return this.#controller;
  }

  startController(): void {
    this.#controller = new Controller({
      settings: this.#settings,
      clock: this.clock,
      random: this.nextRandom(),
      store: this.#store,
      logger: this.logger,
      timeOfDayMs: () => this.clock.nowMs(),
    });
    this.#controller.start();
  }

  stopController(): void {
    this.controller.stop();
    this.#controller = undefined;
  }

  /** Starts all and waits until every worker is ready. */
  async start(): Promise<void> {
    this.startController();
    for (const place of this.workers) {
      place.start();
    }
    await this.untilReady();
  }

  async untilReady(): Promise<void> {
    await this.untilHolds(() =>
      this.workers.every((place) => place.running && place.service.readiness().ready),
    );
  }

  place(id: string): WorkerPlace {
    const place = this.workers.find((one) => one.id === id || one.settings.address === id);
    if (place === undefined) {
      throw new Error(`there is no worker ${id}`);
    }
    return place;
  }

  /** The worker that leads the key's partition, as another worker's map says. */
  primaryOf(key: string): WorkerPlace {
    const place = this.workers.find((one) => one.running) as WorkerPlace;
    const { map } = place.worker;
    const partition = partitionOf(key, map.cluster?.partitions ?? 1);
    return this.place(map.primaryOf(partition)?.worker ?? "nobody");
  }

  /** Id of the worker that is to lead the key's partition, as the controller has decided. */
  controllerSays(key: string): string | undefined {
    const { state } = this.controller;
    const partition = partitionOf(key, state?.identity.partitions ?? 1);
    return state?.partitions[partition]?.assignment?.primary;
  }

  /** A worker that is not the key's primary. */
  otherThan(...places: WorkerPlace[]): WorkerPlace {
    const other = this.workers.find((one) => one.running && !places.includes(one));
    if (other === undefined) {
      throw new Error("there is no other worker");
    }
    return other;
  }

  /** A key whose partition this worker leads, and that begins so. */
  keyOf(place: WorkerPlace, prefix = "key"): string {
    for (let index = 0; index < 10_000; index++) {
      const key = `${prefix}${index}`;
      if (this.primaryOf(key) === place) {
        return key;
      }
    }
    throw new Error(`${place.id} leads nothing`);
  }

  /** Lets the clock run until it holds; fails after `patienceMs` of virtual time. */
  async untilHolds(holds: () => boolean, patienceMs = 60_000): Promise<void> {
    if (!(await this.clock.runUntil(holds, patienceMs)) && !holds()) {
      throw new Error(`still not so after ${patienceMs} virtual ms: ${holds}`);
    }
  }

  /** Lets the clock run until the promise has settled, and gives what it settled to. */
  async outcome<T>(promise: Promise<T>, patienceMs = 60_000): Promise<T> {
    let settled = false;
    const end = () => {
      settled = true;
    };
    promise.then(end, end);
    await this.untilHolds(() => settled, patienceMs);
    return promise;
  }

  controllerFor(place: WorkerPlace): ControllerPort {
    return {
      heartbeat: async (heartbeat) => {
        if (this.#controller === undefined || place.cutFromController) {
          throw new Error("The controller does not answer.");
        }
        const answer = await this.#controller.heartbeat(structuredClone(heartbeat));
        return structuredClone(answer);
      },
    };
  }

  /** As over HTTP: the other worker's own half answers, and answers may be lost. */
  forwardFor(from: WorkerPlace): ForwardPort {
    const send = async <T>(
      to: string,
      ask: (service: KvService) => T | Promise<T>,
    ): Promise<Sent<T>> => {
      const place = this.place(to);
      if (!place.running) {
        return { kind: "unsent" };
      }
      const asked = attempt(() => ask(place.service.partitioned.here));
      if (from.answersLost || place.answersLost) {
        await new Promise<void>((resolve) => this.clock.after(FORWARD_TIMEOUT_MS, resolve));
        return { kind: "lost" };
      }
      return asked;
    };
    return {
      write: (to, key, value) => send(to, (service) => service.write(key, value)),
      remove: (to, key) => send(to, (service) => service.remove(key)),
      read: (to, key, level) =>
        send(to, (service) =>
          level === "local" ? service.readLocal(key) : service.readLinearizable(key),
        ),
      list: (to, options) => send(to, (service) => service.list(options)),
      dump: (to, partition) =>
        send(to, () => [...this.place(to).service.partitioned.entries(partition)]),
      close() {},
    };
  }
}

async function attempt<T>(ask: () => T | Promise<T>): Promise<Sent<T>> {
  try {
    return { kind: "answer", answer: await ask() };
  } catch (error) {
    if (error instanceof KvError) {
      return { kind: "error", error };
    }
    throw error;
  }
}
