/** Who keeps a partition at first. */
import type { Assignment, Copy } from "../core/assignment.ts";
import type { ClusterState } from "./cluster-state.ts";

/**
 * Whether to place partitions now. It waits for those who are expected, so that nothing has to move
 * as soon as it is placed, but not for ever: after a heartbeat time-out those who came are enough.
 */
export function isTimeToPlace(state: ClusterState): boolean {
  const { identity, nowMs, settings, workers } = state;
  const { expected } = settings;
  if (state.firstHeardMs === undefined || workers.some((one) => one.life === "unheard")) {
    return false;
  }
  const up = workers.filter((one) => one.life === "up" && !one.record.draining);
  if (up.length < identity.writeQuorum) {
    return false;
  }
  if (nowMs - state.firstHeardMs >= settings.heartbeatTimeoutMs) {
    return true;
  }
  const addresses = new Set(up.map((one) => one.record.address));
  return expected.length > 0
    ? up.length >= expected.length || expected.every((address) => addresses.has(address))
    : up.length >= identity.replicas && nowMs - state.lastJoinedMs >= settings.checkIntervalMs;
}

/** The first generation of a partition; undefined where too few workers can keep it. */
export function firstAssignment(state: ClusterState, partition: number): Assignment | undefined {
  const members = state.ideals.of(partition).map((slot): Copy => {
    const { id, address } = state.workers[slot]?.record ?? { id: "", address: "" };
    return { worker: id, address, slot, copy: 1 };
  });
  const [primary] = members;
  if (primary === undefined || members.length < state.identity.writeQuorum) {
    return undefined;
  }
  return {
    partition,
    generation: 1,
    revision: 1,
    primary: primary.worker,
    members,
    earlier: [],
    learners: [],
    retained: [],
    begun: false,
  };
}
