/** Draws what a run of a cluster is like, and whether it begins with a written schedule. */
import { chance, createStream, pick } from "../draw.ts";
import { type ClusterParameters, drawFreely } from "./parameters.ts";
import {
  CLUSTER_SCHEDULES,
  type ClusterSchedule,
  type ClusterScheduleName,
} from "./schedules/schedules.ts";

/** The share of runs that begin with a written schedule. */
const SCHEDULED = 0.1;

/** A calm cluster: what goes wrong while a schedule is played is what it says. */
const FOR_SCHEDULES = {
  ...{ durable: true, lateWorkers: 0, partitions: 1, movesAtOnce: 2 },
  ...{ replicationTimeoutMs: 2_000, linkQueueBytes: 16 * 1024 * 1024, clockDrift: 0 },
  calls: {
    ...{ heartbeatTimeoutMs: 600, heartbeatIntervalMs: 100, checkIntervalMs: 100 },
    ...{ heartbeatPatienceMs: 300, forwardPatienceMs: 2_000, loss: 0, late: 0, duplication: 0 },
  },
  network: { delayMs: 1, spread: 1, gridMs: 0, loss: 0, duplication: 0, reordering: 0 },
} as const satisfies Partial<ClusterParameters>;

/**
 * All that a run needs to know, the same for the same seed; with this schedule where one is told.
 */
export function drawClusterParameters(seed: number, told?: ClusterScheduleName): ClusterParameters {
  const drawn = drawFreely(seed);
  const names = Object.keys(CLUSTER_SCHEDULES) as ClusterScheduleName[];
  const random = createStream(seed, "which schedule");
  if (told === undefined && (names.length === 0 || !chance(random, SCHEDULED))) {
    return drawn;
  }
  const schedule = told ?? pick(random, names);
  const { needs } = CLUSTER_SCHEDULES[schedule] as ClusterSchedule;
  return { ...drawn, ...FOR_SCHEDULES, ...needs, schedule };
}
