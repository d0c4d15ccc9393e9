/** One stretch of a soak: its load, and what its clients saw. */
import { createSeededRandom, type Random, randomBelow } from "../../src/base/random.ts";
import { runClosedLoop } from "../load/closed-loop.ts";
import type { LoadRecord } from "../load/record.ts";
import { toRequest } from "../load/request.ts";
import { countStatus } from "../load/statistics.ts";
import { BenchError } from "../quorum/bench-error.ts";
import type { SoakOptions } from "./options.ts";

const OK = 200;

/** What the clients saw between two moments; latencies in ms, in the order of the sends. */
export interface Window {
  /** Epoch, in milliseconds. */
  readonly startedAtMs: number;
  readonly durationMs: number;
  readonly writesMs: Float64Array;
  readonly readsMs: Float64Array;
  /** Requests without a 200. */
  readonly failures: number;
}

/** Makes the operations of a whole soak: the bytes once, then keys and kinds by chance. */
export class SoakLoad {
  readonly #options: SoakOptions;
  readonly #leader: URL;
  readonly #puts: readonly Uint8Array[];
  readonly #gets: readonly Uint8Array[];
  readonly #random: Random;
  #writes = 0;

  constructor(options: SoakOptions, leader: string) {
    this.#options = options;
    this.#leader = new URL(leader);
    this.#random = createSeededRandom(options.seed);
    const { host } = this.#leader;
    const json = JSON.stringify({ value: "x".repeat(options.valueBytes) });
    const paths = Array.from({ length: options.keys }, (_, key) => `/kv/key-${key}`);
    this.#puts = paths.map((path) => toRequest({ method: "PUT", path, host, json }));
    const reads = options.readPercent === 0 ? [] : paths;
    this.#gets = reads.map((path) => toRequest({ method: "GET", path, host }));
  }

  /** Writes started in the windows so far. */
  get writes(): number {
    return this.#writes;
  }

  /** Writes each key once, until the signal; throws BenchError where one is not acknowledged. */
  async fill(connections: number, signal: AbortSignal): Promise<void> {
    const puts = this.#puts;
    const record = await this.#run({
      ...{ clients: connections, requests: puts.length, signal },
      request: (index) => puts[index] as Uint8Array,
    });
    const failed = record.requests - countStatus(record, OK);
    if (failed > 0) throw new BenchError(`${failed} of ${puts.length} keys were not written.`);
  }

  /** Runs until the signal, or until `writes` are started in all since the last `restart`. */
  async window(of: {
    readonly writes: number;
    readonly signal: AbortSignal;
    readonly onProgress?: () => void;
  }): Promise<Window> {
    const enough = new AbortController();
    const isRead: boolean[] = [];
    const { keys, readPercent, connections } = this.#options;
    const request = (index: number) => {
      const key = randomBelow(this.#random, keys);
      const reads = readPercent > 0 && randomBelow(this.#random, 100) < readPercent;
      isRead[index] = reads;
      if (reads) return this.#gets[key] as Uint8Array;
      this.#writes += 1;
      if (this.#writes >= of.writes) enough.abort();
      return this.#puts[key] as Uint8Array;
    };
    const startedAtMs = performance.timeOrigin + performance.now();
    const record = await this.#run({
      ...{ clients: connections, requests: Number.MAX_SAFE_INTEGER, request },
      signal: AbortSignal.any([of.signal, enough.signal]),
      ...(of.onProgress === undefined ? {} : { onProgress: of.onProgress }),
    });
    const served = (row: number) => record.status[row] === OK;
    const writesMs = record.latencyMs.filter((_, row) => !isRead[row] && served(row));
    const readsMs = record.latencyMs.filter((_, row) => isRead[row] && served(row));
    const failures = record.requests - writesMs.length - readsMs.length;
    return { startedAtMs, durationMs: record.durationMs, writesMs, readsMs, failures };
  }

  /** Counts the writes from here on. */
  restart(): void {
    this.#writes = 0;
  }

  #run(of: {
    clients: number;
    requests: number;
    request: (index: number) => Uint8Array;
    signal: AbortSignal;
    onProgress?: () => void;
  }): Promise<LoadRecord> {
    const { hostname, port } = this.#leader;
    return runClosedLoop({ hostname, port: Number(port), ...of });
  }
}

/** Several windows that follow one another as one. */
export function joinWindows(windows: readonly Window[]): Window {
  const [first] = windows;
  const last = windows.at(-1);
  const startedAtMs = first?.startedAtMs ?? 0;
  return {
    startedAtMs,
    durationMs: last === undefined ? 0 : last.startedAtMs + last.durationMs - startedAtMs,
    writesMs: joined(windows.map(({ writesMs }) => writesMs)),
    readsMs: joined(windows.map(({ readsMs }) => readsMs)),
    failures: windows.reduce((sum, { failures }) => sum + failures, 0),
  };
}

function joined(parts: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
