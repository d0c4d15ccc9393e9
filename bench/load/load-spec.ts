/** A load as plain data, so that it can be sent to the process that makes it; and what it found. */
import type { Failure } from "./protocol.ts";
import type { LatencyStatistics } from "./statistics.ts";

export interface Target {
  readonly hostname: string;
  readonly port: number;
}

/** Whom the driver speaks to, and what it asks for beyond key and value. */
export type ProtocolSpec =
  | { readonly name: "kvnode" }
  /** `waitMs` is what WAIT is given; with 0 replicas there is none. */
  | { readonly name: "redis"; readonly replicas: number; readonly waitMs?: number }
  /** A serializable read is answered by the member that is asked, from what it has. */
  | { readonly name: "etcd-grpc"; readonly serializable?: boolean }
  | { readonly name: "etcd-gateway"; readonly serializable?: boolean }
  | { readonly name: "report-000" }
  | { readonly name: "report-002" };

export interface WorkloadSpec {
  /** How many different ones; the bytes of every request are made ahead. */
  readonly keys: number;
  readonly valueBytes: number;
  /** Of the requests, 0 (the default) to 1; the others write. */
  readonly readShare?: number;
  /** Whom reads ask: the first target, as writes do (the default), or all of them in turn. */
  readonly reads?: "first" | "spread";
  /** Writes each key once, in order, and ends. */
  readonly fill?: boolean;
}

export interface LoadSpec {
  readonly protocol: ProtocolSpec;
  /** Writes go to the first. */
  readonly targets: readonly Target[];
  /** Each with a connection of its own to every target that it asks. */
  readonly clients: number;
  /** What is measured, after the warm-up. */
  readonly seconds: number;
  /** Over the same connections, and not counted; default 0. */
  readonly warmUpSeconds?: number;
  /** Ends earlier, after so many. */
  readonly requests?: number;
  readonly timeoutMs?: number;
  readonly workload: WorkloadSpec;
}

export interface LoadResult {
  /** Requests that got what they asked for; nothing else is throughput. */
  readonly served: number;
  readonly servedPerSecond: number;
  /** Of the served ones. */
  readonly writes: LatencyStatistics;
  readonly reads: LatencyStatistics;
  readonly failures: Readonly<Record<Failure, number>>;
  /** What the first refusal said. */
  readonly complaint: string | undefined;
  readonly durationMs: number;
  /** User and system time of the driver's process while it measured. */
  readonly driverCpuSeconds: number;
}
