/** A load from its specification to its result, in this process. */
import type { LoadResult, LoadSpec } from "./load-spec.ts";
import { protocolFor } from "./protocols/protocol-for.ts";
import { type RoutedLoopRecord, runRoutedLoop } from "./routed-loop.ts";
import { summarize } from "./statistics.ts";
import { Workload } from "./workload.ts";

export interface LoadWatch {
  /** Called some times a second with the requests that have ended so far. */
  readonly onProgress?: (settled: number) => void;
  /** Starts nothing more once aborted; the result is of what was measured until then. */
  readonly signal?: AbortSignal;
}

const OK = 200;

/** Runs the load to its end. */
export async function runLoad(spec: LoadSpec, watch: LoadWatch = {}): Promise<LoadResult> {
  const protocol = protocolFor(spec.protocol);
  const { workload: asked, targets } = spec;
  const workload = new Workload(asked, { protocol, targets: targets.length });
  const spread = asked.reads === "spread";
  const all = spec.requests ?? Number.MAX_SAFE_INTEGER;
  const record = await runRoutedLoop({
    targets: spread ? targets : targets.slice(0, 1),
    clients: spec.clients,
    requests: asked.fill ? asked.keys : all,
    ...(asked.fill ? {} : { seconds: spec.seconds, warmUpSeconds: spec.warmUpSeconds ?? 0 }),
    ...(spec.timeoutMs === undefined ? {} : { timeoutMs: spec.timeoutMs }),
    ...watch,
    followLeader: false,
    dialogue: () => protocol.dialogue(),
    request: (index) => workload.request(index),
    ...(spread ? { route: (index: number) => workload.target(index) } : {}),
  });
  return toResult(record, workload);
}

function toResult(record: RoutedLoopRecord, workload: Workload): LoadResult {
  const latencies: { reads: number[]; writes: number[] } = { reads: [], writes: [] };
  for (let row = 0; row < record.requests; row++) {
    if (record.status[row] !== OK) continue;
    const kind = workload.reads(record.firstIndex + row) ? "reads" : "writes";
    latencies[kind].push(record.latencyMs[row] ?? 0);
  }
  const served = latencies.reads.length + latencies.writes.length;
  return {
    served,
    servedPerSecond: served === 0 ? 0 : (served * 1000) / record.durationMs,
    writes: summarize(latencies.writes),
    reads: summarize(latencies.reads),
    failures: record.failures,
    complaint: record.complaint,
    durationMs: record.durationMs,
    driverCpuSeconds: record.cpuSeconds,
  };
}
