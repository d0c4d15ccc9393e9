/** Writes a second with more and more workers on one machine, and what sending on costs. */
import { join } from "node:path";
import Table from "cli-table3";
import type { Figure } from "../figures.ts";
import { PartitionedCluster } from "./cluster.ts";
import { type LoadSeen, type Route, runKeyLoad } from "./key-load.ts";

const WORKERS = [1, 2, 4];
const ROUTES: readonly Route[] = ["direct", "any"];
const PARTITIONS = 64;
const WARM_UP_SECONDS = 1;

export interface ThroughputOptions {
  readonly connections: readonly number[];
  /** Of each run. */
  readonly seconds: number;
  readonly directory: string;
  readonly logDirectory: string;
  readonly said: (what: string) => void;
}

export interface ThroughputRun extends LoadSeen {
  readonly workers: number;
  readonly storage: "memory" | "disk";
  readonly clients: number;
  readonly route: Route;
}

/** As many copies as workers, three at most; the primary's and one more must confirm. */
export function copiesFor(workers: number): { replicas: number; writeQuorum: number } {
  return { replicas: Math.min(3, workers), writeQuorum: Math.min(2, workers) };
}

/** One cluster for each number of workers, in memory and on disk. */
export async function measureThroughput(options: ThroughputOptions): Promise<ThroughputRun[]> {
  const { connections, seconds, directory, logDirectory, said } = options;
  const runs: ThroughputRun[] = [];
  for (const storage of ["memory", "disk"] as const) {
    for (const workers of WORKERS) {
      const cluster = await PartitionedCluster.start({
        ...{ workers, partitions: PARTITIONS, ...copiesFor(workers), logDirectory },
        ...{ directory: join(directory, `${storage}-${workers}`), durable: storage === "disk" },
      });
      try {
        const base = { map: await cluster.map(), targets: cluster.addresses, call: "PUT" as const };
        for (const clients of connections) {
          await runKeyLoad({ ...base, route: "any", clients, seconds: WARM_UP_SECONDS });
          for (const route of ROUTES) {
            const seen = await runKeyLoad({ ...base, route, clients, seconds });
            runs.push({ ...seen, workers, storage, clients, route });
            said(
              `${workers} workers, ${storage}, ${clients} connections, ${route}: ` +
                `${Math.round(seen.perSecond)} writes/s`,
            );
          }
        }
      } finally {
        await cluster.stop();
      }
    }
  }
  return runs;
}

/** A table for people, of writes a second and percentiles. */
export function throughputTable(runs: readonly ThroughputRun[]): string {
  const table = new Table({
    head: [
      "workers",
      "copies, quorum",
      "storage",
      "connections",
      "asked",
      "writes/s",
      "p50",
      "p99",
    ],
    colAligns: ["right", "left", "left", "right", "left", "right", "right", "right"],
    style: { head: [], border: [], compact: true },
  });
  for (const run of runs) table.push(textsOf(run));
  return table.toString();
}

/** The rows of the summary's table. */
export function textsOf(run: ThroughputRun): string[] {
  const { replicas, writeQuorum } = copiesFor(run.workers);
  const rate = Math.round(run.perSecond).toLocaleString("en-US");
  return [
    ...[String(run.workers), `${replicas}, ${writeQuorum}`, run.storage, String(run.clients)],
    ...[ROUTE_TEXTS[run.route], rate, `${run.p50Ms.toFixed(2)} ms`, `${run.p99Ms.toFixed(2)} ms`],
  ];
}

export const ROUTE_TEXTS: Readonly<Record<Route, string>> = {
  direct: "each key's primary",
  any: "any worker",
  forwarded: "another worker",
};

/** The rows of `throughput.csv`, head first. */
export function throughputRows(runs: readonly ThroughputRun[]): (string | number)[][] {
  return [
    [
      ...["workers", "replicas", "write_quorum", "storage", "connections", "route"],
      ...["writes_per_s", "p50_ms", "p99_ms", "failures"],
    ],
    ...runs.map((run) => {
      const { replicas, writeQuorum } = copiesFor(run.workers);
      return [
        ...[run.workers, replicas, writeQuorum, run.storage, run.clients, run.route],
        ...[run.perSecond.toFixed(1), run.p50Ms.toFixed(3), run.p99Ms.toFixed(3), run.failures],
      ];
    }),
  ];
}

/** What is wanted of all of them. */
export function throughputFigures(runs: readonly ThroughputRun[]): Figure[] {
  const failures = runs.reduce((sum, run) => sum + run.failures, 0);
  return [
    { part: "throughput", name: "writes not acknowledged", value: failures, unit: "", atMost: 0 },
  ];
}
