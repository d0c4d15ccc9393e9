/** The whole HTTP surface of a node of a group, one feature a part. Serve it with its `fetch`. */
import type { Logger } from "../base/log.ts";
import { BodyBudget } from "./body-budget.ts";
import { composeApp } from "./compose-app.ts";
import { config } from "./config.ts";
import type { Connections } from "./connections.ts";
import { digest } from "./digest.ts";
import { dump } from "./dump.ts";
import { partsOfHere } from "./forwarded.ts";
import { health } from "./health.ts";
import { kv } from "./kv.ts";
import { list } from "./list.ts";
import { createMetrics, type Metrics } from "./metrics.ts";
import { metricsRoute } from "./metrics-route.ts";
import type { HttpParts } from "./parts.ts";
import { promote } from "./promote.ts";
import { root } from "./root.ts";
import { report000, report000Status } from "./seeds/report-000.ts";
import { report001 } from "./seeds/report-001.ts";
import { report002 } from "./seeds/report-002.ts";
import { report003 } from "./seeds/report-003.ts";
import { report004 } from "./seeds/report-004.ts";
import type { KvService } from "./service.ts";
import { status } from "./status.ts";
import { ui } from "./ui.ts";
import { workerStatus } from "./worker-status.ts";
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
  const asked: HttpParts = {
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
  const sentHere = partsOfHere(asked);
  const parts = sentHere === undefined ? asked : { ...asked, sentHere };
  const { partitioned } = service;
  const features = [
    list(parts),
    kv(parts),
    partitioned === undefined
      ? status(parts, report000Status(service))
      : workerStatus(parts, partitioned),
    config(parts),
    promote(parts),
    digest(parts),
    dump(parts),
    health(parts),
    metricsRoute(parts),
    root(parts),
    ui(),
    report000(parts),
    report001(parts),
    report002(parts),
    report003(parts),
    ...(partitioned === undefined ? [] : [report004(parts, partitioned)]),
  ];
  return composeApp({
    features,
    requests: metrics,
    logger,
    docs: {
      version: options.version,
      description: "A replicated key-value store, and a lab for learning replication.",
      tags: TAGS,
    },
  });
}

const TAGS = [
  { name: "keys", description: "Write, read, remove and list: the canonical calls." },
  { name: "cluster", description: "What the nodes are and hold, and what can be turned." },
  { name: "operation", description: "Health and metrics." },
  ...["000", "001", "002", "003", "004"].map((report) => ({
    name: `report ${report}`,
    description: `The calls of report ${report}, for clients written for it.`,
  })),
];
