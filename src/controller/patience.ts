/** How long is waited for whom. */
import type { ClusterState, Partition } from "./cluster-state.ts";
import { nameOf } from "./cluster-state.ts";

/** After so many appointments in vain the wait doubles no more: 32 heartbeat time-outs. */
const DOUBLINGS_MAX = 5;

/** An appointed primary that is up has not led for so long that another one is to try. */
export function isOverdue(state: ClusterState, partition: Partition): boolean {
  const { nowMs, settings } = state;
  const patienceMs = settings.heartbeatTimeoutMs * 2 ** Math.min(partition.attempts, DOUBLINGS_MAX);
  if (partition.lead === undefined) {
    return nowMs - partition.waitingSinceMs >= patienceMs;
  }
  const { starvedSinceMs } = partition;
  return starvedSinceMs !== undefined && nowMs - starvedSinceMs >= patienceMs;
}

export function isRetainedTooLong(state: ClusterState, partition: number, worker: string): boolean {
  const sinceMs = state.sinceMs.get(nameOf(partition, worker)) ?? state.startedMs;
  return state.nowMs - sinceMs >= state.settings.retainMs;
}

/** How long one who did not lead is passed over, so that what failed is not asked for at once. */
export function avoidedUntilMs(state: ClusterState, partition: Partition): number {
  const doublings = Math.min(partition.attempts + 1, DOUBLINGS_MAX + 1);
  return state.nowMs + state.settings.heartbeatTimeoutMs * 2 ** doublings;
}
