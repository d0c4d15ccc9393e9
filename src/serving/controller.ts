/** Runs one real controller from its settings until it is told to stop. */
import { version } from "../../package.json";
import { systemClock } from "../base/clock.ts";
import { systemRandom } from "../base/random.ts";
import type { ControllerSettings } from "../config/settings.ts";
import { Controller } from "../controller/controller.ts";
import { ControllerView } from "../controller/service.ts";
import type { ControllerStore } from "../controller/store.ts";
import { Connections } from "../http/connections.ts";
import { createControllerApp } from "../http/controller/app.ts";
import { listen } from "../http/server.ts";
import { openControllerStore } from "../storage/sqlite-controller.ts";
import { type Asked, endServer, nextStopSignal, orRefuse } from "./process.ts";

/** Throws CommandError where the port, the directory or a setting can't be used. */
export async function serveController(options: Asked<ControllerSettings>): Promise<void> {
  const { asked, described, logger } = options;
  let fetch: (request: Request) => Response | Promise<Response>;
  let store: ControllerStore | undefined;
  const connections = new Connections({ connectionsMax: asked.maxConnections, logger });
  const server = orRefuse(() =>
    listen({
      host: asked.host,
      port: asked.port,
      requestMsMax: asked.replicationTimeoutMs,
      idleTimeoutMs: asked.idleTimeoutMs,
      connections,
      fetch: (request) => fetch(request),
    }),
  );
  try {
    const controller = orRefuse(() => {
      store = openControllerStore({ directory: asked.dataDirectory, nodeId: asked.nodeId });
      const parts = { settings: asked, clock: systemClock, random: systemRandom, store, logger };
      const made = new Controller({ ...parts, timeOfDayMs: Date.now });
      made.start();
      return made;
    });
    const app = createControllerApp({
      service: new ControllerView(controller),
      logger,
      maxValueBytes: asked.maxValueBytes,
      pendingBytes: asked.pendingBytes,
      forwardTimeoutMs: asked.replicationTimeoutMs,
      version,
      connections,
    });
    fetch = app.fetch;
    logger.info("node.started", { version, url: server.url.href, ...described });

    const signal = await nextStopSignal();
    logger.info("node.stopping", { signal });
    controller.stop();
  } finally {
    await endServer(server, connections);
    store?.close();
  }
  logger.info("node.stopped");
}
