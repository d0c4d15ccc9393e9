/** A real group in each mode: what it reaches, and what its nodes say that took. */
import { join } from "node:path";
import { Metrics } from "../cluster/metrics.ts";
import { processorSeconds } from "../cluster/process-use.ts";
import type { LoadProcess } from "../load/load-process.ts";
import type { LoadResult } from "../load/load-spec.ts";
import { BenchError } from "../quorum/bench-error.ts";
import { count } from "../quorum/describe.ts";
import { type OwnCluster, startOwnCluster } from "../quorum/own-cluster.ts";
import type { Traffic } from "./model.ts";

export const FOLLOWERS = 5;
const WRITE_QUORUM = 3;
const WORKLOAD = { keys: 10_000, valueBytes: 100 };
const FILL = { clients: 100, seconds: 60, workload: { ...WORKLOAD, fill: true } };

const SENT = "kvnode_link_sent_messages_total";
const RECEIVED = "kvnode_link_received_messages_total";
const SENT_BYTES = "kvnode_link_sent_bytes_total";
const COMMITS = "kvnode_storage_commit_seconds_count";

export type Mode = "writes, memory" | "writes, disk" | "reads";

export interface ModeRun {
  readonly mode: Mode;
  readonly clients: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  /** Microseconds of processor time for each operation. */
  readonly driverMicros: number;
  readonly leaderMicros: number;
  readonly followersMicros: number;
  readonly traffic: Traffic;
}

export interface ModesOptions {
  readonly driver: LoadProcess;
  readonly connections: readonly number[];
  readonly rounds: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly logDirectory: string;
  /** For the disks. */
  readonly directory: string;
  readonly said: (what: string) => void;
}

/** Both groups at once, loaded in turn. */
export async function measureModes(options: ModesOptions): Promise<ModeRun[]> {
  const { connections, rounds, seconds, said } = options;
  const clusters: OwnCluster[] = [];
  const start = async (name: string, dataDirectory: string | undefined) => {
    const delays = { minDelayMs: 0, maxDelayMs: 0 };
    const logDirectory = join(options.logDirectory, name);
    const setting = { followers: FOLLOWERS, writeQuorum: WRITE_QUORUM, ...delays };
    const cluster = await startOwnCluster({ ...setting, logDirectory, dataDirectory });
    clusters.push(cluster);
    return cluster;
  };
  try {
    const inMemory = await start("memory", undefined);
    const onDisk = await start("disk", options.directory);
    const modes: { mode: Mode; cluster: OwnCluster }[] = [
      { mode: "writes, memory", cluster: inMemory },
      { mode: "writes, disk", cluster: onDisk },
      { mode: "reads", cluster: inMemory },
    ];
    for (const cluster of clusters) await load(options, cluster, FILL);
    for (const { mode, cluster } of modes) {
      const clients = Math.max(...connections);
      await measureRun(options, cluster, { mode, clients, seconds: options.warmUpSeconds });
    }
    const runs: ModeRun[] = [];
    for (let round = 1; round <= rounds; round++) {
      for (const clients of connections) {
        for (const { mode, cluster } of modes) {
          const run = await measureRun(options, cluster, { mode, clients, seconds });
          runs.push(run);
          said(`${mode}, ${clients} connections, round ${round}: ${count(run.perSecond)}/s`);
        }
      }
    }
    return runs;
  } finally {
    await Promise.all(clusters.map((cluster) => cluster.stop()));
  }
}

async function measureRun(
  options: ModesOptions,
  cluster: OwnCluster,
  { mode, clients, seconds }: { mode: Mode; clients: number; seconds: number },
): Promise<ModeRun> {
  const before = await standOf(cluster);
  const workload = { ...WORKLOAD, readShare: mode === "reads" ? 1 : 0 };
  const seen = await load(options, cluster, { clients, seconds, workload });
  const after = await standOf(cluster);
  const each = (pick: (stand: Stand) => number) => (pick(after) - pick(before)) / seen.served;
  return {
    ...{ mode, clients, perSecond: seen.servedPerSecond },
    p50Ms: (mode === "reads" ? seen.reads : seen.writes).p50,
    driverMicros: (1e6 * seen.driverCpuSeconds) / seen.served,
    leaderMicros: 1e6 * each((stand) => stand.leaderSeconds),
    followersMicros: 1e6 * each((stand) => stand.followersSeconds),
    traffic: {
      followers: FOLLOWERS,
      sentMessages: each(({ leader }) => leader.sum(SENT)),
      receivedMessages: each(({ leader }) => leader.sum(RECEIVED)),
      sentKib: each(({ leader }) => leader.sum(SENT_BYTES)) / 1_024,
      leaderCommits: each(({ leader }) => leader.sum(COMMITS)),
      followerCommits: each(({ followers }) =>
        followers.reduce((sum, metrics) => sum + metrics.sum(COMMITS), 0),
      ),
    },
  };
}

async function load(
  { driver }: ModesOptions,
  cluster: OwnCluster,
  of: { clients: number; seconds: number; workload: object },
): Promise<LoadResult> {
  const { hostname, port } = new URL(cluster.leader);
  const target = { hostname, port: Number(port) };
  const workload = { ...WORKLOAD, ...of.workload };
  const seen = await driver.run({
    ...{ protocol: { name: "kvnode" }, targets: [target], workload },
    ...{ clients: of.clients, seconds: of.seconds },
  });
  await cluster.check();
  if (seen.served > 0) return seen;
  throw new BenchError(`The group under measurement does not serve: ${seen.complaint ?? ""}`);
}

interface Stand {
  readonly leaderSeconds: number;
  readonly followersSeconds: number;
  readonly leader: Metrics;
  readonly followers: readonly Metrics[];
}

async function standOf({ leader, followers, processIds }: OwnCluster): Promise<Stand> {
  return {
    leaderSeconds: processorSeconds(processIds.at(-1) ?? 0),
    followersSeconds: processIds
      .slice(0, -1)
      .reduce((sum, processId) => sum + processorSeconds(processId), 0),
    leader: await Metrics.of(leader),
    followers: await Promise.all(followers.map((follower) => Metrics.of(follower))),
  };
}
