/** A short load at one cluster, and what it took of its nodes' processors. */
import { Metrics } from "../cluster/metrics.ts";
import { runClosedLoop } from "../load/closed-loop.ts";
import { toRequest } from "../load/request.ts";
import { countStatus, latenciesWithStatus, summarize } from "../load/statistics.ts";
import { BenchError } from "../quorum/bench-error.ts";
import type { OwnCluster } from "../quorum/own-cluster.ts";
import type { Kind, Point } from "./point.ts";

/** Written again and again, so that memory does not grow by what is written. */
const KEYS = 10_000;
const VALUE = "x".repeat(100);
const FILL_CONNECTIONS = 100;
const OK = 200;
const PROCESSOR_SECONDS = "process_cpu_seconds_total";
/** Copies that are still under way to the slower followers belong to the slice that made them. */
const SETTLE_MS = 50;

export interface Slice {
  readonly operations: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Processor time for each operation, in microseconds: the leader's, all followers' together. */
  readonly leaderMicros: number;
  readonly followersMicros: number;
}

/** A running cluster of one build, and the requests for it, made once. */
export class Subject {
  readonly name: string;
  readonly #cluster: OwnCluster;
  readonly #requests: Readonly<Record<Kind, readonly Uint8Array[]>>;

  constructor(name: string, cluster: OwnCluster) {
    const { host } = new URL(cluster.leader);
    const json = JSON.stringify({ value: VALUE });
    const paths = Array.from({ length: KEYS }, (_, key) => `/kv/key-${key}`);
    this.name = name;
    this.#cluster = cluster;
    this.#requests = {
      writes: paths.map((path) => toRequest({ method: "PUT", path, host, json })),
      reads: paths.map((path) => toRequest({ method: "GET", path, host })),
    };
  }

  /** Writes each key once. */
  async fill(signal: AbortSignal): Promise<void> {
    await this.#load({ kind: "writes", connections: FILL_CONNECTIONS }, { requests: KEYS, signal });
  }

  /**
   * Loads it for so long, or until the signal; throws BenchError where a request fails or a node
   * has ended.
   */
  async run(point: Point, sliceMs: number, over: AbortSignal): Promise<Slice> {
    const before = await this.#processorSeconds();
    const signal = AbortSignal.any([over, AbortSignal.timeout(sliceMs)]);
    const record = await this.#load(point, { requests: Number.MAX_SAFE_INTEGER, signal });
    await Bun.sleep(SETTLE_MS);
    const after = await this.#processorSeconds();
    const micros = (node: "leader" | "followers") =>
      (1e6 * (after[node] - before[node])) / record.requests;
    const { p50, p99 } = summarize(latenciesWithStatus(record, OK));
    return {
      ...{ operations: record.requests, p50Ms: p50, p99Ms: p99 },
      perSecond: (1000 * record.requests) / record.durationMs,
      leaderMicros: micros("leader"),
      followersMicros: micros("followers"),
    };
  }

  /**
   * User and system time. Each node says its own, to the microsecond: /proc counts in hundredths of
   * a second, which five followers' short slices would feel.
   */
  async #processorSeconds(): Promise<{ leader: number; followers: number }> {
    const { leader, followers } = this.#cluster;
    const seconds = async (node: string) => (await Metrics.of(node)).max(PROCESSOR_SECONDS);
    const ofFollowers = await Promise.all(followers.map(seconds));
    return {
      leader: await seconds(leader),
      followers: ofFollowers.reduce((sum, each) => sum + each, 0),
    };
  }

  async #load(point: Point, until: { requests: number; signal: AbortSignal }) {
    const { hostname, port } = new URL(this.#cluster.leader);
    const requests = this.#requests[point.kind];
    const record = await runClosedLoop({
      ...{ hostname, port: Number(port), clients: point.connections, ...until },
      request: (index) => requests[index % KEYS] as Uint8Array,
    });
    await this.#cluster.check();
    const failed = record.requests - countStatus(record, OK);
    if (failed > 0) {
      const of = `${failed} of ${record.requests} ${point.kind}`;
      throw new BenchError(`${of} failed at ${this.#cluster.leader} (${this.name}).`);
    }
    return record;
  }
}
