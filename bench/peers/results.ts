/** What a run has found; a part that was not asked for, or not come to, is not there. */
import type { LoadResult } from "../load/load-spec.ts";
import type { DriverLimitSeen } from "./limits.ts";
import type { Measurement, Point } from "./plan.ts";

/** One measured load. */
export interface Run extends Measurement {
  readonly load: LoadResult;
  /** Processor time of all processes of the system, for each served operation, in µs. */
  readonly systemMicros: number;
  /** The driver's. */
  readonly driverMicros: number;
  /** Of one core's time, what the driver took. */
  readonly driverShare: number;
  /** Of one core's time, what the systems took that were not asked. */
  readonly idleShare: number;
  /** Of the rate that the driver reaches against a server that answers at once, where known. */
  readonly limitShare: number | undefined;
}

/** What a million keys of 100 bytes take, in bytes for each key. */
export interface KeyMemory {
  readonly system: "kvnode-memory" | "redis";
  readonly keys: number;
  readonly leaderBytes: number;
  /** The median of its followers. */
  readonly followerBytes: number;
  /** Resident bytes of each process, the leader's first: before the keys, and with them. */
  readonly before: readonly number[];
  readonly after: readonly number[];
}

export interface Results {
  /** What was measured and on what, one line each: name and text. */
  readonly environment: ReadonlyMap<string, string>;
  /** A sentence for each system that was left out. */
  readonly missing: readonly string[];
  readonly limits: readonly DriverLimitSeen[];
  readonly runs: readonly Run[];
  readonly memory: readonly KeyMemory[];
}

/** From here on the driver, and not what it asks, may be what is seen. */
export const LIMIT_SHARE = 0.9;

/** Whether the driver may have been the limit. */
export function isAtLimit(run: Run): boolean {
  return run.driverShare >= LIMIT_SHARE || (run.limitShare ?? 0) >= LIMIT_SHARE;
}

/** Of the load's own kind, in ms: of a mix the writes'. */
export function percentilesOf({ point, load }: Run): { p50: number; p99: number } {
  return point.load === "reads" || point.load === "spread-reads" ? load.reads : load.writes;
}

/** The runs of a contestant at a point, by round. */
export function runsAt({ runs }: Pick<Results, "runs">, name: string, point: Point): Run[] {
  return runs.filter((run) => run.contestant.name === name && isSame(run.point, point));
}

/** Every point of the runs once, in the order of the plan's axes. */
export function pointsIn({ runs }: Pick<Results, "runs">): Point[] {
  const points: Point[] = [];
  for (const { point } of runs) {
    if (!points.some((each) => isSame(each, point))) points.push(point);
  }
  return points.sort(
    (one, other) =>
      LOAD_ORDER.indexOf(one.load) - LOAD_ORDER.indexOf(other.load) ||
      one.valueBytes - other.valueBytes ||
      one.quorum - other.quorum ||
      one.connections - other.connections,
  );
}

const LOAD_ORDER = ["writes", "reads", "spread-reads", "mix"];

/** Whether two points are the same. */
export function isSame(one: Point, other: Point): boolean {
  return (
    one.load === other.load &&
    one.quorum === other.quorum &&
    one.connections === other.connections &&
    one.valueBytes === other.valueBytes
  );
}

/** Operations that were not served as asked. */
export function failuresOf({ load }: Run): number {
  return Object.values(load.failures).reduce((sum, each) => sum + each, 0);
}
