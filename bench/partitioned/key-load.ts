/** Loads over a fixed set of keys, each sent where a route says. */
import { partitionOf } from "../../src/core/placement.ts";
import { toTarget } from "../load/load.ts";
import type { LoadRecord } from "../load/record.ts";
import { toRequest } from "../load/request.ts";
import { runRoutedLoop } from "../load/routed-loop.ts";
import { countStatus, latenciesWithStatus, summarize } from "../load/statistics.ts";
import { BenchError } from "../quorum/bench-error.ts";
import type { ClusterMap } from "./cluster-map.ts";
import { valueFor } from "./partition-writers.ts";

/** Keys that are named by a number. */
export interface NumberedKeys {
  readonly prefix: string;
  readonly count: number;
}

/** Written again and again, so that memory does not grow by what is written. */
export const WRITTEN_KEYS: NumberedKeys = { prefix: "key", count: 10_000 };
/** Many, so that many entries share a commit. */
const FILL_CLIENTS = 500;
const OK = 200;
/** Longer than the workers' own time-out: their answer is heard; a route is meant as it is. */
export const AS_ROUTED = { timeoutMs: 10_000, followLeader: false };

/**
 * Whom a client asks. direct: each key's primary, as the map says; any: one worker after the
 * other; forwarded: a worker that is not the primary.
 */
export type Route = "direct" | "any" | "forwarded";
export type Call = "PUT" | "GET";

export interface KeyLoadOptions {
  readonly map: ClusterMap;
  /** URLs of all workers. */
  readonly targets: readonly string[];
  readonly route: Route;
  readonly call: Call;
  readonly clients: number;
  readonly seconds: number;
}

export interface LoadSeen {
  readonly requests: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Requests that were not answered with 200. */
  readonly failures: number;
}

/** The place of the target that a request goes to. */
export function targetFor(
  route: Route,
  of: { readonly primary: number; readonly turn: number; readonly targets: number },
): number {
  const { primary, turn, targets } = of;
  switch (route) {
    case "direct":
      return primary;
    case "any":
      return turn % targets;
    case "forwarded":
      return targets === 1 ? primary : (primary + 1 + (turn % (targets - 1))) % targets;
  }
}

/** Runs N clients in a closed loop. */
export async function runKeyLoad(options: KeyLoadOptions): Promise<LoadSeen> {
  const { map, targets, route, call, clients, seconds } = options;
  const primaries = primaryPlaces(map, targets);
  const keys = keysOf(WRITTEN_KEYS);
  const requests = new RequestCache(targets, call, keys);
  const partitionOfKey = keys.map((key) => partitionOf(key, map.partitions.length));
  const targetOf = (index: number) => {
    const primary = primaries[partitionOfKey[index % keys.length] ?? 0] ?? 0;
    // A turn for each round of the keys too, or a key would always go to the same worker.
    const turn = index + Math.floor(index / keys.length);
    return targetFor(route, { primary, turn, targets: targets.length });
  };
  const record = await runRoutedLoop({
    ...{ ...AS_ROUTED, clients, seconds, targets: targets.map(toTarget) },
    requests: Number.MAX_SAFE_INTEGER,
    route: targetOf,
    request: (index) => requests.of(targetOf(index), index % keys.length),
  });
  return seenIn(record);
}

/** All of them, in order. */
export function keysOf({ prefix, count }: NumberedKeys): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}-${index}`);
}

/** Writes each key once, at its primary; throws BenchError where one is not acknowledged. */
export async function fill(
  map: ClusterMap,
  targets: readonly string[],
  { prefix, count }: NumberedKeys,
): Promise<void> {
  const primaries = primaryPlaces(map, targets);
  const hosts = targets.map((target) => new URL(target).host);
  const keys = keysOf({ prefix, count });
  const targetOf = keys.map((key) => primaries[partitionOf(key, map.partitions.length)] ?? 0);
  const record = await runRoutedLoop({
    ...{ ...AS_ROUTED, clients: FILL_CLIENTS, requests: count, targets: targets.map(toTarget) },
    route: (index) => targetOf[index] ?? 0,
    request: (index) => writeOf(keys[index] ?? "", hosts[targetOf[index] ?? 0] ?? ""),
  });
  const missing = count - countStatus(record, OK);
  if (missing > 0) throw new BenchError(`${missing} of ${count} writes were not acknowledged.`);
}

function primaryPlaces(map: ClusterMap, targets: readonly string[]): number[] {
  return map.partitions.map(({ primary }) => targets.indexOf(primary ?? ""));
}

function writeOf(key: string, host: string): Uint8Array {
  const json = JSON.stringify({ value: valueFor(key) });
  return toRequest({ method: "PUT", path: `/kv/${key}`, host, json });
}

/** Each request is made once: what the driver spends is missing at the workers. */
class RequestCache {
  readonly #hosts: readonly string[];
  readonly #made: (Uint8Array | undefined)[][];
  readonly #make: (host: string, index: number) => Uint8Array;

  constructor(targets: readonly string[], call: Call, keys: readonly string[]) {
    this.#hosts = targets.map((target) => new URL(target).host);
    this.#made = targets.map(() => []);
    this.#make = (host, index) => {
      const key = keys[index] ?? "";
      if (call === "PUT") return writeOf(key, host);
      return toRequest({ method: "GET", path: `/kv/${key}`, host });
    };
  }

  of(target: number, index: number): Uint8Array {
    const own = this.#made[target] ?? [];
    own[index] ??= this.#make(this.#hosts[target] ?? "", index);
    return own[index];
  }
}

function seenIn(record: LoadRecord): LoadSeen {
  const answered = countStatus(record, OK);
  const { p50, p99 } = summarize(latenciesWithStatus(record, OK));
  return {
    ...{ requests: answered, p50Ms: p50, p99Ms: p99, failures: record.requests - answered },
    perSecond: (1000 * answered) / record.durationMs,
  };
}
