/** What a request and its answer cost server and driver, from a bare server to a lone node. */
import { median } from "simple-statistics";
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
  readonly rounds: number;
  /** Of all rounds of a load together. */
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly logDirectory: string;
}

/** All servers at once, loaded in turn, so that whatever else the machine does meets each. */
export async function measureHttp(options: HttpOptions): Promise<HttpCost[]> {
  const { connections, rounds, seconds } = options;
  const started: Started[] = [];
  try {
    for (const server of SERVERS) {
      const each = await start(server, options.logDirectory);
      started.push(each);
      await warmUp(options, each);
    }
    const points = connections.flatMap((clients) => started.map((each) => ({ each, clients })));
    const seen = points.map((point) => ({
      ...point,
      puts: [] as CallCost[],
      gets: [] as CallCost[],
    }));
    for (let round = 0; round < rounds; round++) {
      for (const { each, clients, puts, gets } of seen) {
        const load = { clients, seconds: seconds / rounds };
        puts.push(await loadServer(options, each, load));
        gets.push(await loadServer(options, each, { ...load, reads: true }));
      }
    }
    return seen.map(({ each, clients, puts, gets }) => {
      return { server: each.server, clients, put: middleOf(puts), get: middleOf(gets) };
    });
  } finally {
    await Promise.all(started.map((each) => each.stop()));
  }
}

/** All keys are there, and what a request needs is compiled, before anything counts. */
async function warmUp(options: HttpOptions, server: Started): Promise<void> {
  const clients = Math.max(...options.connections);
  const seconds = options.warmUpSeconds / 2;
  await loadServer(options, server, { clients, seconds, fill: true });
  if (seconds === 0) return;
  for (const reads of [false, true]) await loadServer(options, server, { clients, seconds, reads });
}

function middleOf(costs: readonly CallCost[]): CallCost {
  const of = (pick: (cost: CallCost) => number) => median(costs.map(pick));
  return {
    perSecond: of((cost) => cost.perSecond),
    serverMicros: of((cost) => cost.serverMicros),
    driverMicros: of((cost) => cost.driverMicros),
  };
}

interface Started {
  readonly server: Server;
  readonly port: number;
  readonly cpuSeconds: () => number;
  readonly stop: () => Promise<void>;
}

async function start(server: Server, logDirectory: string): Promise<Started> {
  if (server !== "lone node") {
    const part = await Part.start(server === "Elysia" ? "elysia" : "bun");
    const { port } = part;
    return { server, port, cpuSeconds: () => part.cpuSeconds, stop: () => part.stop() };
  }
  const delays = { minDelayMs: 0, maxDelayMs: 0 };
  const node = await startOwnCluster({ followers: 0, writeQuorum: 0, ...delays, logDirectory });
  const [processId = 0] = node.processIds;
  const port = Number(new URL(node.leader).port);
  return { server, port, cpuSeconds: () => processorSeconds(processId), stop: () => node.stop() };
}

interface ServerLoad {
  readonly clients: number;
  readonly seconds: number;
  readonly fill?: boolean;
  readonly reads?: boolean;
}

async function loadServer(
  { driver }: HttpOptions,
  { server, port, cpuSeconds }: Started,
  { clients, seconds, fill = false, reads = false }: ServerLoad,
): Promise<CallCost> {
  const before = cpuSeconds();
  const seen = await driver.run({
    ...{ protocol: { name: "kvnode" }, targets: [{ hostname: HOST, port }], clients, seconds },
    workload: { ...WORKLOAD, fill, readShare: reads ? 1 : 0 },
  });
  const spent = cpuSeconds() - before;
  if (seen.served === 0) {
    throw new BenchError(`${server} does not serve what it is asked: ${seen.complaint ?? ""}`);
  }
  return {
    perSecond: seen.servedPerSecond,
    serverMicros: (1e6 * spent) / seen.served,
    driverMicros: (1e6 * seen.driverCpuSeconds) / seen.served,
  };
}
