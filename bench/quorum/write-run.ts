/** One run of writes: a closed loop of PUTs, and what its answers say. */
import type { Random } from "../../src/base/random.ts";
import { randomBelow } from "../../src/base/random.ts";
import { runClosedLoop } from "../load/closed-loop.ts";
import type { LoadRecord } from "../load/record.ts";
import { toRequest } from "../load/request.ts";
import { countStatus, latenciesWithStatus, summarize } from "../load/statistics.ts";
import type { WriteStep } from "./plan.ts";
import type { Run } from "./results.ts";

/** More than the node's own time-out, so that its answer is heard. */
const TIMEOUT_MS = 10_000;

export interface WriteRunOptions {
  /** The leader's address. */
  readonly leader: string;
  readonly keys: number;
  readonly random: Random;
  readonly signal: AbortSignal;
  readonly onProgress: (settled: number) => void;
}

/** Makes the writes of this step; whether the nodes are equal after it is for the caller to see. */
export async function runWrites(
  step: Pick<WriteStep, "clients" | "writes">,
  options: WriteRunOptions,
): Promise<LoadRecord> {
  const { hostname, port, host } = new URL(options.leader);
  return runClosedLoop({
    hostname,
    port: Number(port),
    clients: step.clients,
    requests: step.writes,
    timeoutMs: TIMEOUT_MS,
    keepBodies: true,
    signal: options.signal,
    onProgress: options.onProgress,
    request: (index) =>
      toRequest({
        method: "PUT",
        path: `/kv/key-${randomBelow(options.random, options.keys)}`,
        host,
        json: `{"value":"value-${index}"}`,
      }),
  });
}

/** The row that a record makes. */
export function toRun(step: WriteStep, record: LoadRecord, equal: boolean): Run {
  const latenciesMs = latenciesWithStatus(record, 200);
  const success = countStatus(record, 200);
  return {
    series: step.series,
    quorum: step.quorum,
    repeat: step.repeat,
    clients: step.clients,
    latenciesMs,
    statistics: summarize(latenciesMs),
    throughputPerSecond: record.durationMs > 0 ? (success * 1000) / record.durationMs : 0,
    success,
    failures: record.requests - success,
    failureKinds: countFailures(record),
    acknowledgementsMean: meanAcknowledgements(record),
    equal,
  };
}

function countFailures(record: LoadRecord): Map<string, number> {
  const kinds = new Map<string, number>();
  for (const [failure, count] of Object.entries(record.failures)) {
    if (count > 0) kinds.set(`no answer (${failure})`, count);
  }
  for (let row = 0; row < record.requests; row++) {
    const status = record.status[row] ?? 0;
    if (status === 200 || status === 0) continue;
    const kind = `${status} ${fieldOf(record.bodies[row], "error") ?? ""}`.trim();
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  return kinds;
}

function meanAcknowledgements(record: LoadRecord): number {
  let sum = 0;
  let answers = 0;
  for (let row = 0; row < record.requests; row++) {
    if (record.status[row] !== 200) continue;
    sum += Number(fieldOf(record.bodies[row], "acks"));
    answers += 1;
  }
  return answers === 0 ? Number.NaN : sum / answers;
}

function fieldOf(body: string | undefined, field: string): unknown {
  try {
    return (JSON.parse(body ?? "") as Record<string, unknown>)[field];
  } catch {
    return undefined;
  }
}
