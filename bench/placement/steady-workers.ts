/** Workers that do as they are told, for measuring a plan alone: no data, no links, no time. */
import type { ClusterState } from "../../src/controller/cluster-state.ts";
import { heard } from "../../src/controller/hear.ts";
import { apply, type Decisions, plan } from "../../src/controller/plan.ts";
import type { CopyReport, Heartbeat, LeadReport } from "../../src/node/heartbeat.ts";

/** One heartbeat and the plan that follows it; all copies are reported where they are given. */
export function beat(
  state: ClusterState,
  worker: number,
  nowMs: number,
  copies?: readonly CopyReport[],
): void {
  const heartbeat: Heartbeat = {
    protocol: 1,
    id: `worker${worker + 1}`,
    address: `http://worker${worker + 1}:8000`,
    cluster: "",
    instance: "1",
    clusterId: undefined,
    settings: { partitions: 0, replicas: 0, writeQuorum: 0 },
    mapVersion: state.mapVersion,
    stopping: false,
    copies: copies ?? [],
    complete: copies !== undefined,
  };
  const { refused } = heard(state, heartbeat, nowMs);
  if (refused !== undefined) throw new Error(refused.message);
  decide(state, nowMs);
}

/** Plans and applies; storing is not measured here. */
export function decide(state: ClusterState, nowMs: number): Decisions {
  const decisions = plan(state, nowMs);
  apply(state, decisions, nowMs);
  return decisions;
}

/** What each worker would report if all went well at once, by worker. */
export function reportsOf(state: ClusterState): CopyReport[][] {
  const reports: CopyReport[][] = state.workers.map(() => []);
  for (const { assignment } of state.partitions) {
    if (assignment === undefined) continue;
    const { partition, generation, members, learners, primary } = assignment;
    const copies = [...members, ...learners];
    for (const { slot, copy, worker } of copies) {
      const followers = copies
        .filter((other) => other.worker !== primary)
        .map((other) => {
          return { worker: other.worker, copy: other.copy, ...UP_TO_DATE };
        });
      const said = { open: true, founded: false, possibleLosses: 0 };
      const lead: LeadReport = { generation, epoch: generation, ...said, followers };
      const leads = worker === primary ? lead : undefined;
      reports[slot]?.push({ partition, copy, blank: false, synced: generation, leads });
    }
  }
  return reports;
}

const UP_TO_DATE = { connected: true, synced: true, lagEntries: 0 };
