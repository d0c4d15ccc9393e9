/** Loads of writes against a group's leader, and the leader's memory meanwhile. */
import { Metrics } from "../cluster/metrics.ts";
import { runClosedLoop } from "../load/closed-loop.ts";
import { toRequest } from "../load/request.ts";
import { countStatus, latenciesWithStatus, summarize } from "../load/statistics.ts";
import { BenchError } from "../quorum/bench-error.ts";

const VALUE_BYTES = 100;
/** From here on a request is made once for each key: what the driver spends the nodes lack. */
const KEPT_FROM_BYTES = 4_096;
/** Keys that follow one another lie this far apart, where they are scattered. */
const STRIDE = 7_368_787;
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
  readonly maxMs: number;
  /** Requests that were not acknowledged. */
  readonly failures: number;
}

export interface WritesOptions {
  readonly clients: number;
  /** The keys, in turn. */
  readonly keys: number;
  /** Each once before one comes again, but in no order that a cache could use. */
  readonly scattered?: boolean;
  /** Characters of the value, a text; default 100. */
  readonly valueBytes?: number;
  /** Ends after so many writes or so long, or when the signal says so. */
  readonly requests?: number;
  readonly seconds?: number;
  readonly signal?: AbortSignal;
}

/** Runs N clients in a closed loop. */
export async function runWrites(leader: string, options: WritesOptions): Promise<WritesSeen> {
  const { clients, requests = Number.MAX_SAFE_INTEGER, seconds, signal } = options;
  const { hostname, port, host } = new URL(leader);
  const signals = [
    ...(signal === undefined ? [] : [signal]),
    ...(seconds === undefined ? [] : [AbortSignal.timeout(seconds * 1000)]),
  ];
  const record = await runClosedLoop({
    ...{ hostname, port: Number(port), clients, requests, signal: AbortSignal.any(signals) },
    request: requestsOf(host, options),
  });
  const writes = countStatus(record, OK);
  const { p50, p99, max } = summarize(latenciesWithStatus(record, OK));
  return {
    ...{ writes, p50Ms: p50, p99Ms: p99, maxMs: max, failures: record.requests - writes },
    writesPerSecond: (1000 * writes) / record.durationMs,
  };
}

/** The request with this number. */
function requestsOf(host: string, options: WritesOptions): (index: number) => Uint8Array {
  const { keys, scattered = false, valueBytes = VALUE_BYTES } = options;
  const json = JSON.stringify({ value: "x".repeat(valueBytes) });
  const make = (key: number) => toRequest({ method: "PUT", path: `/kv/key-${key}`, host, json });
  const keyOf = (index: number) => (scattered ? (index % keys) * STRIDE : index) % keys;
  if (valueBytes < KEPT_FROM_BYTES) return (index) => make(keyOf(index));
  const made: Uint8Array[] = [];
  return (index) => {
    const key = keyOf(index);
    made[key] ??= make(key);
    return made[key];
  };
}

/** Writes each of so many keys once; throws BenchError where one is not acknowledged. */
export async function fill(
  leader: string,
  keys: number,
  look: Pick<WritesOptions, "valueBytes"> = {},
): Promise<void> {
  const load = { clients: FILL_CLIENTS, keys, requests: keys, ...look };
  const { failures } = await runWrites(leader, load);
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
