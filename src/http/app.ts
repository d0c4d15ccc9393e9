/**
 * The whole HTTP surface of a node as one Elysia app: one named instance a feature, and what all of
 * them share, which is errors as JSON and the count of requests. Serve it with its `fetch`.
 */
import { Elysia } from "elysia";
import type { KvError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import { errorAnswer, toKvError } from "./answers.ts";
import { BodyBudget } from "./body-budget.ts";
import { config } from "./config.ts";
import type { Connections } from "./connections.ts";
import { digest } from "./digest.ts";
import { docs } from "./docs.ts";
import { dump } from "./dump.ts";
import { health } from "./health.ts";
import { kv } from "./kv.ts";
import { list } from "./list.ts";
import { createMetrics, type Metrics } from "./metrics.ts";
import { metricsRoute } from "./metrics-route.ts";
import { createNoRoute } from "./not-found.ts";
import type { HttpParts } from "./parts.ts";
import { promote } from "./promote.ts";
import { countRequests } from "./requests.ts";
import { root } from "./root.ts";
import { report000, report000Status } from "./seeds/report-000.ts";
import { report001 } from "./seeds/report-001.ts";
import { report002 } from "./seeds/report-002.ts";
import { report003 } from "./seeds/report-003.ts";
import type { KvService } from "./service.ts";
import { status } from "./status.ts";
import { countWrites } from "./writes.ts";

export interface AppOptions {
  readonly service: KvService;
  readonly logger: Logger;
  /** Where others reach this node. */
  readonly address?: string;
  /** Longest value, in bytes of JSON text as UTF-8. */
  readonly maxValueBytes: number;
  /** Of large bodies that are being received. */
  readonly pendingBytes: number;
  /** How long a follower waits for its leader's answer to a linearizable read. */
  readonly forwardTimeoutMs: number;
  /** Of the executable, for the description of the API. */
  readonly version: string;
  readonly metrics?: Metrics;
  /** Of the server that this app answers for. */
  readonly connections?: Connections;
}

/** Composes the app; it does not listen. */
export function createApp(options: AppOptions) {
  const { service, logger, maxValueBytes, forwardTimeoutMs } = options;
  const metrics = options.metrics ?? createMetrics({ pendingBytes: options.pendingBytes });
  const parts: HttpParts = {
    service,
    writes: countWrites(service, metrics),
    address: options.address,
    metrics,
    connections: options.connections,
    logger,
    maxValueBytes,
    bodies: new BodyBudget(options.pendingBytes),
    forwardTimeoutMs,
  };
  let noRoute: (path: string, method: string) => KvError;
  const app = new Elysia({ name: "kvnode", strictPath: true, handler: { standardHostname: false } })
    .wrap(countRequests(metrics))
    .onError(({ code, error, request, path }) => {
      if (code === "NOT_FOUND") return errorAnswer(noRoute(path, request.method));
      return errorAnswer(toKvError(error, logger, request));
    })
    .use(list(parts))
    .use(kv(parts))
    .use(status(parts, report000Status(service)))
    .use(config(parts))
    .use(promote(parts))
    .use(digest(parts))
    .use(dump(parts))
    .use(health(parts))
    .use(metricsRoute(parts))
    .use(root(parts))
    .use(report000(parts))
    .use(report001(parts))
    .use(report002(parts))
    .use(report003(parts));
  const documented = app.use(docs(app.routes, options.version));
  noRoute = createNoRoute(documented.routes);
  return documented;
}
