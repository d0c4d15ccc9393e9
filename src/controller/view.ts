/** One partition with all that its rules ask for. */
import type { Assignment, Configuration, Copy } from "../core/assignment.ts";
import type { LeadReport } from "../node/heartbeat.ts";
import type { ClusterState, Partition, Worker } from "./cluster-state.ts";
import { promisesOf } from "./cluster-state.ts";

export interface View {
  readonly state: ClusterState;
  readonly partition: Partition;
  readonly assignment: Assignment;
  readonly lead: LeadReport | undefined;
  readonly primary: Worker;
  /** Slots, best first. */
  readonly ideal: readonly number[];
}

/** Of a partition that has an assignment. */
export function viewOf(state: ClusterState, partition: Partition, assignment: Assignment): View {
  const primary = state.byId.get(assignment.primary) as Worker;
  const ideal = state.ideals.of(partition.partition);
  return { state, partition, assignment, lead: partition.lead, primary, ideal };
}

export function workerOf(view: View, copy: Copy): Worker {
  return view.state.workers[copy.slot] as Worker;
}

/** It lives, and said that it remembers what it is to hold under this number. */
export function remembers(view: View, copy: Copy): boolean {
  const heard = view.partition.copies.find(({ slot }) => slot === copy.slot)?.report;
  return (
    workerOf(view, copy).life === "up" &&
    heard !== undefined &&
    heard.copy === copy.copy &&
    !heard.blank
  );
}

/** It said that it remembers nothing under this number. */
export function saysBlank(view: View, copy: Copy): boolean {
  const heard = view.partition.copies.find(({ slot }) => slot === copy.slot)?.report;
  return heard === undefined
    ? workerOf(view, copy).reported
    : heard.copy < copy.copy || (heard.copy === copy.copy && heard.blank);
}

/** The one who leads holds this copy up to date on its own link; its own copy is. */
export function isSynced(view: View, copy: Copy): boolean {
  if (view.lead === undefined) {
    return false;
  }
  return (
    copy.worker === view.assignment.primary ||
    view.lead.followers.some((one) => {
      return one.worker === copy.worker && one.copy === copy.copy && one.connected && one.synced;
    })
  );
}

/** What the next generation may not hold yet. A set that stands there already counts only once. */
export function nextEarlier({ assignment, lead }: View): readonly Configuration[] {
  const { generation, members } = assignment;
  const own = { generation, members };
  if (assignment.earlier.length === 0 || lead?.open === true) {
    return [own];
  }
  return [...assignment.earlier.filter((one) => !sameMembers(one.members, members)), own];
}

function sameMembers(some: readonly Copy[], others: readonly Copy[]): boolean {
  return (
    some.length === others.length &&
    some.every((one) => others.some((o) => o.worker === one.worker && o.copy === one.copy))
  );
}

/** Whether of each set enough are there to promise, so that a takeover can succeed. */
export function canPromise(
  view: View,
  sets: readonly (readonly Copy[])[],
  counts: (copy: Copy) => boolean,
): boolean {
  const { writeQuorum } = view.state.identity;
  return sets.every((members) => {
    return members.filter(counts).length >= promisesOf(members.length, writeQuorum);
  });
}

/**
 * It may be made primary by choice. Its leader may say that it is up to date before it has said so
 * itself; appointed then, its last word would be that it is blank: it would be replaced at once.
 */
export function isFit(view: View, copy: Copy): boolean {
  const worker = workerOf(view, copy);
  const avoided = view.partition.avoided.some((one) => one.slot === copy.slot);
  return remembers(view, copy) && !worker.stopping && !worker.record.draining && !avoided;
}

/** Those of the ideal first, in its order. */
export function inIdealOrder(view: View, copies: readonly Copy[]): Copy[] {
  const place = (copy: Copy) => {
    const index = view.ideal.indexOf(copy.slot);
    return index < 0 ? view.ideal.length : index;
  };
  return [...copies].sort((one, other) => place(one) - place(other));
}
