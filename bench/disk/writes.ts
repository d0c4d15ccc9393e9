/** Loads of writes against a group's leader, and the leader's memory meanwhile. */
import { Metrics } from "../cluster/metrics.ts";
import { runClosedLoop } from "../load/closed-loop.ts";
import { toRequest } from "../load/request.ts";
import { countStatus, latenciesWithStatus, summarize } from "../load/statistics.ts";
import { BenchError } from "../quorum/bench-error.ts";

/** 100 bytes. */
const VALUE = "x".repeat(100);
/** Written again and again, so that memory does not grow by what is written. */
export const WRITTEN_KEYS = 10_000;
/** Many, so that many entries share a commit. */
const FILL_CLIENTS = 500;
const OK = 200;
const WATCH_EVERY_MS = 250;

export interface WritesSeen {
  readonly writes: number;
  readonly writesPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Requests that were not acknowledged. */
  readonly failures: number;
}

export interface WritesOptions {
  readonly clients: number;
  /** The keys, in turn. */
  readonly keys: number;
  /** Ends after so many writes or so long, or when the signal says so. */
  readonly requests?: number;
  readonly seconds?: number;
  readonly signal?: AbortSignal;
}

/** Runs N clients in a closed loop. */
export async function runWrites(leader: string, options: WritesOptions): Promise<WritesSeen> {
  const { clients, keys, requests = Number.MAX_SAFE_INTEGER, seconds, signal } = options;
  const { hostname, port, host } = new URL(leader);
  const json = JSON.stringify({ value: VALUE });
  const signals = [
    ...(signal === undefined ? [] : [signal]),
    ...(seconds === undefined ? [] : [AbortSignal.timeout(seconds * 1000)]),
  ];
  const record = await runClosedLoop({
    ...{ hostname, port: Number(port), clients, requests, signal: AbortSignal.any(signals) },
    request: (index) => toRequest({ method: "PUT", path: `/kv/key-${index % keys}`, host, json }),
  });
  const writes = countStatus(record, OK);
  const { p50, p99 } = summarize(latenciesWithStatus(record, OK));
  return {
    ...{ writes, p50Ms: p50, p99Ms: p99, failures: record.requests - writes },
    writesPerSecond: (1000 * writes) / record.durationMs,
  };
}

/** Writes each of so many keys once; throws BenchError where one is not acknowledged. */
export async function fill(leader: string, keys: number): Promise<void> {
  const { failures } = await runWrites(leader, { clients: FILL_CLIENTS, keys, requests: keys });
  if (failures > 0) throw new BenchError(`${leader} did not acknowledge ${failures} writes.`);
}

export interface MemorySeen {
  readonly rssBytesFirst: number;
  readonly rssBytesMax: number;
  readonly queueBytesMax: number;
  readonly pendingBytesMax: number;
}

/** Looks at a leader's memory now and then while `work` runs. */
export async function watchMemory<Result>(
  leader: string,
  work: () => Promise<Result>,
): Promise<{ result: Result; memory: MemorySeen }> {
  const seen: Metrics[] = [await Metrics.of(leader)];
  let over = false;
  const watching = (async () => {
    while (!over) {
      await Bun.sleep(WATCH_EVERY_MS);
      seen.push(await Metrics.of(leader));
    }
  })();
  let result: Result;
  try {
    result = await work();
  } finally {
    over = true;
    await watching;
  }
  const most = (name: string) => Math.max(...seen.map((metrics) => metrics.max(name)));
  return {
    result,
    memory: {
      rssBytesFirst: seen[0]?.max("process_resident_memory_bytes") ?? 0,
      rssBytesMax: most("process_resident_memory_bytes"),
      queueBytesMax: most("kvnode_follower_queue_bytes"),
      pendingBytesMax: most("kvnode_pending_bytes"),
    },
  };
}
