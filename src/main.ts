/** Picks the command and wires the real parts; nothing else does. */
import { version } from "../package.json";
import { sharpenSleeps, systemClock } from "./base/clock.ts";
import { createLogger } from "./base/pino-logger.ts";
import { systemRandom } from "./base/random.ts";
import { EXIT } from "./cli/exit-code.ts";
import { runProgram } from "./cli/program.ts";
import type { GroupNodeSettings } from "./config/settings.ts";
import { type ReadSettings, withListeningPort } from "./config.ts";
import type { Storage } from "./core/storage.ts";
import { createApp } from "./http/app.ts";
import { Connections } from "./http/connections.ts";
import { createMetrics } from "./http/metrics.ts";
import { listen } from "./http/server.ts";
import { measureStorage } from "./http/storage-metrics.ts";
import { Node } from "./node/node.ts";
import { NodeService } from "./node/service.ts";
import { serveController } from "./serving/controller.ts";
import { type Asked, endServer, nextStopSignal, orRefuse } from "./serving/process.ts";
import { serveWorker } from "./serving/worker.ts";
import { createMemoryStorage } from "./storage/memory.ts";
import { openSqliteStorage } from "./storage/sqlite.ts";
import {
  createPeerSockets,
  createWebSocketNetwork,
  PEER_PATH,
} from "./transport/web-socket-network.ts";

/** A node that is told to stop finishes what is under way within this time. */
const DRAIN_MS = 1_500;

/** Runs one real node from its settings until it is told to stop. */
async function serve(read: ReadSettings): Promise<void> {
  const { settings } = read;
  const logger = createLogger(settings);
  for (const reason of read.ignored) logger.warn("settings.ignored", { reason });
  switch (settings.role) {
    case "controller":
      return serveController({ asked: settings, described: read.described, logger });
    case "worker":
      return serveWorker({ asked: settings, described: read.described, given: read.given, logger });
    default:
      return serveGroupNode({ asked: settings, described: read.described, logger });
  }
}

/** Runs a leader or a follower. */
async function serveGroupNode({ asked, described, logger }: Asked<GroupNodeSettings>) {
  sharpenSleeps();
  let fetch: (request: Request) => Response | Promise<Response>;
  let node: Node;
  let storage: Storage | undefined;
  const metrics = createMetrics(asked);
  const peers = createPeerSockets((link) => node.accept(link), metrics.links);
  const connections = new Connections({ connectionsMax: asked.maxConnections, logger });
  const server = orRefuse(() =>
    listen({
      host: asked.host,
      port: asked.port,
      requestMsMax: asked.replicationTimeoutMs,
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
    node = orRefuse(
      () =>
        new Node({
          settings,
          clock: systemClock,
          random: systemRandom,
          network: createWebSocketNetwork(metrics.links),
          storage: measured,
          logger,
        }),
    );
    const app = createApp({
      service: new NodeService(node),
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
    node.start();
    logger.info("node.started", { version, url: server.url.href, ...described });

    const signal = await nextStopSignal();
    logger.info("node.stopping", { signal });
    await node.drain(DRAIN_MS);
    node.stop();
  } finally {
    await endServer(server, connections);
    storage?.close();
  }
  logger.info("node.stopped");
}

/** In memory unless a directory is named. */
function openStorage({ dataDirectory: directory, nodeId }: GroupNodeSettings): Storage {
  return directory === undefined ? createMemoryStorage() : openSqliteStorage({ directory, nodeId });
}

/**
 * What nobody caught is a broken invariant or worse: the process ends at once. Without this the
 * runtime prints it and goes on, since this file waits for as long as the node lives.
 */
function crash(error: unknown): never {
  process.stderr.write(
    `kvnode: a fault in kvnode itself, so this node ends.\n${Bun.inspect(error)}\n`,
  );
  process.exit(EXIT.fault);
}

process.on("uncaughtException", crash);
process.on("unhandledRejection", crash);
process.exitCode = await runProgram({ serve }, process.argv.slice(2));
