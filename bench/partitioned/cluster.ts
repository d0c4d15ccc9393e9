/** A cluster of a measurement: a controller and workers, each a process that can be killed. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import {
  checkRunning,
  freePorts,
  HOST,
  killNodes,
  type NodeProcess,
  startNode,
} from "../cluster/node-process.ts";
import { BenchError } from "../quorum/bench-error.ts";
import { type ClusterMap, isAsPlanned, statesIn } from "./cluster-map.ts";

const SETTLED_MS_MAX = 180_000;
const POLL_MS = 50;
const CALL_MS_MAX = 5_000;
const WORKERS_MAX = 8;

export interface Heartbeats {
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly checkMs: number;
}

/** What nobody has set. */
export const DEFAULT_HEARTBEATS: Heartbeats = { intervalMs: 1000, timeoutMs: 6000, checkMs: 2000 };

export interface ClusterOptions {
  readonly workers: number;
  readonly partitions: number;
  readonly replicas: number;
  readonly writeQuorum: number;
  /** Default: DEFAULT_HEARTBEATS. */
  readonly heartbeats?: Heartbeats;
  /** Of the controller's database and, where they are durable, the workers'. */
  readonly directory: string;
  readonly durable: boolean;
  readonly logDirectory: string;
}

/** Workers are named by their number, from 0. */
export class PartitionedCluster {
  readonly options: ClusterOptions;
  readonly controller: string;
  readonly #ports: readonly number[];
  readonly #workers = new Map<number, NodeProcess>();
  #controllerProcess: NodeProcess | undefined;
  readonly #killAll = () => killNodes(this.#all());

  private constructor(options: ClusterOptions) {
    this.options = options;
    this.#ports = freePorts(WORKERS_MAX + 1);
    this.controller = `http://${HOST}:${this.#ports[WORKERS_MAX]}`;
    process.on("exit", this.#killAll);
  }

  /** Resolves when every partition is served by whom the plan gives it to. */
  static async start(options: ClusterOptions): Promise<PartitionedCluster> {
    const cluster = new PartitionedCluster(options);
    try {
      await cluster.#launchController();
      for (let worker = 0; worker < options.workers; worker++) await cluster.launch(worker);
      await cluster.settled();
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  /** Numbers of the workers whose processes run. */
  get running(): readonly number[] {
    return [...this.#workers.keys()].sort((one, other) => one - other);
  }

  /** URLs of the workers whose processes run. */
  get addresses(): readonly string[] {
    return this.running.map((worker) => this.addressOf(worker));
  }

  addressOf(worker: number): string {
    return `http://${HOST}:${this.#ports[worker]}`;
  }

  /** Starts a worker's process. */
  async launch(worker: number): Promise<void> {
    const { durable, directory } = this.options;
    const settings = {
      ...this.#commonSettings(),
      ROLE: "worker",
      PORT: String(this.#ports[worker]),
      CONTROLLER: this.controller,
      ...(durable ? { DATA_DIR: join(directory, nameOf(worker)) } : {}),
    };
    const process = await startNode(nameOf(worker), settings, this.options.logDirectory);
    this.#workers.set(worker, process);
  }

  /** kill -9. */
  async kill(worker: number): Promise<void> {
    const process = this.#workers.get(worker);
    if (process === undefined) return;
    this.#workers.delete(worker);
    killNodes([process]);
    await process.process.exited;
  }

  /** Removes what a worker, which does not run, had on disk. */
  async removeDisk(worker: number): Promise<void> {
    await rm(join(this.options.directory, nameOf(worker)), { recursive: true, force: true });
  }

  /** Throws BenchError where the controller does not answer. */
  async map(): Promise<ClusterMap> {
    try {
      const signal = AbortSignal.timeout(CALL_MS_MAX);
      const response = await fetch(`${this.controller}/map`, { signal });
      if (!response.ok) throw new Error(`status ${response.status}`);
      return (await response.json()) as ClusterMap;
    } catch (error) {
      throw new BenchError(`The controller gives no map: ${String(error)}`);
    }
  }

  /**
   * Resolves when every partition has the members and the primary that the running workers call
   * for, all of them synced.
   */
  async settled(): Promise<void> {
    const names = this.running.map(nameOf);
    await this.until("settled", (map) => isAsPlanned(map, names, this.options.replicas));
  }

  /** Resolves with the map when it is so. */
  async until(what: string, so: (map: ClusterMap) => boolean): Promise<ClusterMap> {
    let seen: ClusterMap | undefined;
    const isSo = async () => {
      seen = await this.map().catch(() => undefined);
      return seen !== undefined && so(seen);
    };
    await this.untilSo(what, isSo, () => (seen === undefined ? "no map" : statesIn(seen)));
    return seen ?? (await this.map());
  }

  /** Resolves when it is so; `instead` says what is there, should that take too long. */
  async untilSo(
    what: string,
    so: () => Promise<boolean>,
    instead = () => "nothing else to say",
  ): Promise<void> {
    const deadline = performance.now() + SETTLED_MS_MAX;
    while (!(await so())) {
      await checkRunning(this.#all());
      if (performance.now() > deadline) {
        const seconds = SETTLED_MS_MAX / 1000;
        throw new BenchError(`Not ${what} in ${seconds} s; there is ${instead()}.`);
      }
      await Bun.sleep(POLL_MS);
    }
  }

  /** Ends every process; nothing of it is needed any more, so that may be sudden. */
  async stop(): Promise<void> {
    const all = this.#all();
    this.#killAll();
    await Promise.all(all.map((node) => node.process.exited));
    process.off("exit", this.#killAll);
    await rm(this.options.directory, { recursive: true, force: true });
  }

  #all(): NodeProcess[] {
    const controller = this.#controllerProcess;
    return [...(controller === undefined ? [] : [controller]), ...this.#workers.values()];
  }

  async #launchController(): Promise<void> {
    const { workers, directory, logDirectory, heartbeats = DEFAULT_HEARTBEATS } = this.options;
    const expected = this.#ports.slice(0, workers).map((port) => `${HOST}:${port}`);
    const settings = {
      ...this.#commonSettings(),
      ROLE: "controller",
      PORT: String(this.#ports[WORKERS_MAX]),
      WORKERS: expected.join(","),
      CHECK_INTERVAL: `${heartbeats.checkMs}ms`,
      DATA_DIR: join(directory, "controller"),
    };
    this.#controllerProcess = await startNode("controller", settings, logDirectory);
  }

  #commonSettings(): Record<string, string> {
    const { partitions, replicas, writeQuorum, heartbeats = DEFAULT_HEARTBEATS } = this.options;
    return {
      PARTITIONS: String(partitions),
      REPLICAS: String(replicas),
      WRITE_QUORUM: String(writeQuorum),
      HEARTBEAT_INTERVAL: `${heartbeats.intervalMs}ms`,
      HEARTBEAT_TIMEOUT: `${heartbeats.timeoutMs}ms`,
    };
  }
}

/** A worker's id. */
export function nameOf(worker: number): string {
  return `worker${worker + 1}`;
}
