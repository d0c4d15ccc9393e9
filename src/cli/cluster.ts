/** `kvnode cluster`: a whole cluster on this machine, as child processes of this one. */
import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Command, Option } from "commander";
import { FOLLOWERS_MAX } from "../config/address.ts";
import { PARTITIONS_MAX, REPLICAS_MAX } from "../config/table.ts";
import { addExamples, parseCount } from "./client-options.ts";
import { CommandError, EXIT } from "./exit-code.ts";
import { FailoverWatch } from "./local-cluster/failover-watch.ts";
import type { NodePlan } from "./local-cluster/node-plan.ts";
import { showPartitionedLine } from "./local-cluster/partitioned-lines.ts";
import { planCluster } from "./local-cluster/plan.ts";
import {
  LAB,
  LOCAL_WORKERS_MAX,
  type PartitionedPlan,
  planPartitioned,
} from "./local-cluster/plan-partitioned.ts";
import { refusalWatch } from "./local-cluster/refusal-watch.ts";
import { RunningCluster } from "./local-cluster/running-cluster.ts";
import { findTakenPorts } from "./local-cluster/taken-ports.ts";
import { welcomeToGroup, welcomeToLab, welcomeToPartitioned } from "./local-cluster/welcome.ts";
import { NodeClient } from "./node-client.ts";
import { readCluster } from "./partitioned/cluster-status.ts";

interface ClusterFlags {
  readonly followers?: number;
  readonly partitioned?: boolean;
  readonly autoFailover?: boolean;
  readonly workers?: number;
  readonly replicas?: number;
  readonly partitions?: number;
  readonly port?: number;
  readonly host: string;
  readonly minDelay?: string;
  readonly maxDelay?: string;
  readonly writeQuorum?: string;
  readonly replicationTimeout?: string;
  readonly heartbeatInterval?: string;
  readonly heartbeatTimeout?: string;
  readonly checkInterval?: string;
  readonly dataDir?: string;
  readonly logLevel?: string;
  readonly verbose?: boolean;
}

const DEFAULT_FOLLOWERS = 5;
const DEFAULT_WORKERS = 4;
const LEADER_PORT = 5000;
const CONTROLLER_PORT = 8000;
const READY_TIMEOUT_MS = 15_000;

/** Adds the command to the program. */
export function addCluster(program: Command): void {
  const command = program
    .command("cluster")
    .summary("a leader and its followers on this machine, or a controller and its workers")
    .description(
      "Starts a leader and its followers as processes of this machine, and stops them all at " +
        "Ctrl-C. A node that you stop by hand stays stopped; the others go on. With --data-dir " +
        "they keep what they hold on disk, and the same command starts them with it again.\n\n" +
        "With --partitioned: a controller and workers, over which the keys are spread. With " +
        "--auto-failover: the lab's group of six, and a controller that appoints another leader " +
        "when the leader is gone; how long nobody could write is measured and printed.",
    )
    .option("--partitioned", "a controller and its workers")
    .addOption(
      new Option(
        "--auto-failover",
        "a leader, five followers, and a controller that replaces it",
      ).conflicts(["partitioned", "followers", "workers", "replicas", "partitions"]),
    );
  addSizes(command);
  addSettings(command);
  command
    .option("--verbose", "show every log line of the nodes, not only warnings and errors")
    .action(cluster);
  addExamples(command, [
    "kvnode cluster",
    "kvnode cluster --write-quorum 5 --max-delay 20ms",
    "kvnode cluster --data-dir ./data",
    "kvnode cluster --followers 2 --port 6000 --verbose",
    "kvnode cluster --partitioned --workers 5 --replicas 2",
    "kvnode cluster --auto-failover --heartbeat-interval 250ms --heartbeat-timeout 1s",
  ]);
}

function addSizes(command: Command): void {
  const ports = `the leader's or controller's; the others take the next ones (default: \
${LEADER_PORT}, of a controller ${CONTROLLER_PORT})`;
  const counted = (flag: string, text: string, least: number, most: number): Option =>
    new Option(`${flag} <count>`, text).argParser(parseCount(least, most));
  command
    .addOption(
      counted(
        "--followers",
        `how many followers (default: ${DEFAULT_FOLLOWERS})`,
        0,
        FOLLOWERS_MAX,
      ).conflicts(["partitioned", "workers", "replicas", "partitions"]),
    )
    .addOption(
      counted("--workers", `how many workers (default: ${DEFAULT_WORKERS})`, 1, LOCAL_WORKERS_MAX),
    )
    .addOption(counted("--replicas", "copies of each key (default: 3)", 1, REPLICAS_MAX))
    .addOption(counted("--partitions", "parts of the keys (default: 64)", 1, PARTITIONS_MAX))
    .addOption(new Option("--port <port>", ports).argParser(parseCount(1, 65_535)))
    .option("--host <host>", "the interface to listen on", "127.0.0.1");
}

function addSettings(command: Command): void {
  const options: readonly (readonly [string, string])[] = [
    [
      "--write-quorum <count>",
      "followers that confirm a write (default: 3); partitioned: copies, the primary's included " +
        "(default: 2; with --auto-failover 4)",
    ],
    ["--min-delay <duration>", "shortest network delay (default: 0.1ms; partitioned: 0ms)"],
    ["--max-delay <duration>", "longest network delay (default: 1ms; partitioned: 0ms)"],
    ["--replication-timeout <duration>", "then a write is indeterminate (default: 2s)"],
    ["--heartbeat-interval <duration>", "partitioned: of each worker (default: 1s)"],
    ["--heartbeat-timeout <duration>", "partitioned: then a worker is down (default: 6s)"],
    ["--check-interval <duration>", "partitioned: the controller's (default: 2s)"],
    [
      "--data-dir <directory>",
      "where each node keeps its data, in a directory of its own (default: in memory)",
    ],
    ["--log-level <level>", "of the nodes (default: info)"],
  ];
  for (const [flag, text] of options) command.addOption(new Option(flag, text));
}

async function cluster(flags: ClusterFlags): Promise<void> {
  if (flags.partitioned || flags.autoFailover) return partitionedCluster(flags);
  for (const flag of [
    ...(["workers", "replicas", "partitions"] as const),
    ...(["heartbeatInterval", "heartbeatTimeout", "checkInterval"] as const),
  ]) {
    if (flags[flag] === undefined) continue;
    const name = flag.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    throw new CommandError(`--${name} needs --partitioned or --auto-failover.`, EXIT.usage);
  }
  const { host, port = LEADER_PORT, followers = DEFAULT_FOLLOWERS } = flags;
  const plan = planCluster({ followers, port, host, settings: settingsOf(flags) }, process.env);
  const nodes = [plan.leader, ...plan.followers];
  refuseTakenPorts(nodes, host);
  const running = new RunningCluster({
    nodes,
    // A leader that finds its followers listening is ready a moment sooner.
    last: plan.leader,
    awaited: [plan.leader],
    readyTimeoutMs: READY_TIMEOUT_MS,
    verbose: flags.verbose ?? false,
  });
  await running.run(() => welcomeToGroup(plan, running.nodes));
}

async function partitionedCluster(flags: ClusterFlags): Promise<void> {
  const lab = flags.autoFailover ?? false;
  const { host, port = CONTROLLER_PORT, workers = lab ? LAB.workers : DEFAULT_WORKERS } = flags;
  // Only where none is given: what a controller has decided must outlive it, not the cluster.
  const temporary = join(tmpdir(), `kvnode-cluster-${randomBytes(6).toString("hex")}`);
  const plan = planPartitioned(
    {
      workers,
      port,
      host,
      controllerDirectory: temporary,
      lab,
      settings: lab ? labSettingsOf(flags) : settingsOf(flags),
    },
    process.env,
  );
  const nodes = [plan.controller, ...plan.workers];
  refuseTakenPorts(nodes, host);
  const refusal = refusalWatch(plan);
  const running: RunningCluster = new RunningCluster({
    nodes,
    awaited: plan.workers,
    readyTimeoutMs: READY_TIMEOUT_MS + plan.settings.heartbeatTimeoutMs,
    showLine: showPartitionedLine,
    hopeless: async () => {
      const controller = running.nodes.find((node) => node.plan === plan.controller);
      return controller?.running ? refusal() : "The controller has ended, so nobody can begin.";
    },
    verbose: flags.verbose ?? false,
  });
  try {
    await (lab ? runLab(plan, running) : runPartitioned(plan, running));
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

async function runPartitioned(plan: PartitionedPlan, running: RunningCluster): Promise<void> {
  const controller = new NodeClient(plan.controller.address, READY_TIMEOUT_MS);
  await running.run(async () => {
    const { cluster } = (await readCluster(controller)).status;
    if (cluster !== null) welcomeToPartitioned(plan, running.nodes, cluster);
  });
}

async function runLab(plan: PartitionedPlan, running: RunningCluster): Promise<void> {
  const watch = new FailoverWatch({
    controller: plan.controller.address,
    workers: running.nodes.filter((node) => node.plan !== plan.controller),
    heartbeatIntervalMs: plan.worker.heartbeatIntervalMs,
    stopped: () => running.stopping,
  });
  await running.run(async () => {
    const { cluster, leader } = await watch.start();
    if (cluster !== null) welcomeToLab(plan, running.nodes, cluster, leader);
  });
}

function settingsOf(flags: ClusterFlags): Record<string, string | undefined> {
  return {
    WRITE_QUORUM: flags.writeQuorum,
    MIN_DELAY: flags.minDelay,
    MAX_DELAY: flags.maxDelay,
    REPLICATION_TIMEOUT: flags.replicationTimeout,
    DATA_DIR: flags.dataDir,
    LOG_LEVEL: flags.logLevel,
    REPLICAS: flags.replicas?.toString(),
    PARTITIONS: flags.partitions?.toString(),
    HEARTBEAT_INTERVAL: flags.heartbeatInterval,
    HEARTBEAT_TIMEOUT: flags.heartbeatTimeout,
    CHECK_INTERVAL: flags.checkInterval,
  };
}

/** One group of six whatever the environment says; its quorum may be turned. */
function labSettingsOf(flags: ClusterFlags): Record<string, string | undefined> {
  const { REPLICAS: _replicas, PARTITIONS: _partitions, ...others } = settingsOf(flags);
  return {
    ...others,
    REPLICAS: String(LAB.replicas),
    PARTITIONS: String(LAB.partitions),
    WRITE_QUORUM: flags.writeQuorum ?? String(LAB.writeQuorum),
  };
}

function refuseTakenPorts(nodes: readonly NodePlan[], host: string): void {
  const taken = findTakenPorts(
    host,
    nodes.map(({ port }) => port),
  );
  const [first] = taken;
  if (first === undefined) return;
  if (first.reason !== "EADDRINUSE") {
    throw new CommandError(`Can't listen on ${host}:${first.port} (${first.reason}).`, EXIT.usage);
  }
  const ports = taken.map(({ port }) => port).join(", ");
  throw new CommandError(
    `Something listens on port ${ports} already: stop it, or take other ports with --port ` +
      `${(nodes[0]?.port ?? 0) + 1000}.`,
    EXIT.usage,
  );
}
