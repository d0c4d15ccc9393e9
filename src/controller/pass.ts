/** What the mere passing of time changes: who is down, and who has waited long enough. */
import type { ClusterState, Partition } from "./cluster-state.ts";
import { forgetReports } from "./hear.ts";
import { isOverdue, isRetainedTooLong } from "./patience.ts";

/**
 * To be called every `checkIntervalMs`; `plan` may have something to do then. A controller that
 * itself stood still (stopped, starved, asleep) could not hear anybody meanwhile: that time does
 * not count against them.
 */
export function pass(state: ClusterState, nowMs: number): void {
  state.nowMs = Math.max(state.nowMs, nowMs);
  const { checkIntervalMs, heartbeatTimeoutMs } = state.settings;
  const gapMs = state.nowMs - state.passedMs;
  state.passedMs = state.nowMs;
  if (gapMs > 2 * checkIntervalMs) {
    forgive(state, gapMs - checkIntervalMs);
  }
  for (const worker of state.workers) {
    if (worker.life !== "down" && state.nowMs - worker.lastHeardMs > heartbeatTimeoutMs) {
      worker.life = "down";
      state.idealsStale = true;
      state.facts.push({ type: "worker_down", worker: worker.record.id });
      forgetReports(state, worker);
    }
  }
  for (const number of state.unserved) {
    if (isOverdue(state, state.partitions[number] as Partition)) {
      state.dirty.add(number);
    }
  }
  passAvoided(state);
  for (const number of state.retaining) {
    const retained = state.partitions[number]?.assignment?.retained ?? [];
    if (retained.some((copy) => isRetainedTooLong(state, number, copy.worker))) {
      state.dirty.add(number);
    }
  }
  // Whose learner is not reached any more gives its room to others.
  state.roomFreed ||= state.learning.size > 0;
}

function forgive(state: ClusterState, missedMs: number): void {
  for (const worker of state.workers) {
    worker.lastHeardMs = Math.min(state.nowMs, worker.lastHeardMs + missedMs);
  }
  for (const number of state.unserved) {
    const partition = state.partitions[number] as Partition;
    partition.waitingSinceMs = Math.min(state.nowMs, partition.waitingSinceMs + missedMs);
    if (partition.starvedSinceMs !== undefined) {
      partition.starvedSinceMs = Math.min(state.nowMs, partition.starvedSinceMs + missedMs);
    }
  }
}

function passAvoided(state: ClusterState): void {
  for (const number of state.avoiding) {
    const partition = state.partitions[number] as Partition;
    const still = partition.avoided.filter((one) => one.untilMs > state.nowMs);
    if (still.length < partition.avoided.length) {
      partition.avoided = still;
      state.dirty.add(number);
    }
    if (still.length === 0) {
      state.avoiding.delete(number);
    }
  }
}
