/** What a controller shows to Prometheus: counted by the controller, read when somebody asks. */
import { Counter, Gauge, Registry } from "prom-client";
import { defineProcess } from "../process-metrics.ts";
import { defineRequests, type RequestCounter } from "../requests-metrics.ts";
import { type ControllerCountersView, type ControllerStatus, PARTITION_STATES } from "./service.ts";

export interface ControllerMetrics extends RequestCounter {
  /** The whole exposition in Prometheus' text format. */
  render(status: ControllerStatus, counters: ControllerCountersView): Promise<string>;
  readonly contentType: string;
}

/** Always shown, also while they are 0, so that an alarm on them has something to look at. */
const WORKER_STATES = ["up", "down", "draining"];

/** Metrics with a registry of their own, so that one process may hold several nodes. */
export function createControllerMetrics(): ControllerMetrics {
  const registry = new Registry();
  const requests = defineRequests(registry);
  const process = defineProcess(registry);
  const state = defineState(registry);
  const flow = defineFlow(registry);
  return {
    contentType: registry.contentType,
    requestAnswered: requests.requestAnswered,
    render(status, counters) {
      state.set(status);
      flow.set(counters);
      requests.set();
      process.set();
      return registry.metrics();
    },
  };
}

function defineState(registry: Registry) {
  const registers = [registry];
  const gauge = (name: string, help: string) => new Gauge({ name, help, registers });
  const by = (labelName: string, name: string, help: string) =>
    new Gauge({ name, help, registers, labelNames: [labelName] });
  const workers = by("status", "kvnode_workers", "Workers that have registered, by status.");
  const age = by("worker", "kvnode_worker_heartbeat_age_seconds", "Since its last heartbeat.");
  const copies = by("worker", "kvnode_worker_partitions", "Partitions of which it keeps a copy.");
  const primaries = by("worker", "kvnode_worker_primaries", "Partitions of which it is primary.");
  const partitions = by("state", "kvnode_partitions", "Partitions by state.");
  const mapVersion = gauge("kvnode_map_version", "Rises with each decision.");
  const highest = gauge("kvnode_generation_max", "The highest generation of any partition.");
  const moving = gauge("kvnode_moving_copies", "Copies that are being brought up to date.");
  const healthy = gauge("kvnode_storage_healthy", "1 if decisions can be stored, else 0.");
  const uptime = gauge("kvnode_uptime_seconds", "Since this controller started.");
  return {
    set(status: ControllerStatus): void {
      setCounts(
        workers,
        "status",
        WORKER_STATES,
        status.workers.map(({ status: life }) => life),
      );
      setCounts(
        partitions,
        "state",
        PARTITION_STATES,
        status.partitions.map((one) => one.state),
      );
      for (const metric of [age, copies, primaries]) metric.reset();
      for (const { id: worker, heartbeatAgeMs, ...worth } of status.workers) {
        if (heartbeatAgeMs !== null) age.set({ worker }, heartbeatAgeMs / 1000);
        copies.set({ worker }, worth.partitions);
        primaries.set({ worker }, worth.primaries);
      }
      mapVersion.set(status.mapVersion);
      highest.set(status.partitions.reduce((max, one) => Math.max(max, one.generation), 0));
      moving.set(status.moving.length);
      healthy.set(status.problem === null ? 1 : 0);
      uptime.set(status.uptimeMs / 1000);
    },
  };
}

/** How many there are of each label, those named first also where there is none. */
function setCounts(
  metric: Gauge,
  labelName: string,
  always: readonly string[],
  labels: readonly string[],
): void {
  const counts = new Map<string, number>(always.map((label) => [label, 0]));
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  metric.reset();
  for (const [label, count] of counts) metric.set({ [labelName]: label }, count);
}

function defineFlow(registry: Registry) {
  const registers = [registry];
  const counter = (name: string, help: string, labelNames: string[] = []) =>
    new Counter({ name, help, registers, labelNames });
  const heartbeats = counter(
    "kvnode_heartbeats_total",
    "Heartbeats, by what they were answered: taken, or the code of the refusal.",
    ["outcome"],
  );
  const events = counter("kvnode_cluster_events_total", "What happened, by type.", ["type"]);
  const assignments = counter("kvnode_assignments_total", "Assignments that were decided.");
  const commits = counter("kvnode_controller_commits_total", "Decisions that were stored.");
  const failures = counter("kvnode_controller_commit_failures_total", "Decisions that were not.");
  return {
    set(counters: ControllerCountersView): void {
      for (const metric of [heartbeats, events, assignments, commits, failures]) metric.reset();
      heartbeats.inc({ outcome: "taken" }, 0);
      for (const [outcome, count] of Object.entries(counters.heartbeats)) {
        heartbeats.inc({ outcome }, count);
      }
      for (const [type, count] of Object.entries(counters.events)) events.inc({ type }, count);
      assignments.inc(counters.assignments);
      commits.inc(counters.commits);
      failures.inc(counters.failures);
    },
  };
}
