/** What a request and its answer cost server and driver, from a bare server to a lone node. */
import { HOST } from "../cluster/node-process.ts";
import { processorSeconds } from "../cluster/process-use.ts";
import type { LoadProcess } from "../load/load-process.ts";
import { BenchError } from "../quorum/bench-error.ts";
import { startOwnCluster } from "../quorum/own-cluster.ts";
import { Part } from "./part-roles.ts";

/** Each does what the one before does, and more. */
export const SERVERS = ["Bun.serve", "Elysia", "lone node"] as const;
export type Server = (typeof SERVERS)[number];

const WORKLOAD = { keys: 10_000, valueBytes: 100 };

export interface CallCost {
  readonly perSecond: number;
  /** Processor time per request. */
  readonly serverMicros: number;
  readonly driverMicros: number;
}

export interface HttpCost {
  readonly server: Server;
  readonly clients: number;
  readonly put: CallCost;
  readonly get: CallCost;
}

export interface HttpOptions {
  readonly driver: LoadProcess;
  readonly connections: readonly number[];
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly logDirectory: string;
}

/** One server after the other. */
export async function measureHttp(options: HttpOptions): Promise<HttpCost[]> {
  const costs: HttpCost[] = [];
  for (const server of SERVERS) {
    const { port, cpuSeconds, stop } = await start(server, options.logDirectory);
    try {
      const load = (clients: number, more: { seconds?: number; fill?: boolean; reads?: boolean }) =>
        loadServer(options, { port, cpuSeconds, clients, ...more });
      const most = Math.max(...options.connections);
      await load(most, { fill: true });
      for (const reads of [false, true]) {
        await load(most, { reads, seconds: options.warmUpSeconds / 2 });
      }
      for (const clients of options.connections) {
        const put = await load(clients, {});
        costs.push({ server, clients, put, get: await load(clients, { reads: true }) });
      }
    } finally {
      await stop();
    }
  }
  return costs;
}

interface Started {
  readonly port: number;
  readonly cpuSeconds: () => number;
  readonly stop: () => Promise<void>;
}

async function start(server: Server, logDirectory: string): Promise<Started> {
  if (server !== "lone node") {
    const part = await Part.start(server === "Elysia" ? "elysia" : "bun");
    return { port: part.port, cpuSeconds: () => part.cpuSeconds, stop: () => part.stop() };
  }
  const delays = { minDelayMs: 0, maxDelayMs: 0 };
  const node = await startOwnCluster({ followers: 0, writeQuorum: 0, ...delays, logDirectory });
  const [processId = 0] = node.processIds;
  const port = Number(new URL(node.leader).port);
  return { port, cpuSeconds: () => processorSeconds(processId), stop: () => node.stop() };
}

async function loadServer(
  { driver, seconds: byDefault }: HttpOptions,
  of: {
    readonly port: number;
    readonly cpuSeconds: () => number;
    readonly clients: number;
    readonly seconds?: number;
    readonly fill?: boolean;
    readonly reads?: boolean;
  },
): Promise<CallCost> {
  const { port, cpuSeconds, clients, seconds = byDefault, fill = false, reads = false } = of;
  const before = cpuSeconds();
  const seen = await driver.run({
    ...{ protocol: { name: "kvnode" }, targets: [{ hostname: HOST, port }], clients, seconds },
    workload: { ...WORKLOAD, fill, readShare: reads ? 1 : 0 },
  });
  const spent = cpuSeconds() - before;
  if (seen.served === 0) {
    throw new BenchError(`A server under measurement does not serve: ${seen.complaint ?? ""}`);
  }
  return {
    perSecond: seen.servedPerSecond,
    serverMicros: (1e6 * spent) / seen.served,
    driverMicros: (1e6 * seen.driverCpuSeconds) / seen.served,
  };
}
