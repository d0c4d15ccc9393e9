/**
 * What a node counts and shows to Prometheus. What happens at every write or request is gathered in
 * plain numbers and handed to the registry when somebody asks; what is a state is read then.
 */
import { Counter, Registry } from "prom-client";
import { KvError } from "../base/errors.ts";
import { DurationHistogram } from "./duration-histogram.ts";
import { defineLinks, type LinkMeter } from "./link-metrics.ts";
import { defineProcess } from "./process-metrics.ts";
import { defineRequests, type RequestCounter } from "./requests-metrics.ts";
import { type Bounds, defineState, type NodeState } from "./state-metrics.ts";
import { defineStorage, type StorageMeter } from "./storage-metrics.ts";

/** From a write on an idle local group (0.2 ms) to the default time-out (2 s) and beyond. */
const LATENCY_BUCKETS_SECONDS = [
  0.0001, 0.0002, 0.0003, 0.0005, 0.00075, 0.001, 0.0015, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.025,
  0.05, 0.1, 0.25, 0.5, 1, 2, 5,
];

const WRITE_OUTCOMES = ["acknowledged", "refused", "indeterminate", "failed"] as const;
type WriteOutcome = (typeof WRITE_OUTCOMES)[number];

export interface Metrics extends RequestCounter {
  /** A write was acknowledged after so many milliseconds, with so many acknowledgements. */
  writeAcknowledged(elapsedMs: number, acks: number): void;
  /** A write failed after so many milliseconds; what the error says becomes its outcome. */
  writeFailed(elapsedMs: number, error: unknown): void;
  readonly storage: StorageMeter;
  readonly links: LinkMeter;
  /** The whole exposition in Prometheus' text format. */
  render(state: NodeState): Promise<string>;
  readonly contentType: string;
}

/** Metrics with a registry of their own, so that one process may hold several nodes. */
export function createMetrics(bounds: Bounds = {}): Metrics {
  const registry = new Registry();
  const flow = defineFlow(registry);
  const state = defineState(registry, bounds);
  const process = defineProcess(registry);
  const outcomes: Record<WriteOutcome, number> = {
    acknowledged: 0,
    refused: 0,
    indeterminate: 0,
    failed: 0,
  };
  let acknowledgements = 0;
  const requests = defineRequests(registry);
  const links = defineLinks(registry);

  return {
    contentType: registry.contentType,
    storage: defineStorage(registry),
    links,
    writeAcknowledged(elapsedMs, acks) {
      outcomes.acknowledged += 1;
      acknowledgements += acks;
      flow.latency.count(elapsedMs / 1000);
    },
    writeFailed(elapsedMs, error) {
      const outcome = (error instanceof KvError ? error.outcome : undefined) ?? "failed";
      outcomes[outcome] += 1;
      if (outcome !== "refused") flow.latency.count(elapsedMs / 1000);
    },
    requestAnswered: requests.requestAnswered,
    async render(now) {
      flow.writes.reset();
      for (const outcome of WRITE_OUTCOMES) flow.writes.inc({ outcome }, outcomes[outcome]);
      flow.acknowledgements.reset();
      flow.acknowledgements.inc(acknowledgements);
      requests.set();
      links.set();
      state.set(now);
      process.set();
      return `${await registry.metrics()}\n${flow.latency.render()}`;
    },
  };
}

function defineFlow(registry: Registry) {
  const registers = [registry];
  return {
    writes: new Counter({
      name: "kvnode_writes_total",
      help: "Writes and removals that clients asked this node for, by what they were told.",
      labelNames: ["outcome"],
      registers,
    }),
    acknowledgements: new Counter({
      name: "kvnode_write_acknowledgements_total",
      help: "Followers' acknowledgements that stood when clients were answered.",
      registers,
    }),
    latency: new DurationHistogram({
      name: "kvnode_write_duration_seconds",
      help: "From the moment a write is asked for until its outcome is known; not refusals.",
      bucketsSeconds: LATENCY_BUCKETS_SECONDS,
    }),
  };
}
