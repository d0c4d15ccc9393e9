/**
 * The few standard process metrics that hold in Bun. The client library's own set runs a timer for
 * event-loop lag and reports heap spaces that do not exist here.
 */
import { Counter, Gauge, type Registry } from "prom-client";

/** Process metrics; `set` reads them now. */
export function defineProcess(registry: Registry) {
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
  const heap = new Gauge({
    name: "process_heap_bytes",
    help: "Memory that JavaScript objects take, in bytes, those not yet collected too.",
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
      const { rss, heapUsed } = process.memoryUsage();
      memory.set(rss);
      heap.set(heapUsed);
    },
  };
}
