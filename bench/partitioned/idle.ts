/** What a cluster spends while nobody asks it anything. */
import { join } from "node:path";
import { Metrics } from "../cluster/metrics.ts";
import type { Figure } from "../figures.ts";
import { PartitionedCluster } from "./cluster.ts";

const WORKERS = 4;
const REPLICAS = 3;
const WRITE_QUORUM = 2;
const PARTITIONS = [64, 1024];
/** After the start, before it counts. */
const REST_MS = 3_000;
const MEBIBYTE = 2 ** 20;
/** Each worker one a second by default; so much more for what there is to tell now and then. */
const HEARTBEATS_PER_SECOND_MAX = 1.25 * WORKERS;

export interface IdleOptions {
  readonly seconds: number;
  readonly directory: string;
  readonly logDirectory: string;
  readonly said: (what: string) => void;
}

/** Four workers, three copies, in memory, without one key. */
export async function measureIdle(options: IdleOptions): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const partitions of PARTITIONS) figures.push(...(await measureOne(partitions, options)));
  return figures;
}

async function measureOne(partitions: number, options: IdleOptions): Promise<Figure[]> {
  const { seconds, directory, logDirectory, said } = options;
  const startedAtMs = performance.now();
  const cluster = await PartitionedCluster.start({
    ...{ workers: WORKERS, partitions, replicas: REPLICAS, writeQuorum: WRITE_QUORUM },
    ...{ directory: join(directory, String(partitions)), durable: false, logDirectory },
  });
  const startMs = performance.now() - startedAtMs;
  try {
    await Bun.sleep(REST_MS);
    const nodes = [cluster.controller, ...cluster.addresses];
    const before = await Promise.all(nodes.map((node) => Metrics.of(node)));
    const sinceMs = performance.now();
    await Bun.sleep(seconds * 1000);
    const after = await Promise.all(nodes.map((node) => Metrics.of(node)));
    const elapsed = (performance.now() - sinceMs) / 1000;
    const rises = (name: string) =>
      after.map((metrics, at) => (metrics.sum(name) - (before[at]?.sum(name) ?? 0)) / elapsed);
    const [controllerCpu = 0, ...workerCpus] = rises("process_cpu_seconds_total");
    const [heartbeats = 0] = rises("kvnode_heartbeats_total");
    const memory = after.map((metrics) => metrics.max("process_resident_memory_bytes") / MEBIBYTE);
    const [controllerMemory = 0, ...workerMemories] = memory;
    said(`${partitions} partitions: idle for ${seconds} s`);
    const part = `idle, ${partitions} partitions × ${REPLICAS}`;
    const cpu = { part, unit: "% of a core", digits: 2 };
    const mebibytes = { part, unit: "MiB" };
    return [
      { part, name: "first start to all served", value: startMs / 1000, unit: "s", digits: 2 },
      { ...cpu, name: "processor, a worker, most", value: 100 * Math.max(...workerCpus) },
      { ...cpu, name: "processor, controller", value: 100 * controllerCpu },
      { ...mebibytes, name: "memory, a worker, most", value: Math.max(...workerMemories) },
      { ...mebibytes, name: "memory, controller", value: controllerMemory },
      {
        ...{ part, name: "heartbeats", value: heartbeats, unit: "/s", digits: 2 },
        atMost: HEARTBEATS_PER_SECOND_MAX,
      },
    ];
  } finally {
    await cluster.stop();
  }
}
