/** What it costs to ask a worker that has to send the call on. */
import { median } from "simple-statistics";
import { Metrics } from "../cluster/metrics.ts";
import type { Figure } from "../figures.ts";
import { PartitionedCluster } from "./cluster.ts";
import type { ClusterMap } from "./cluster-map.ts";
import {
  type Call,
  fill,
  type LoadSeen,
  type Route,
  runKeyLoad,
  WRITTEN_KEYS,
} from "./key-load.ts";
import { copiesFor } from "./throughput.ts";

const WORKERS = 4;
const PARTITIONS = 64;
/** Alone nothing waits for a processor, so what is left is the way. */
const LONE_CLIENT = 1;
const MANY_CLIENTS = 20;
const PART = "a forward";

export interface ForwardingOptions {
  /** Of each run. */
  readonly seconds: number;
  /** Of runs, direct and forwarded in turn. */
  readonly pairs: number;
  readonly directory: string;
  readonly logDirectory: string;
  readonly said: (what: string) => void;
}

interface Run extends LoadSeen {
  /** Of all workers together, for one request. */
  readonly cpuMicros: number;
}

/** Four workers in memory: each call at its primary, and at a worker that is not. */
export async function measureForwarding(options: ForwardingOptions): Promise<Figure[]> {
  const { directory, logDirectory, said } = options;
  const cluster = await PartitionedCluster.start({
    ...{ workers: WORKERS, partitions: PARTITIONS, ...copiesFor(WORKERS) },
    ...{ directory, durable: false, logDirectory },
  });
  try {
    const map = await cluster.map();
    await fill(map, cluster.addresses, WRITTEN_KEYS);
    const figures: Figure[] = [];
    for (const call of ["PUT", "GET"] as const) {
      const alone = await comparePairs(cluster, map, { ...options, call, clients: LONE_CLIENT });
      const many = await comparePairs(cluster, map, { ...options, call, clients: MANY_CLIENTS });
      figures.push(...toFigures(call === "PUT" ? "write" : "read", { alone, many }));
      said(`${call}: direct and forwarded compared`);
    }
    return figures;
  } finally {
    await cluster.stop();
  }
}

interface Compared {
  readonly direct: readonly Run[];
  readonly forwarded: readonly Run[];
}

async function comparePairs(
  cluster: PartitionedCluster,
  map: ClusterMap,
  load: { call: Call; clients: number; seconds: number; pairs: number },
): Promise<Compared> {
  const runs = { direct: [] as Run[], forwarded: [] as Run[] };
  const routes: ("direct" | "forwarded")[] = ["direct", "forwarded"];
  for (let pair = 0; pair <= load.pairs; pair++) {
    for (const route of pair % 2 === 0 ? routes : [...routes].reverse()) {
      const run = await runOnce(cluster, map, { ...load, route });
      // The first pair warms up.
      if (pair > 0) runs[route].push(run);
    }
  }
  return runs;
}

async function runOnce(
  cluster: PartitionedCluster,
  map: ClusterMap,
  load: { call: Call; clients: number; seconds: number; route: Route },
): Promise<Run> {
  const before = await cpuSecondsOf(cluster);
  const seen = await runKeyLoad({ map, targets: cluster.addresses, ...load });
  const seconds = (await cpuSecondsOf(cluster)) - before;
  return { ...seen, cpuMicros: (1e6 * seconds) / seen.requests };
}

async function cpuSecondsOf(cluster: PartitionedCluster): Promise<number> {
  const metrics = await Promise.all(cluster.addresses.map((address) => Metrics.of(address)));
  return metrics.reduce((sum, each) => sum + each.max("process_cpu_seconds_total"), 0);
}

function toFigures(what: string, { alone, many }: { alone: Compared; many: Compared }): Figure[] {
  const of = (runs: readonly Run[], pick: (run: Run) => number) => median(runs.map(pick));
  const p50 = (runs: readonly Run[]) => of(runs, (run) => run.p50Ms);
  const cpu = (runs: readonly Run[]) => of(runs, (run) => run.cpuMicros);
  const failures = [alone, many]
    .flatMap(({ direct, forwarded }) => [...direct, ...forwarded])
    .reduce((sum, run) => sum + run.failures, 0);
  const ms = { part: PART, unit: "ms", digits: 3 };
  const micros = { part: PART, unit: "µs", digits: 0 };
  return [
    { ...ms, name: `${what}, 1 connection: p50 at the primary`, value: p50(alone.direct) },
    { ...ms, name: `${what}, 1 connection: p50 sent on`, value: p50(alone.forwarded) },
    {
      ...ms,
      name: `${what}, ${MANY_CLIENTS} connections: p50 at the primary`,
      value: p50(many.direct),
    },
    {
      ...ms,
      name: `${what}, ${MANY_CLIENTS} connections: p50 sent on`,
      value: p50(many.forwarded),
    },
    {
      ...micros,
      name: `${what}: processor time at the primary, all workers`,
      value: cpu(many.direct),
    },
    { ...micros, name: `${what}: processor time sent on, all workers`, value: cpu(many.forwarded) },
    { part: PART, name: `${what}s not answered`, value: failures, unit: "", atMost: 0 },
  ];
}
