/**
 * What a node counts and shows to Prometheus. What happens at every write or request is gathered in
 * plain numbers and handed to the registry when somebody asks; what is a state is read then.
 */
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { KvError } from "../base/errors.ts";
import type { NodeStatus } from "./service.ts";

/** From a write on an idle local group (0.2 ms) to the default time-out (2 s) and beyond. */
const LATENCY_BUCKETS_SECONDS = [
  0.0001, 0.0002, 0.0003, 0.0005, 0.00075, 0.001, 0.0015, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.025,
  0.05, 0.1, 0.25, 0.5, 1, 2, 5,
];

const WRITE_OUTCOMES = ["acknowledged", "refused", "indeterminate", "failed"] as const;
type WriteOutcome = (typeof WRITE_OUTCOMES)[number];

export interface Metrics {
  /** A write was acknowledged after so many milliseconds, with so many acknowledgements. */
  writeAcknowledged(elapsedMs: number, acks: number): void;
  /** A write failed after so many milliseconds; what the error says becomes its outcome. */
  writeFailed(elapsedMs: number, error: unknown): void;
  /** A request of a route class (`/kv`, `/get`, …) was answered. */
  requestAnswered(route: string, status: number): void;
  /** The whole exposition in Prometheus' text format. */
  render(status: NodeStatus): Promise<string>;
  readonly contentType: string;
}

/** Metrics with a registry of their own, so that one process may hold several nodes. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const flow = defineFlow(registry);
  const state = defineState(registry);
  const outcomes: Record<WriteOutcome, number> = {
    acknowledged: 0,
    refused: 0,
    indeterminate: 0,
    failed: 0,
  };
  let acknowledgements = 0;
  const requests = new Map<string, Map<number, number>>();

  return {
    contentType: registry.contentType,
    writeAcknowledged(elapsedMs, acks) {
      outcomes.acknowledged += 1;
      acknowledgements += acks;
      flow.latency.observe(elapsedMs / 1000);
    },
    writeFailed(elapsedMs, error) {
      const outcome = (error instanceof KvError ? error.outcome : undefined) ?? "failed";
      outcomes[outcome] += 1;
      if (outcome !== "refused") flow.latency.observe(elapsedMs / 1000);
    },
    requestAnswered(route, status) {
      let statuses = requests.get(route);
      if (statuses === undefined) {
        statuses = new Map();
        requests.set(route, statuses);
      }
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    },
    render(status) {
      flow.writes.reset();
      for (const outcome of WRITE_OUTCOMES) flow.writes.inc({ outcome }, outcomes[outcome]);
      flow.acknowledgements.reset();
      flow.acknowledgements.inc(acknowledgements);
      flow.requests.reset();
      for (const [route, statuses] of requests) {
        for (const [code, count] of statuses) flow.requests.inc({ route, status: code }, count);
      }
      state.set(status);
      return registry.metrics();
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
    latency: new Histogram({
      name: "kvnode_write_duration_seconds",
      help: "From the moment a write is asked for until its outcome is known; not refusals.",
      buckets: LATENCY_BUCKETS_SECONDS,
      registers,
    }),
    requests: new Counter({
      name: "kvnode_http_requests_total",
      help: "HTTP requests answered, by the first segment of a known route, and status.",
      labelNames: ["route", "status"],
      registers,
    }),
  };
}

function defineState(registry: Registry) {
  const registers = [registry];
  const gauge = (name: string, help: string) => new Gauge({ name, help, registers });
  const perFollower = (name: string, help: string) =>
    new Gauge({ name, help, registers, labelNames: ["follower", "address"] });

  const isLeader = gauge("kvnode_leader", "1 if this node leads its group, else 0.");
  const synced = gauge("kvnode_synced", "1 if this node's state is based on its leader's epoch.");
  const epoch = gauge("kvnode_epoch", "The leadership generation that this node follows or leads.");
  const watermark = gauge("kvnode_watermark", "Sequence up to which this node holds everything.");
  const commit = gauge("kvnode_commit_watermark", "Sequence up to which writes are committed.");
  const keys = gauge("kvnode_keys", "Live keys.");
  const quorum = gauge("kvnode_write_quorum", "Followers that must acknowledge a write.");
  const connected = perFollower("kvnode_follower_connected", "1 if the link to it stands.");
  const followerSynced = perFollower("kvnode_follower_synced", "1 if it may acknowledge.");
  const lagEntries = perFollower("kvnode_follower_lag_entries", "Entries it has not confirmed.");
  const lag = perFollower("kvnode_follower_lag_seconds", "How far it is behind, in seconds.");
  const queue = perFollower("kvnode_follower_queue_bytes", "Bytes on their way, not confirmed.");
  const followers = [connected, followerSynced, lagEntries, lag, queue];
  const process = defineProcess(registry);

  return {
    set(status: NodeStatus): void {
      process.set();
      isLeader.set(status.role === "leader" ? 1 : 0);
      synced.set(status.synced ? 1 : 0);
      epoch.set(status.epoch);
      watermark.set(status.watermark);
      commit.set(status.commitWatermark);
      keys.set(status.keys);
      if (status.writeQuorum !== null) quorum.set(status.writeQuorum);
      for (const each of followers) each.reset();
      for (const follower of status.followers) {
        // Two followers may bear the same name, as in the reports' compose files.
        const labels = { follower: follower.node, address: follower.address };
        connected.set(labels, follower.connected ? 1 : 0);
        followerSynced.set(labels, follower.synced ? 1 : 0);
        lagEntries.set(labels, follower.lagEntries);
        lag.set(labels, follower.lagMs / 1000);
        queue.set(labels, follower.queueBytes);
      }
    },
  };
}

/**
 * The few standard process metrics that hold in Bun. The client library's own set runs a timer for
 * event-loop lag and reports heap spaces that do not exist here.
 */
function defineProcess(registry: Registry) {
  const registers = [registry];
  const cpu = new Counter({
    name: "process_cpu_seconds_total",
    help: "User and system CPU time spent, in seconds.",
    registers,
  });
  const memory = new Gauge({
    name: "process_resident_memory_bytes",
    help: "Resident memory size, in bytes.",
    registers,
  });
  const started = new Gauge({
    name: "process_start_time_seconds",
    help: "When the process started, in seconds since 1970.",
    registers,
  });
  started.set(Math.round(performance.timeOrigin / 1000));
  return {
    set(): void {
      const { user, system } = process.cpuUsage();
      cpu.reset();
      cpu.inc((user + system) / 1_000_000);
      memory.set(process.memoryUsage.rss());
    },
  };
}
