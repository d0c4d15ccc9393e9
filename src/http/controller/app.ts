/** The whole HTTP surface of a controller, one feature a part. Serve it with its `fetch`. */
import type { Logger } from "../../base/log.ts";
import { BodyBudget } from "../body-budget.ts";
import { composeApp } from "../compose-app.ts";
import type { Connections } from "../connections.ts";
import { ui } from "../ui.ts";
import { drain } from "./drain.ts";
import { health } from "./health.ts";
import { heartbeat } from "./heartbeat.ts";
import { map } from "./map.ts";
import { type ControllerMetrics, createControllerMetrics } from "./metrics.ts";
import { metricsRoute } from "./metrics-route.ts";
import type { ControllerParts } from "./parts.ts";
import { root } from "./root.ts";
import type { ControllerService } from "./service.ts";
import { status } from "./status.ts";
import { VIA_TEMPLATE, via } from "./via.ts";
import { workers } from "./workers.ts";

export interface ControllerAppOptions {
  readonly service: ControllerService;
  readonly logger: Logger;
  /** Longest value, in bytes of JSON text as UTF-8. */
  readonly maxValueBytes: number;
  /** Of large bodies that are being received. */
  readonly pendingBytes: number;
  /** How long a worker may take to begin its answer to a call that is passed on to it. */
  readonly forwardTimeoutMs: number;
  /** Of the executable, for the description of the API. */
  readonly version: string;
  readonly metrics?: ControllerMetrics;
  /** Of the server that this app answers for. */
  readonly connections?: Connections;
}

/** Composes the app; it does not listen. */
export function createControllerApp(options: ControllerAppOptions) {
  const { service, logger, maxValueBytes, pendingBytes, forwardTimeoutMs } = options;
  const parts: ControllerParts = {
    service,
    metrics: options.metrics ?? createControllerMetrics(),
    connections: options.connections,
    logger,
    maxValueBytes,
    bodies: new BodyBudget(pendingBytes),
    forwardTimeoutMs,
  };
  const features = [
    root(parts),
    ui(),
    health(parts),
    map(parts),
    workers(parts),
    heartbeat(parts),
    status(parts),
    drain(parts),
    via(parts),
    metricsRoute(parts),
  ];
  return composeApp({
    features,
    requests: parts.metrics,
    logger,
    docs: {
      version: options.version,
      description: "The controller of a partitioned cluster: who keeps which keys.",
      tags: TAGS,
      templates: { "/via/*": VIA_TEMPLATE },
    },
  });
}

const TAGS = [
  { name: "cluster", description: "Who keeps which keys, and what can be changed about it." },
  { name: "operation", description: "Health and metrics." },
  { name: "workers", description: "What the workers call, and calls that are passed on to them." },
];
