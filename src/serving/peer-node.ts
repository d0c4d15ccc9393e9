/**
 * Serves a process that has links to others and keys of its own, whether it is a node of one group
 * or a worker: its port, its storage, its HTTP surface, and the order in which all that ends.
 */
import { version } from "../../package.json";
import { sharpenSleeps, systemClock } from "../base/clock.ts";
import {
  MESSAGE_GARBAGE_BYTES,
  REQUEST_GARBAGE_BYTES,
  YoungGarbage,
} from "../base/young-garbage.ts";
import type { GroupNodeSettings, WorkerSettings } from "../config/settings.ts";
import { withListeningPort } from "../config.ts";
import type { Storage } from "../core/storage.ts";
import { createApp } from "../http/app.ts";
import { Connections } from "../http/connections.ts";
import { createMetrics } from "../http/metrics.ts";
import { listen } from "../http/server.ts";
import type { KvService } from "../http/service.ts";
import { measureStorage } from "../http/storage-metrics.ts";
import type { AcceptLink, Network } from "../node/network.ts";
import { createMemoryStorage } from "../storage/memory.ts";
import { openSqliteStorage } from "../storage/sqlite.ts";
import {
  createPeerSockets,
  createWebSocketNetwork,
  type LinkMeter,
  PEER_PATH,
} from "../transport/web-socket-network.ts";
import { type Asked, endServer, nextStopSignal, orRefuse } from "./process.ts";

/** A node that is told to stop finishes what is under way within this time. */
export const DRAIN_MS = 1_500;

/** What runs behind the port. */
export interface Served {
  readonly accept: AcceptLink;
  readonly service: KvService;
  start(): void;
  /** It was told to stop: finishes what is under way. */
  end(): Promise<void>;
}

export interface ServeOptions<S> extends Asked<S> {
  /** The longest that a request may take. */
  readonly requestMsMax: number;
  create(parts: {
    readonly settings: S;
    readonly network: Network;
    readonly storage: Storage;
  }): Served;
}

/** Until it is told to stop. Throws CommandError where port, directory or setting can't be used. */
export async function servePeerNode<S extends GroupNodeSettings | WorkerSettings>(
  options: ServeOptions<S>,
): Promise<void> {
  const { asked, described, logger, requestMsMax, create } = options;
  sharpenSleeps();
  let fetch: (request: Request) => Response | Promise<Response>;
  let served: Served;
  let storage: Storage | undefined;
  const metrics = createMetrics(asked);
  const garbage = new YoungGarbage(systemClock);
  const meter = collecting(garbage, metrics.links);
  const peers = createPeerSockets((link) => served.accept(link), meter);
  const connections = new Connections({ connectionsMax: asked.maxConnections, logger });
  const server = orRefuse(() =>
    listen({
      host: asked.host,
      port: asked.port,
      requestMsMax,
      idleTimeoutMs: asked.idleTimeoutMs,
      connections,
      peers: { ...peers, path: PEER_PATH },
      fetch(request) {
        garbage.made(REQUEST_GARBAGE_BYTES);
        return fetch(request);
      },
    }),
  );
  try {
    storage = orRefuse(() => openStorage(asked));
    const settings = withListeningPort(asked, server.port ?? asked.port);
    const measured = measureStorage(storage, metrics.storage);
    const network = createWebSocketNetwork(meter);
    served = orRefuse(() => create({ settings, network, storage: measured }));
    const app = createApp({
      service: served.service,
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
    served.start();
    logger.info("node.started", { version, url: server.url.href, ...described });

    const signal = await nextStopSignal();
    logger.info("node.stopping", { signal });
    await served.end();
  } finally {
    await endServer(server, connections);
    storage?.close();
  }
  logger.info("node.stopped");
}

/** Messages are soon garbage, those that were sent and those that came. */
function collecting(garbage: YoungGarbage, meter: LinkMeter): LinkMeter {
  return {
    sent(bytes) {
      garbage.made(MESSAGE_GARBAGE_BYTES + bytes);
      meter.sent(bytes);
    },
    received(bytes) {
      garbage.made(MESSAGE_GARBAGE_BYTES + bytes);
      meter.received(bytes);
    },
  };
}

/** In memory unless a directory is named. */
function openStorage({
  dataDirectory: directory,
  nodeId,
}: Pick<GroupNodeSettings, "dataDirectory" | "nodeId">): Storage {
  return directory === undefined ? createMemoryStorage() : openSqliteStorage({ directory, nodeId });
}
