/** What `kvnode status` shows of a partitioned cluster. */
import { colors, count, printable, printJson, printLine, printTable } from "../output.ts";
import type {
  ClusterStatus,
  MemberAnswer,
  PartitionAnswer,
  PartitionedCluster,
  WorkerAnswer,
} from "./cluster-status.ts";

/** More of those that are not as they should be only with --partitions. */
const PARTITIONS_SHOWN = 10;

/** Prints the workers, and of the partitions how they are; with `all`, every one. */
export function showCluster(
  { controller, status }: PartitionedCluster,
  { all, json }: { readonly all: boolean; readonly json: boolean },
): void {
  if (json) {
    const { cluster, workers, partitions, moving } = status;
    printJson({ controller: controller.url, cluster, workers, partitions, moving });
    return;
  }
  printLine(`${status.node} at ${controller.url}: ${describeCluster(status)}\n`);
  if (status.workers.length > 0) {
    const headings = ["WORKER", "ADDRESS", "COPIES", "PRIMARY OF", "HEARTBEAT", "STATE"];
    printTable(headings, status.workers.map(rowOfWorker));
    printLine("");
  }
  printLine(summaryOf(status));
  showPartitions(all ? status.partitions : status.partitions.filter(needsAttention), all);
  for (const { partition, missing } of status.partitions.filter(({ state }) => state === "lost")) {
    const names = missing.join(", ") || "its members";
    printLine(colors.red(printable(`partition ${partition} can't go on without ${names}.`)));
  }
}

function describeCluster({ cluster, workers }: ClusterStatus): string {
  if (cluster === null || workers.length === 0) return "no worker has registered yet";
  const { partitions, replicas, writeQuorum } = cluster;
  return (
    `${count(partitions, "partition")} of ${count(replicas, "copy", "copies")}, ` +
    `${writeQuorum} behind an acknowledged write`
  );
}

/** `64 partitions: 60 ok, 4 moving`. */
export function summaryOf({ partitions }: Pick<ClusterStatus, "partitions">): string {
  const states = new Map<string, number>();
  for (const { state } of partitions) states.set(state, (states.get(state) ?? 0) + 1);
  if (states.size === 0) return "The partitions have not been placed yet.";
  const parts = [...states]
    .sort(([a], [b]) => Number(b === "ok") - Number(a === "ok") || (a < b ? -1 : 1))
    .map(([state, amount]) => paint(state, `${amount} ${state}`));
  return `${count(partitions.length, "partition")}: ${parts.join(", ")}`;
}

function needsAttention({ state }: PartitionAnswer): boolean {
  return state !== "ok";
}

function showPartitions(partitions: readonly PartitionAnswer[], all: boolean): void {
  if (partitions.length === 0) return;
  const shown = all ? partitions : partitions.slice(0, PARTITIONS_SHOWN);
  printLine("");
  printTable(["PARTITION", "GENERATION", "PRIMARY", "OTHERS", "STATE"], shown.map(rowOfPartition));
  const more = partitions.length - shown.length;
  if (more > 0) printLine(`and ${more} more: --partitions shows all`);
}

function rowOfWorker(worker: WorkerAnswer): string[] {
  const { id, address, partitions, primaries, heartbeatAgeMs, status } = worker;
  const age = heartbeatAgeMs === null ? "never" : `${showAge(heartbeatAgeMs)} ago`;
  const state = status === "up" ? colors.green(status) : paintWorker(status);
  return [id, address, String(partitions), String(primaries), age, state];
}

function paintWorker(status: WorkerAnswer["status"]): string {
  return status === "down" ? colors.red(status) : colors.yellow(status);
}

function showAge(ms: number): string {
  const seconds = Math.round(ms / 100) / 10;
  return seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}

function rowOfPartition(answer: PartitionAnswer): string[] {
  const { partition, generation, primary, members, state } = answer;
  const others = members.filter(({ role }) => role !== "primary").map(showMember);
  return [
    String(partition),
    String(generation),
    primary ?? "none",
    others.join(", "),
    paint(state, state),
  ];
}

/** A replica by its name alone where all is well with it. */
function showMember({ id, role, state, lagEntries }: MemberAnswer): string {
  const lag = state === "catching up" && lagEntries !== null ? `, ${lagEntries} behind` : "";
  if (role === "replica" && state === "synced") return id;
  return `${id} (${role === "replica" ? "" : `${role}, `}${state}${lag})`;
}

function paint(state: string, text: string): string {
  if (state === "ok") return colors.green(text);
  return state === "lost" ? colors.red(text) : colors.yellow(text);
}
