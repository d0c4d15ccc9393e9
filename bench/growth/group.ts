/** A group under load: one leader and its followers, and what each of them spends and holds. */
import { join } from "node:path";
import { mean } from "simple-statistics";
import { processorSeconds, residentBytes } from "../cluster/process-use.ts";
import { SETTLED_MS, settledResidentBytes } from "../cluster/settled-memory.ts";
import type { LoadProcess } from "../load/load-process.ts";
import type { LoadResult, WorkloadSpec } from "../load/load-spec.ts";
import type { LoadWatch } from "../load/run-load.ts";
import { BenchError } from "../quorum/bench-error.ts";
import { type OwnCluster, startOwnCluster } from "../quorum/own-cluster.ts";

const WRITE_QUORUM = 3;
/** Many, so that a group is filled fast; fewer where what is under way would fill its queues. */
const FILL_CLIENTS = 500;
const FILL_UNDER_WAY_BYTES_MAX = 4 * 2 ** 20;
const FILL_SECONDS_MAX = 3_600;

export interface GroupOptions {
  readonly name: string;
  readonly followers: number;
  readonly logDirectory: string;
  /** None: in memory. */
  readonly dataDirectory: string | undefined;
  /** The load of all groups comes from here. */
  readonly driver: LoadProcess;
}

export interface WritesLoad {
  readonly clients: number;
  readonly keys: number;
  readonly valueBytes: number;
  readonly seconds: number;
  readonly watch?: LoadWatch;
}

/** One run of writes. Processor times are microseconds for each acknowledged write. */
export interface Run {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  readonly failures: number;
  /** What the first refusal said. */
  readonly complaint: string | undefined;
  readonly leaderMicros: number;
  /** Of one follower: the mean of all. */
  readonly followerMicros: number;
  readonly driverMicros: number;
  /** Resident memory behind it. */
  readonly leaderBytes: number;
  readonly followerBytes: number;
}

export interface Memory {
  readonly leaderBytes: number;
  /** Of one follower: the mean of all. */
  readonly followerBytes: number;
}

/** Followers that must confirm where there are so many. */
export function quorumFor(followers: number): number {
  return Math.min(WRITE_QUORUM, followers);
}

export class Group {
  readonly followers: number;
  readonly #cluster: OwnCluster;
  readonly #driver: LoadProcess;

  private constructor(cluster: OwnCluster, driver: LoadProcess) {
    this.followers = cluster.followers.length;
    this.#cluster = cluster;
    this.#driver = driver;
  }

  /** Resolves when every follower is synced. */
  static async start(options: GroupOptions): Promise<Group> {
    const { name, followers, logDirectory, dataDirectory, driver } = options;
    const cluster = await startOwnCluster({
      ...{ followers, writeQuorum: quorumFor(followers), minDelayMs: 0, maxDelayMs: 0 },
      logDirectory: join(logDirectory, name),
      dataDirectory: dataDirectory === undefined ? undefined : join(dataDirectory, name),
    });
    return new Group(cluster, driver);
  }

  /** The leader's address. */
  get leader(): string {
    return this.#cluster.leader;
  }

  /** Writes of N clients in a closed loop. */
  async write({ seconds, clients, keys, valueBytes, watch }: WritesLoad): Promise<Run> {
    const before = this.#spent();
    const workload = { keys, valueBytes };
    const seen = await this.#load({ seconds, clients, workload }, watch);
    const after = this.#spent();
    const { leaderBytes, followerBytes } = this.memory();
    const micros = (spentSeconds: number) => (1e6 * spentSeconds) / seen.served;
    return {
      perSecond: seen.servedPerSecond,
      ...{ p50Ms: seen.writes.p50, p99Ms: seen.writes.p99, maxMs: seen.writes.max },
      failures: Object.values(seen.failures).reduce((sum, each) => sum + each, 0),
      complaint: seen.complaint,
      leaderMicros: micros(after.leader - before.leader),
      followerMicros: micros(after.follower - before.follower),
      driverMicros: micros(seen.driverCpuSeconds),
      ...{ leaderBytes, followerBytes },
    };
  }

  /**
   * Writes each key once, or what it comes to until the signal; throws BenchError where one is not
   * acknowledged.
   */
  async fill(
    { keys, valueBytes }: { readonly keys: number; readonly valueBytes: number },
    signal: AbortSignal,
  ): Promise<void> {
    const workload = { keys, valueBytes, fill: true };
    const clients = Math.min(FILL_CLIENTS, keys, Math.ceil(FILL_UNDER_WAY_BYTES_MAX / valueBytes));
    const load = { clients, seconds: FILL_SECONDS_MAX, workload };
    const { served, complaint = "without an answer" } = await this.#load(load, { signal });
    if (served === keys || signal.aborted) return;
    throw new BenchError(`${keys - served} of ${keys} writes were not acknowledged: ${complaint}`);
  }

  /** What is resident now. */
  memory(): Memory {
    return toMemory(this.#processIds().map(residentBytes));
  }

  /** The same when it has fallen as far as it falls after a load, or at the signal. */
  async settledMemory(signal: AbortSignal): Promise<Memory> {
    const settledMs = SETTLED_MS.collected;
    return toMemory(await settledResidentBytes(this.#processIds(), { settledMs, signal }));
  }

  /** Processor seconds of the leader so far. */
  get leaderSeconds(): number {
    return this.#spent().leader;
  }

  /** Ends all nodes; nothing of them is needed any more. */
  stop(): Promise<void> {
    return this.#cluster.stop();
  }

  async #load(
    load: { seconds: number; clients: number; workload: WorkloadSpec },
    watch?: LoadWatch,
  ): Promise<LoadResult> {
    const { hostname, port } = new URL(this.leader);
    const targets = [{ hostname, port: Number(port) }];
    const spec = { protocol: { name: "kvnode" }, targets, ...load } as const;
    const seen = await this.#driver.run(spec, watch);
    await this.#cluster.check();
    return seen;
  }

  /** The leader's first. */
  #processIds(): number[] {
    const { processIds } = this.#cluster;
    return [processIds.at(-1) ?? 0, ...processIds.slice(0, -1)];
  }

  #spent(): { leader: number; follower: number } {
    const [leader = 0, ...followers] = this.#processIds().map(processorSeconds);
    return { leader, follower: mean(followers) };
  }
}

/** The leader's bytes first. */
function toMemory([leader = 0, ...followers]: readonly number[]): Memory {
  return { leaderBytes: leader, followerBytes: mean(followers) };
}
