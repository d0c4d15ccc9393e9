/**
 * Taking in what workers say. Heartbeats may come late, twice, or from a process that is gone: what
 * they say of a generation counts for that generation only, and of followers only what the primary
 * of the newest generation sees on its own links.
 */
import type { Assignment } from "../core/assignment.ts";
import {
  type CopyReport,
  HEARTBEAT_PROTOCOL,
  type Heartbeat,
  type LeadReport,
} from "../node/heartbeat.ts";
import type { ClusterState, Partition, Worker } from "./cluster-state.ts";
import { addWorker, setPresence } from "./create-cluster.ts";

export type RefusalCode =
  | "other_protocol"
  | "other_cluster"
  | "id_taken"
  | "address_taken"
  | "superseded"
  | "controller_behind";

/** What a refused heartbeat is answered; it has changed nothing. */
export interface Refusal {
  readonly code: RefusalCode;
  /** One sentence that says what to do. */
  readonly message: string;
}

export type Heard =
  | { readonly refused: Refusal }
  | { readonly refused: undefined; readonly wantsAll: boolean };

/** All reports are asked for this often, so that one that was overtaken does not stand for ever. */
const REPORT_ALL_MS = 60_000;
const FORMER_INSTANCES_MAX = 16;

/** Takes in a heartbeat whose fields have the right form; `plan` may have something to do then. */
export function heard(state: ClusterState, heartbeat: Heartbeat, nowMs: number): Heard {
  state.nowMs = Math.max(state.nowMs, nowMs);
  const refused = refusalOf(state, heartbeat);
  if (refused !== undefined) {
    return { refused };
  }
  const worker = state.byId.get(heartbeat.id) ?? join(state, heartbeat);
  meet(state, worker, heartbeat);
  worker.lastHeardMs = state.nowMs;
  worker.formerHeard = undefined;
  worker.mapVersion = heartbeat.mapVersion;
  if (worker.stopping !== heartbeat.stopping) {
    worker.stopping = heartbeat.stopping;
    markAll(state, worker);
    if (heartbeat.stopping) {
      state.facts.push({ type: "worker_stopping", worker: heartbeat.id });
    }
  }
  if (heartbeat.complete) {
    if (!worker.reported) {
      // That it did not name a copy says something from now on.
      markAll(state, worker);
    }
    worker.reported = true;
    worker.reportedMs = state.nowMs;
    forgetUnnamed(state, worker, heartbeat.copies);
  }
  for (const report of heartbeat.copies) {
    hearCopy(state, worker, report);
  }
  const old = state.nowMs - worker.reportedMs >= REPORT_ALL_MS;
  return { refused: undefined, wantsAll: !worker.reported || old };
}

/** Its copies are to be brought elsewhere, or no longer; false where there is no such worker. */
export function setDraining(state: ClusterState, id: string, draining: boolean): boolean {
  const worker = state.byId.get(id);
  if (worker === undefined) {
    return false;
  }
  if (worker.record.draining !== draining) {
    setRecord(state, worker, { draining });
    markAll(state, worker);
    state.facts.push({ type: draining ? "worker_draining" : "worker_undrained", worker: id });
  }
  return true;
}

/** What this worker said is not known any more; it is asked for all of it. */
export function forgetReports(state: ClusterState, worker: Worker): void {
  worker.reported = false;
  for (const number of worker.partitions) {
    setReport(state, state.partitions[number] as Partition, worker, undefined);
  }
  markAll(state, worker);
}

/** All that rests on this worker is to be looked at again. */
export function markAll(state: ClusterState, worker: Worker): void {
  for (const number of worker.partitions) {
    state.dirty.add(number);
  }
}

function refusalOf(state: ClusterState, heartbeat: Heartbeat): Refusal | undefined {
  const { identity } = state;
  const { id, address, cluster, clusterId } = heartbeat;
  if (heartbeat.protocol !== HEARTBEAT_PROTOCOL) {
    const message =
      `${id} speaks protocol ${heartbeat.protocol} and this controller ${HEARTBEAT_PROTOCOL}: ` +
      "run the same version of kvnode on both.";
    return { code: "other_protocol", message };
  }
  if (cluster !== "" && cluster !== identity.name) {
    const message =
      `${id} has CLUSTER=${cluster} and this controller CLUSTER=${identity.name}: give it this ` +
      "controller's name, or another CONTROLLER.";
    return { code: "other_cluster", message };
  }
  if (clusterId !== undefined && clusterId !== identity.id) {
    const message =
      `${id} holds data of another cluster (${clusterId}, this one is ` +
      `${identity.id}): give it an ` +
      "empty DATA_DIR, or the CONTROLLER that its data belongs to.";
    return { code: "other_cluster", message };
  }
  if (state.behind !== undefined) {
    return { code: "controller_behind", message: state.behind };
  }
  if (heartbeat.mapVersion > state.mapVersion) {
    const message =
      `${id} knows decisions that this controller has forgotten (map ${heartbeat.mapVersion}, ` +
      `here ${state.mapVersion}): start the controller with its newest directory.`;
    // Of a stranger who only says so nobody believes it.
    if (clusterId === identity.id) {
      state.behind = message;
    }
    return { code: "controller_behind", message };
  }
  return refusedName(state, id, address) ?? refusedInstance(state, heartbeat);
}

function refusedName(state: ClusterState, id: string, address: string): Refusal | undefined {
  const holder = state.byId.get(id);
  if (holder !== undefined && holder.record.address !== address) {
    if (holder.partitions.size > 0 || holder.life !== "down") {
      const message =
        `The id ${id} belongs to the worker at ${holder.record.address}: give this one another ` +
        `NODE_ID, or drain ${id} first if it has moved.`;
      return { code: "id_taken", message };
    }
  }
  for (const other of holder?.record.address === address ? [] : state.workers) {
    const { record } = other;
    if (record.address === address && record.id !== id && other.life === "up") {
      const message =
        `The address ${address} belongs to ${record.id}, which is alive: give ${id} its own ` +
        "ADDRESS.";
      return { code: "address_taken", message };
    }
  }
  return undefined;
}

/**
 * A late word of a process that is gone, or one of two processes that go by the same id. Which of
 * two instances is the newer one nobody knows for sure (this controller may have been restarted and
 * have met a late word first), so one that speaks twice while the other is silent is believed.
 */
function refusedInstance(state: ClusterState, heartbeat: Heartbeat): Refusal | undefined {
  const { id, instance } = heartbeat;
  const worker = state.byId.get(id);
  if (!worker?.formerInstances.includes(instance) || worker.formerHeard === instance) {
    return undefined;
  }
  worker.formerHeard = instance;
  const message =
    `Another process has been started as ${id} since this one: stop this one, or give it another ` +
    "NODE_ID.";
  return { code: "superseded", message };
}

function join(state: ClusterState, heartbeat: Heartbeat): Worker {
  const { id, address } = heartbeat;
  const record = { id, address, slot: state.workers.length, draining: false };
  state.lastJoinedMs = state.nowMs;
  state.facts.push({ type: "worker_joined", worker: id, detail: address });
  state.unstored.add(record.slot);
  return addWorker(state, record, "up");
}

/** Is it the process that was heard last, and where it was? */
function meet(state: ClusterState, worker: Worker, heartbeat: Heartbeat): void {
  const { id, address, instance } = heartbeat;
  state.firstHeardMs ??= state.nowMs;
  if (worker.record.address !== address) {
    setRecord(state, worker, { address });
    state.facts.push({ type: "worker_moved", worker: id, detail: address });
  }
  if (worker.instance !== instance) {
    if (worker.instance !== undefined) {
      const others = worker.formerInstances.filter((one) => one !== instance);
      worker.formerInstances = [...others, worker.instance].slice(-FORMER_INSTANCES_MAX);
      state.facts.push({ type: "worker_restarted", worker: id });
    }
    worker.instance = instance;
    forgetReports(state, worker);
  }
  if (worker.life === "down") {
    state.facts.push({ type: "worker_back", worker: id });
    forgetReports(state, worker);
  }
  if (worker.life !== "up") {
    worker.life = "up";
    state.idealsStale = true;
    markAll(state, worker);
    // It has not had the chance to lead anything since.
    for (const number of worker.partitions) {
      const partition = state.partitions[number] as Partition;
      if (partition.assignment?.primary === id) {
        partition.waitingSinceMs = state.nowMs;
      }
    }
  }
}

function setRecord(
  state: ClusterState,
  worker: Worker,
  change: { readonly address?: string; readonly draining?: boolean },
): void {
  worker.record = { ...worker.record, ...change };
  state.unstored.add(worker.record.slot);
  state.idealsStale = true;
}

function forgetUnnamed(state: ClusterState, worker: Worker, named: readonly CopyReport[]): void {
  const partitions = new Set(named.map((report) => report.partition));
  for (const number of worker.partitions) {
    if (!partitions.has(number)) {
      setReport(state, state.partitions[number] as Partition, worker, undefined);
    }
  }
}

function hearCopy(state: ClusterState, worker: Worker, report: CopyReport): void {
  const partition = state.partitions[report.partition];
  if (partition !== undefined && worker.partitions.has(report.partition)) {
    setReport(state, partition, worker, report);
  }
}

function setReport(
  state: ClusterState,
  partition: Partition,
  worker: Worker,
  report: CopyReport | undefined,
): void {
  const { slot } = worker.record;
  const index = partition.copies.findIndex((copy) => copy.slot === slot);
  const before = partition.copies[index]?.report;
  const others = index < 0 ? partition.copies : partition.copies.toSpliced(index, 1);
  partition.copies = report === undefined ? others : [...others, { slot, report }];
  if (before?.copy !== report?.copy || before?.blank !== report?.blank) {
    state.dirty.add(partition.partition);
  }
  if (partition.assignment?.primary === worker.record.id) {
    setLead(state, partition, leadOf(partition.assignment, report));
  }
}

/** Only of the appointed generation, and of the copy that was appointed. */
function leadOf(assignment: Assignment, report: CopyReport | undefined): LeadReport | undefined {
  const member = assignment.members.find((copy) => copy.worker === assignment.primary);
  const lead = report?.leads;
  return lead?.generation === assignment.generation && report?.copy === member?.copy
    ? lead
    : undefined;
}

function setLead(state: ClusterState, partition: Partition, heardLead: LeadReport | undefined) {
  const before = partition.lead;
  // Once open it stays so: a report that says otherwise was made before.
  const open = heardLead?.open || (before?.open && before.epoch === heardLead?.epoch);
  const lead = heardLead === undefined ? undefined : { ...heardLead, open: open === true };
  if (essenceOf(before) !== essenceOf(lead)) {
    state.dirty.add(partition.partition);
  }
  partition.lead = lead;
  if (lead === undefined) {
    if (before !== undefined) {
      partition.waitingSinceMs = state.nowMs;
      partition.starvedSinceMs = undefined;
    }
    state.unserved.add(partition.partition);
    return;
  }
  tellLosses(state, partition, lead);
  partition.led = true;
  partition.lastSynced = lead.followers.flatMap((one) => (one.synced ? [one.worker] : []));
  const starved = reachedMembers(partition, lead) < state.identity.writeQuorum;
  partition.starvedSinceMs = starved ? (partition.starvedSinceMs ?? state.nowMs) : undefined;
  setPresence(state.unserved, partition.partition, starved || !lead.open);
  if (!starved) {
    partition.attempts = lead.open ? 0 : partition.attempts;
  }
  if (lead.open && before?.open !== true) {
    opened(state, partition);
  }
}

/** More was lost than the promise covers, and the partition goes on with what there is. */
function tellLosses(state: ClusterState, partition: Partition, lead: LeadReport): void {
  const { assignment, foundedIn, possibleLosses, lastSynced } = partition;
  const worker = assignment?.primary;
  const slot = assignment?.members.find((copy) => copy.worker === worker)?.slot ?? -1;
  if (lead.founded && lead.epoch !== foundedIn) {
    // Where nobody has ever been synced there was nothing.
    if (foundedIn > 0 || lastSynced.length > 0) {
      state.facts.push({ type: "began_anew", worker, partition: partition.partition });
    }
    partition.foundedIn = lead.epoch;
  }
  if (lead.possibleLosses > (possibleLosses.get(slot) ?? 0)) {
    state.facts.push({ type: "possible_loss", worker, partition: partition.partition });
  }
  possibleLosses.set(slot, lead.possibleLosses);
}

function opened(state: ClusterState, partition: Partition): void {
  const { assignment } = partition;
  if (state.handingOver.delete(partition.partition)) {
    state.roomFreed = true;
  }
  if (partition.toldLost) {
    partition.toldLost = false;
    state.facts.push({ type: "found", partition: partition.partition });
  }
  if (assignment !== undefined && assignment.earlier.length > 0) {
    const { primary } = assignment;
    state.facts.push({ type: "opened", worker: primary, partition: partition.partition });
  }
}

/** How many members take part as the leader sees it, itself included. */
function reachedMembers(partition: Partition, lead: LeadReport): number {
  const members = partition.assignment?.members ?? [];
  const reached = lead.followers.filter((follower) => {
    return follower.connected && members.some((member) => isCopy(member, follower));
  });
  return reached.length + 1;
}

export function isCopy(
  one: { readonly worker: string; readonly copy: number },
  other: { readonly worker: string; readonly copy: number },
): boolean {
  return one.worker === other.worker && one.copy === other.copy;
}

/** What of a leader's report decisions rest on: all but how far its followers lag. */
function essenceOf(lead: LeadReport | undefined): string {
  if (lead === undefined) {
    return "";
  }
  const followers = lead.followers.map(({ worker, copy, connected, synced }) => {
    return `${worker} ${copy} ${connected} ${synced}`;
  });
  return `${lead.generation} ${lead.epoch} ${lead.open} ${followers.join()}`;
}
