/** A real controller with a real server and a real store, in the test's own process. */
import { systemClock } from "../../src/base/clock.ts";
import { type LogFields, type Logger, silentLogger } from "../../src/base/log.ts";
import { systemRandom } from "../../src/base/random.ts";
import { Controller, type ControllerOptions } from "../../src/controller/controller.ts";
import { ControllerView } from "../../src/controller/service.ts";
import type { ControllerStore } from "../../src/controller/store.ts";
import { Connections } from "../../src/http/connections.ts";
import { createControllerApp } from "../../src/http/controller/app.ts";
import { listen } from "../../src/http/server.ts";
import { call } from "./call.ts";
import type { ScriptedWorker } from "./scripted-worker.ts";

export interface HttpController {
  readonly url: string;
  readonly controller: Controller;
  /** What it logged at the level error. */
  readonly errors: string[];
  readonly routes: readonly { readonly method: string; readonly path: string }[];
  stop(): Promise<void>;
}

/** As a test wants it: quick to judge, and slow to look by itself. */
export const CONTROLLER_OPTIONS: ControllerOptions = {
  nodeId: "controller",
  cluster: "kvnode",
  workers: [],
  partitions: undefined,
  replicas: undefined,
  writeQuorum: undefined,
  heartbeatTimeoutMs: 600,
  checkIntervalMs: 50,
  rebalancePartitions: 4,
};

/** Starts it on a free port; the store is the caller's to close. */
export function startHttpController(
  store: ControllerStore,
  options: Partial<ControllerOptions> & { readonly forwardTimeoutMs?: number } = {},
): HttpController {
  const { forwardTimeoutMs = 1_000, ...changed } = options;
  const errors: string[] = [];
  const logger: Logger = {
    ...silentLogger,
    error: (event: string, fields?: LogFields) => {
      errors.push(`${event} ${JSON.stringify(fields ?? {})}`);
    },
  };
  const controller = new Controller({
    settings: { ...CONTROLLER_OPTIONS, ...changed },
    clock: systemClock,
    random: systemRandom,
    store,
    logger,
    timeOfDayMs: Date.now,
  });
  controller.start();
  const connections = new Connections({ connectionsMax: 1_000, logger });
  const app = createControllerApp({
    service: new ControllerView(controller),
    logger,
    maxValueBytes: 64 * 1024,
    pendingBytes: 1024 * 1024,
    forwardTimeoutMs,
    version: "0.0.0",
    connections,
  });
  const server = listen({
    host: "127.0.0.1",
    port: 0,
    requestMsMax: 2_000,
    idleTimeoutMs: 30_000,
    connections,
    fetch: app.fetch,
  });
  const stop = async () => {
    controller.stop();
    connections.stop();
    await server.stop(true);
  };
  return { url: `http://127.0.0.1:${server.port}`, controller, errors, routes: app.routes, stop };
}

/** Sends a heartbeat of each, so many times, and lets them hear the answers. */
export async function beat(url: string, workers: readonly ScriptedWorker[], times = 1) {
  for (let time = 0; time < times; time++) {
    for (const worker of workers) {
      const answer = await call("POST", `${url}/heartbeat`, worker.heartbeat());
      if (answer.status !== 200) throw new Error(`${worker.id}: ${answer.text}`);
      worker.heard(answer.body);
    }
  }
}
