/**
 * A partitioned cluster in the test's own process: the real controller, real workers, real HTTP
 * servers and real links between them. Only the executable's command line is left out.
 */
import { systemClock } from "../../src/base/clock.ts";
import { type LogFields, type Logger, silentLogger } from "../../src/base/log.ts";
import { systemRandom } from "../../src/base/random.ts";
import { MemoryControllerStore } from "../../src/controller/store.ts";
import { createApp } from "../../src/http/app.ts";
import { Connections } from "../../src/http/connections.ts";
import { listen } from "../../src/http/server.ts";
import { endServer } from "../../src/serving/process.ts";
import { createMemoryStorage } from "../../src/storage/memory.ts";
import { createHttpController } from "../../src/transport/http-controller.ts";
import { createHttpForward } from "../../src/transport/http-forward.ts";
import {
  createPeerSockets,
  createWebSocketNetwork,
  PEER_PATH,
} from "../../src/transport/web-socket-network.ts";
import { Worker, type WorkerSettings } from "../../src/worker/worker.ts";
import { type HttpController, startHttpController } from "./http-controller.ts";
import { MAX_VALUE_BYTES, PENDING_BYTES } from "./http-group.ts";
import { waitUntil } from "./wait-until.ts";

const MEBIBYTE = 1024 * 1024;

export interface HttpWorker {
  readonly id: string;
  readonly url: string;
  readonly port: number;
  readonly worker: Worker;
  /** What it logged at the level error. */
  readonly errors: string[];
  readonly routes: readonly { readonly method: string; readonly path: string }[];
  /** At once, as a process that is killed. */
  stop(): Promise<void>;
  /** As a process that is told to stop. */
  leave(): Promise<void>;
}

export interface HttpWorkersOptions {
  readonly workers: number;
  readonly partitions?: number;
  readonly replicas?: number;
  readonly writeQuorum?: number;
  readonly replicationTimeoutMs?: number;
}

export interface HttpCluster {
  readonly controller: HttpController;
  readonly workers: readonly HttpWorker[];
  stop(): Promise<void>;
}

/** Starts w1, w2 … in memory, quick to notice who is gone; resolves when all are ready. */
export async function startHttpWorkers(options: HttpWorkersOptions): Promise<HttpCluster> {
  const { partitions = 8, replicas = 3, writeQuorum = 2 } = options;
  const shape = { partitions, replicas, writeQuorum };
  const controller = startHttpController(new MemoryControllerStore(), {
    ...shape,
    // The first placement waits for so many.
    workers: Array.from({ length: options.workers }, (_, index) => `http://expected:${index + 1}`),
  });
  const { replicationTimeoutMs = 2_000 } = options;
  const workers = Array.from({ length: options.workers }, (_, index) =>
    startHttpWorker({
      nodeId: `w${index + 1}`,
      controller: controller.url,
      replicationTimeoutMs,
      ...shape,
    }),
  );
  await Promise.all(workers.map((worker) => waitUntilReady(worker)));
  return {
    controller,
    workers,
    stop: async () => {
      await Promise.all(workers.map((worker) => worker.stop()));
      await controller.stop();
    },
  };
}

/** Starts one worker on a free port; it may not be ready yet. */
export function startHttpWorker(
  given: Partial<WorkerSettings> & Pick<WorkerSettings, "nodeId" | "controller">,
): HttpWorker {
  const errors: string[] = [];
  const logger: Logger = {
    ...silentLogger,
    error: (event: string, fields?: LogFields) => {
      errors.push(`${event} ${JSON.stringify(fields ?? {})}`);
    },
  };
  let fetch: (request: Request) => Response | Promise<Response>;
  let worker: Worker;
  const peers = createPeerSockets((link) => worker.accept(link));
  const connections = new Connections({ connectionsMax: 1_000, logger });
  const server = listen({
    host: "127.0.0.1",
    port: 0,
    requestMsMax: 5_000,
    idleTimeoutMs: 30_000,
    connections,
    peers: { ...peers, path: PEER_PATH },
    fetch: (request) => fetch(request),
  });
  const port = server.port ?? 0;
  const url = `http://127.0.0.1:${port}`;
  const settings: WorkerSettings = {
    address: url,
    cluster: "kvnode",
    partitions: 8,
    replicas: 3,
    writeQuorum: 2,
    heartbeatIntervalMs: 100,
    minDelayMs: 0,
    maxDelayMs: 0,
    replicationTimeoutMs: 2_000,
    linkQueueBytes: 16 * MEBIBYTE,
    pendingBytes: 64 * MEBIBYTE,
    ...given,
  };
  const timeoutMs = settings.replicationTimeoutMs + 500;
  worker = new Worker({
    settings,
    clock: systemClock,
    random: systemRandom,
    network: createWebSocketNetwork(),
    storage: createMemoryStorage(),
    logger,
    controller: createHttpController({ address: given.controller, timeoutMs: 1_000 }),
    forward: createHttpForward({ nodeId: given.nodeId, timeoutMs }),
  });
  const app = createApp({
    service: worker.service,
    logger,
    address: url,
    maxValueBytes: MAX_VALUE_BYTES,
    pendingBytes: PENDING_BYTES,
    connections,
    forwardTimeoutMs: settings.replicationTimeoutMs,
    version: "0.0.0",
  });
  fetch = app.fetch;
  worker.start();
  const stop = async () => {
    worker.stop();
    connections.stop();
    await server.stop(true);
  };
  const leave = async () => {
    await worker.leave(5_000);
    await worker.drain(1_500);
    worker.stop();
    await endServer(server, connections);
  };
  return { id: given.nodeId, url, port, worker, errors, routes: app.routes, stop, leave };
}

export async function waitUntilReady({ id, url }: HttpWorker): Promise<void> {
  await waitUntil(async () => (await fetch(`${url}/ready`)).ok, { what: `${id} to be ready` });
}

/** The workers as they stand to the key: who leads it, who has a copy, who has none. */
export function placesOf(cluster: HttpCluster, key: string) {
  const [first] = cluster.workers as [HttpWorker];
  const partition = first.worker.service.partitionOf(key);
  const primary = cluster.workers.find(
    ({ worker }) => worker.node.groups.get(partition)?.leader !== undefined,
  ) as HttpWorker;
  const has = ({ worker }: HttpWorker) => worker.node.groups.has(partition);
  return {
    partition,
    primary,
    replicas: cluster.workers.filter((one) => one !== primary && has(one)),
    others: cluster.workers.filter((one) => !has(one)),
  };
}
