/** All systems of a run, started, and asked one at a time. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { processorSeconds } from "../cluster/process-use.ts";
import { LoadProcess } from "../load/load-process.ts";
import type { LoadResult, LoadSpec, ProtocolSpec, WorkloadSpec } from "../load/load-spec.ts";
import { BenchError } from "../quorum/bench-error.ts";
import { type Contestant, STARTS, type System, type Way } from "./contestants.ts";
import type { Deployment, Target } from "./deployments/deployment.ts";
import { BASE, type Point } from "./plan.ts";

/** Written in turn, and read; fewer where the values are large. */
export const KEYS = 10_000;
const LARGE_BYTES = 16 * 2 ** 20;
const FILL_CLIENTS = 100;
/** A fill ends by itself; more than this it must not take. */
const FILL_SECONDS_MAX = 600;
const READ_SHARES = { writes: 0, reads: 1, "spread-reads": 1, mix: 0.9 } as const;
/** The slow peers answer late under many connections, and that is what they are. */
const TIMEOUT_MS = 20_000;

export interface Asked {
  readonly load: LoadResult;
  /** Processor time in seconds, of all processes of the asked system, and of all others. */
  readonly systemSeconds: number;
  readonly othersSeconds: number;
}

export interface AskOptions {
  readonly seconds: number;
  readonly onProgress?: (served: number) => void;
  readonly signal: AbortSignal;
}

/** See the file's head. */
export class Arena {
  readonly #deployments = new Map<System, Deployment>();
  readonly #drivers = new Map<Way, LoadProcess>();
  /** Processor time of each process, in seconds. */
  readonly #seconds = new Map<number, number>();
  /** Those whose keys all hold values of the base size. */
  readonly #filled = new Set<System>();

  /** Starts a system in a directory of its own. */
  async start(system: System, place: { directory: string; logDirectory: string }): Promise<void> {
    const directory = join(place.directory, system);
    await mkdir(directory, { recursive: true });
    const { start } = STARTS[system];
    const logDirectory = join(place.logDirectory, system);
    const deployment = await start({ directory, logDirectory, quorum: BASE.quorum });
    this.#deployments.set(system, deployment);
  }

  get systems(): readonly System[] {
    return [...this.#deployments.keys()];
  }

  deploymentOf(system: System): Deployment {
    const deployment = this.#deployments.get(system);
    if (deployment === undefined) throw new BenchError(`${system} was not started.`);
    return deployment;
  }

  /** Ends a system, which is not asked any more. */
  async leave(system: System): Promise<void> {
    const deployment = this.#deployments.get(system);
    this.#deployments.delete(system);
    await deployment?.stop();
  }

  /**
   * Loads a contestant at a point. Where it reads, every key is there before. Throws BenchError
   * where it fails: a process has ended, its leader is gone, or it serves nothing.
   */
  async ask(contestant: Contestant, point: Point, options: AskOptions): Promise<Asked> {
    const { system, way } = contestant;
    const deployment = this.deploymentOf(system);
    await deployment.check();
    await deployment.setQuorum(point.quorum);
    if (point.load !== "writes") await this.#fillOnce(contestant, options.signal);
    if (point.valueBytes !== BASE.valueBytes) this.#filled.delete(system);
    const spec = await this.#specOf(contestant, point, options.seconds);
    const others = this.systems.filter((each) => each !== system);
    const before = { own: this.#secondsOf([system]), others: this.#secondsOf(others) };
    const { onProgress, signal } = options;
    const load = await this.#driverOf(way).run(spec, {
      signal,
      ...(onProgress === undefined ? {} : { onProgress }),
    });
    await deployment.check();
    if (load.served === 0 && !signal.aborted) {
      const why = load.complaint ?? JSON.stringify(load.failures);
      throw new BenchError(`${contestant.name} served nothing: ${why}`);
    }
    return {
      load,
      systemSeconds: this.#secondsOf([system]) - before.own,
      othersSeconds: this.#secondsOf(others) - before.others,
    };
  }

  /** Writes every key once; throws BenchError where one is not taken. */
  async fill(
    contestant: Contestant,
    { keys, signal }: { keys: number; signal: AbortSignal },
  ): Promise<void> {
    const spec = await this.#specOf(contestant, FILL, FILL_SECONDS_MAX);
    const workload: WorkloadSpec = { keys, valueBytes: FILL.valueBytes, fill: true };
    const { served, complaint } = await this.#driverOf(contestant.way).run(
      { ...spec, workload },
      { signal },
    );
    if (served < keys && !signal.aborted) {
      const why = complaint === undefined ? "" : `: ${complaint}`;
      throw new BenchError(`${contestant.name} took ${served} of ${keys} keys${why}.`);
    }
  }

  /** Ends everything. */
  async stop(): Promise<void> {
    await Promise.all([...this.#drivers.values()].map((driver) => driver.stop()));
    await Promise.all([...this.#deployments.values()].map((deployment) => deployment.stop()));
  }

  async #fillOnce(contestant: Contestant, signal: AbortSignal): Promise<void> {
    if (this.#filled.has(contestant.system)) return;
    await this.fill(contestant, { keys: KEYS, signal });
    this.#filled.add(contestant.system);
  }

  /** One for each way it is asked, over all rounds, so that it need not compile again. */
  #driverOf(way: Way): LoadProcess {
    const driver = this.#drivers.get(way) ?? new LoadProcess();
    this.#drivers.set(way, driver);
    return driver;
  }

  #secondsOf(systems: readonly System[]): number {
    const ids = systems.flatMap((system) => this.deploymentOf(system).processIds());
    return ids.reduce((sum, id) => sum + this.#secondsOfProcess(id), 0);
  }

  /** Of a process that has ended what it had taken when it was seen last; its own turn says so. */
  #secondsOfProcess(id: number): number {
    try {
      this.#seconds.set(id, processorSeconds(id));
    } catch (error) {
      if (!(error instanceof BenchError)) throw error;
    }
    return this.#seconds.get(id) ?? 0;
  }

  async #specOf({ system, way }: Contestant, point: Point, seconds: number): Promise<LoadSpec> {
    const { leader, all } = await this.deploymentOf(system).targets();
    const followers = all.filter(({ port }) => port !== leader.port);
    const { load, connections, valueBytes, quorum } = point;
    return {
      protocol: protocolOf(way, quorum),
      targets: [leader, ...followers].map(({ host, port }: Target) => ({ hostname: host, port })),
      clients: connections,
      seconds,
      timeoutMs: TIMEOUT_MS,
      workload: {
        keys: Math.min(KEYS, Math.floor(LARGE_BYTES / valueBytes)),
        valueBytes,
        readShare: READ_SHARES[load],
        reads: load === "spread-reads" ? "spread" : "first",
      },
    };
  }
}

const FILL: Point = {
  ...{ load: "writes", connections: FILL_CLIENTS },
  ...{ quorum: BASE.quorum, valueBytes: BASE.valueBytes },
};

/** Reads are answered by who is asked from what it holds, as kvnode's and Redis's are. */
function protocolOf(way: Way, quorum: number): ProtocolSpec {
  switch (way) {
    case "redis":
      return { name: way, replicas: quorum };
    case "etcd-grpc":
    case "etcd-gateway":
      return { name: way, serializable: true };
    case "kvnode":
    case "report-000":
    case "report-002":
      return { name: way };
  }
}
