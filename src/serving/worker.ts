/** Runs one real worker from its settings until it is told to stop. */
import { version } from "../../package.json";
import { sharpenSleeps, systemClock } from "../base/clock.ts";
import type { Logger } from "../base/log.ts";
import { systemRandom } from "../base/random.ts";
import type { WorkerSettings } from "../config/settings.ts";
import { type ReadSettings, withListeningPort } from "../config.ts";
import type { Storage } from "../core/storage.ts";
import { createApp } from "../http/app.ts";
import { Connections } from "../http/connections.ts";
import { createMetrics } from "../http/metrics.ts";
import { listen } from "../http/server.ts";
import { measureStorage } from "../http/storage-metrics.ts";
import type { Network } from "../node/network.ts";
import { createMemoryStorage } from "../storage/memory.ts";
import { openSqliteStorage } from "../storage/sqlite.ts";
import { createHttpController } from "../transport/http-controller.ts";
import { createHttpForward } from "../transport/http-forward.ts";
import {
  createPeerSockets,
  createWebSocketNetwork,
  PEER_PATH,
} from "../transport/web-socket-network.ts";
import { Worker } from "../worker/worker.ts";
import { type Asked, endServer, nextStopSignal, orRefuse } from "./process.ts";

/** How long a worker that is told to stop waits until others lead what it led. */
const LEAVE_MS = 5_000;
/** And then for what is still under way. */
const DRAIN_MS = 1_500;
/** A primary may take the whole time-out to say what went wrong; its answer is the better one. */
const FORWARD_MARGIN_MS = 500;

/** A heartbeat that is not answered must not cost the next one its time. */
const HEARTBEAT_ANSWER_MS = { least: 500, most: 2_000 };

/** Throws CommandError where the port, the directory or a setting can't be used. */
export async function serveWorker(
  options: Asked<WorkerSettings> & Pick<ReadSettings, "given">,
): Promise<void> {
  const { asked, described, given, logger } = options;
  sharpenSleeps();
  let fetch: (request: Request) => Response | Promise<Response>;
  let worker: Worker;
  let storage: Storage | undefined;
  const metrics = createMetrics(asked);
  const peers = createPeerSockets((link) => worker.accept(link), metrics.links);
  const connections = new Connections({ connectionsMax: asked.maxConnections, logger });
  const server = orRefuse(() =>
    listen({
      host: asked.host,
      port: asked.port,
      // A call waits for a primary, and then for its answer.
      requestMsMax: 2 * asked.replicationTimeoutMs + FORWARD_MARGIN_MS,
      idleTimeoutMs: asked.idleTimeoutMs,
      connections,
      peers: { ...peers, path: PEER_PATH },
      fetch: (request) => fetch(request),
    }),
  );
  try {
    storage = orRefuse(() => openStorage(asked));
    const settings = withListeningPort(asked, server.port ?? asked.port);
    const measured = measureStorage(storage, metrics.storage);
    worker = orRefuse(() => {
      const partitionsGiven = given.has("PARTITIONS");
      const network = createWebSocketNetwork(metrics.links);
      return createWorker({ settings, partitionsGiven, network, storage: measured, logger });
    });
    const app = createApp({
      service: worker.service,
      logger,
      address: settings.address,
      maxValueBytes: settings.maxValueBytes,
      pendingBytes: settings.pendingBytes,
      metrics,
      connections,
      forwardTimeoutMs: settings.replicationTimeoutMs,
      version,
    });
    fetch = app.fetch;
    worker.start();
    logger.info("node.started", { version, url: server.url.href, ...described });

    const signal = await nextStopSignal();
    logger.info("node.stopping", { signal });
    await worker.leave(LEAVE_MS);
    await worker.drain(DRAIN_MS);
    worker.stop();
  } finally {
    await endServer(server, connections);
    storage?.close();
  }
  logger.info("node.stopped");
}

function createWorker(of: {
  readonly settings: WorkerSettings;
  readonly partitionsGiven: boolean;
  readonly network: Network;
  readonly storage: Storage;
  readonly logger: Logger;
}): Worker {
  const { settings, partitionsGiven, network, storage, logger } = of;
  const { nodeId, controller, heartbeatIntervalMs, replicationTimeoutMs } = settings;
  const { least, most } = HEARTBEAT_ANSWER_MS;
  const answerMs = Math.min(most, Math.max(least, 2 * heartbeatIntervalMs));
  return new Worker({
    settings: { ...settings, partitionsGiven },
    clock: systemClock,
    random: systemRandom,
    network,
    storage,
    logger,
    controller: createHttpController({ address: controller, timeoutMs: answerMs }),
    forward: createHttpForward({ nodeId, timeoutMs: replicationTimeoutMs + FORWARD_MARGIN_MS }),
  });
}

/** In memory unless a directory is named. */
function openStorage({ dataDirectory: directory, nodeId }: WorkerSettings): Storage {
  return directory === undefined ? createMemoryStorage() : openSqliteStorage({ directory, nodeId });
}
