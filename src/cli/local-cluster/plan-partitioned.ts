/**
 * What a local partitioned cluster consists of: a controller and its workers. Every node's settings
 * are checked here, before the first process starts.
 */
import { invariant } from "../../base/invariant.ts";
import type { ControllerSettings, WorkerSettings } from "../../config/settings.ts";
import { readSettings } from "../../config.ts";
import { CommandError, EXIT } from "../exit-code.ts";
import {
  type Environment,
  type NodePlan,
  planNode,
  refusePortsOutside,
  sharedEnvironment,
} from "./node-plan.ts";
import { withDelays } from "./plan.ts";

/** More processes than this on one machine show nothing new. */
export const LOCAL_WORKERS_MAX = 30;

/** The lab's group: one leader and five followers, three of which confirm a write. */
export const LAB = { workers: 6, partitions: 1, replicas: 6, writeQuorum: 4 } as const;

export interface PartitionedOptions {
  readonly workers: number;
  /** The controller's port; the workers take the next ones. */
  readonly port: number;
  readonly host: string;
  /** Where the controller keeps its decisions when the settings name no directory. */
  readonly controllerDirectory: string;
  /** The lab's network, unless other delays are given; else none. */
  readonly lab: boolean;
  /** As ClusterOptions. */
  readonly settings: Environment;
}

export interface PartitionedPlan {
  readonly controller: NodePlan;
  readonly workers: readonly NodePlan[];
  /** The first worker's settings and the controller's, as they will understand them. */
  readonly worker: WorkerSettings;
  readonly settings: ControllerSettings;
}

/** Plans a cluster; throws SettingError or CommandError for what can't work. */
export function planPartitioned(
  options: PartitionedOptions,
  environment: Environment,
): PartitionedPlan {
  const { host, port, workers: amount } = options;
  refusePortsOutside(port, amount, `A controller on ${port} and ${amount} workers behind it`);
  if (amount < 1 || amount > LOCAL_WORKERS_MAX) {
    throw new CommandError(`Allowed are 1 to ${LOCAL_WORKERS_MAX} workers.`, EXIT.usage);
  }
  const shared = sharedEnvironment(options.settings, environment);
  // A worker alone is a cluster too, but the default quorum would never be there.
  if (amount === 1) shared.WRITE_QUORUM ??= "1";
  const common = options.lab ? withDelays(shared) : shared;
  const place = { host, port, role: "controller" } as const;
  const { address } = planNode("controller", place, common);
  const workers = Array.from({ length: amount }, (_, index) =>
    planNode(
      `worker${index + 1}`,
      { host, port: port + 1 + index, role: "worker" },
      { ...without(common, CONTROLLERS_OWN), CONTROLLER: address },
    ),
  );
  const controller = planNode("controller", place, {
    DATA_DIR: options.controllerDirectory,
    ...without(common, WORKERS_OWN),
    WORKERS: workers.map((worker) => worker.address).join(","),
  });
  const [worker] = workers.map(readWorker);
  invariant(worker !== undefined, "there is a worker");
  if (worker.writeQuorum > amount) {
    throw new CommandError(
      `WRITE_QUORUM is ${worker.writeQuorum}, so at least as many workers are needed: ` +
        `--workers ${worker.writeQuorum}.`,
      EXIT.usage,
    );
  }
  return { controller, workers, worker, settings: readController(controller) };
}

/** They would be warned about where they mean nothing. */
const CONTROLLERS_OWN = ["CHECK_INTERVAL", "REBALANCE_PARTITIONS"];
const WORKERS_OWN = ["MIN_DELAY", "MAX_DELAY", "LINK_QUEUE_BYTES", "REBALANCE_RATE"];

function without(
  environment: Readonly<Record<string, string>>,
  names: readonly string[],
): Record<string, string> {
  const kept = Object.entries(environment).filter(([name]) => !names.includes(name));
  return Object.fromEntries(kept);
}

function readWorker({ env }: NodePlan): WorkerSettings {
  const { settings } = readSettings({ env });
  invariant(settings.role === "worker", "a worker has this role");
  return settings;
}

function readController({ env }: NodePlan): ControllerSettings {
  const { settings } = readSettings({ env });
  invariant(settings.role === "controller", "a controller has this role");
  return settings;
}
