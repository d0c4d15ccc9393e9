/** What the cluster's command says when everybody is ready. */
import { dirname } from "node:path";
import { formatDuration } from "../../base/duration.ts";
import type { ControllerSettings } from "../../config/settings.ts";
import { colors, count, printLine, printTable } from "../output.ts";
import type { ClusterStatus } from "../partitioned/cluster-status.ts";
import type { ChildNode } from "./child-node.ts";
import type { ClusterPlan } from "./plan.ts";
import type { PartitionedPlan } from "./plan-partitioned.ts";
import { nameForPeople } from "./self-command.ts";

/** What the controller says of the cluster, once it has told anybody. */
type Cluster = NonNullable<ClusterStatus["cluster"]>;

/** Of a leader and its followers. */
export function welcomeToGroup(plan: ClusterPlan, nodes: readonly ChildNode[]): void {
  const { leader, settings } = plan;
  const { writeQuorum, minDelayMs, maxDelayMs, followers, dataDirectory } = settings;
  const program = nameForPeople();
  const at = leader.port === 5000 ? "" : ` --node ${leader.address}`;
  const other = nodes[2] ?? nodes[1] ?? nodes[0];
  printLine(
    `${colors.bold("kvnode cluster")}: write quorum ${writeQuorum} of ${followers.length}, delay ` +
      `${formatDuration(minDelayMs)} to ${formatDuration(maxDelayMs)}, ${keptIn(dataDirectory)}\n`,
  );
  printTable(
    ["NODE", "ADDRESS", "PROCESS"],
    nodes.map(({ plan: { id, address }, pid }) => [id, address, String(pid)]),
  );
  const put = `curl -X PUT ${leader.address}/kv/greeting -H 'content-type: application/json'`;
  printLine(`
Try from another terminal:
  ${put} -d '{"value":"hello"}'
  curl ${other?.plan.address}/kv/greeting
  ${program} status${at}
  kill ${other?.pid}    # stops ${other?.plan.id}; the others go on
  ${program} check${at}
The page: ${leader.address}/
Every call, described: ${leader.address}/swagger
Ctrl-C stops all nodes.`);
}

/** Of a controller and its workers. */
export function welcomeToPartitioned(
  plan: PartitionedPlan,
  nodes: readonly ChildNode[],
  { partitions, replicas, writeQuorum }: Cluster,
): void {
  const { controller, workers, worker, settings } = plan;
  const program = nameForPeople();
  const [first, second, last] = [workers[0], workers[1] ?? workers[0], workers.at(-1)];
  printLine(
    `${colors.bold("kvnode cluster")}: ${count(partitions, "partition")} of ` +
      `${count(replicas, "copy", "copies")} on ${count(workers.length, "worker")}, a write is ` +
      `answered with ${writeQuorum} of them, ${keptIn(worker.dataDirectory)}\n`,
  );
  printTable(
    ["NODE", "ADDRESS", "PROCESS"],
    nodes.map(({ plan: { id, address }, pid }) => [id, address, String(pid)]),
  );
  const victim = nodes.find((node) => node.plan === second);
  const at = ` --node ${controller.address}`;
  printLine(`
The page: ${colors.bold(`${controller.address}/`)}
Try from another terminal:
  ${program} put greeting hello --node ${first?.address}
  ${program} get greeting --node ${last?.address}    # any worker takes any key
  ${program} status${at}
  kill -9 ${victim?.pid}    # ${second?.id} is gone; after ${downAfter(settings)} others do its work
  ${program} check${at}
Every call, described: ${first?.address}/swagger
Ctrl-C stops all nodes.`);
}

/** Of the lab's group with automatic failover; `leader` is the id of the worker that leads. */
export function welcomeToLab(
  plan: PartitionedPlan,
  nodes: readonly ChildNode[],
  { replicas, writeQuorum }: Cluster,
  leader: string | undefined,
): void {
  const { controller, workers, worker, settings } = plan;
  const program = nameForPeople();
  printLine(
    `${colors.bold("kvnode cluster")}: one leader, ${count(replicas - 1, "follower")}, and a ` +
      `controller that appoints another leader when it is gone; ${writeQuorum - 1} followers ` +
      `confirm a write, delay ${formatDuration(worker.minDelayMs)} to ` +
      `${formatDuration(worker.maxDelayMs)}, ${keptIn(worker.dataDirectory)}\n`,
  );
  printTable(
    ["NODE", "ADDRESS", "PROCESS", "ROLE"],
    nodes.map(({ plan: { id, address }, pid }) => {
      const role = id === leader ? colors.green("leader") : "follower";
      return [id, address, String(pid), id === controller.id ? "controller" : role];
    }),
  );
  const leading = nodes.find(({ plan: { id } }) => id === leader);
  const other = workers.find(({ id }) => id !== leader);
  printLine(`
The page: ${colors.bold(`${controller.address}/`)}
Try from another terminal:
  ${program} put greeting hello --node ${other?.address}
  kill -9 ${leading?.pid}    # the leader is gone; after ${downAfter(settings)} another leads
  ${program} get greeting --node ${other?.address}
Sooner: --heartbeat-interval 250ms --heartbeat-timeout 1s --check-interval 100ms
Ctrl-C stops all nodes.`);
}

function keptIn(dataDirectory: string | undefined): string {
  return dataDirectory === undefined ? "in memory" : `data in ${dirname(dataDirectory)}`;
}

function downAfter({ heartbeatTimeoutMs, checkIntervalMs }: ControllerSettings): string {
  return `${formatDuration(heartbeatTimeoutMs)} to ${formatDuration(
    heartbeatTimeoutMs + checkIntervalMs,
  )}`;
}
