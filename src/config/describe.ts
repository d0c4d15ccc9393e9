/** Every setting as it was understood, for the start line of the log. */
import { formatBytes } from "../base/bytes.ts";
import { formatDuration } from "../base/duration.ts";
import type { Settled } from "./parsed.ts";
import type { Role } from "./role.ts";
import type { Setting } from "./setting.ts";
import type {
  ControllerSettings,
  CopySettings,
  GroupNodeSettings,
  LivenessSettings,
  Settings,
  WorkerSettings,
} from "./settings.ts";
import { SETTINGS, type SettingName, settingNames } from "./table.ts";

/** By variable; those that mean nothing to the node's role are left out. */
export type Described = Readonly<Partial<Record<SettingName, string>>>;

/** Whether a setting means something to a node of this role. */
export function concerns(name: SettingName, role: Role): boolean {
  const { roles } = SETTINGS[name] as Setting<unknown>;
  return roles === undefined || roles.includes(role);
}

/** Texts in the order of the table. */
export function describeSettings({ settings, notes }: Settled<Settings>): Described {
  const texts = textsOf(settings);
  const described: Partial<Record<SettingName, string>> = {};
  for (const name of settingNames()) {
    if (concerns(name, settings.role)) described[name] = (texts[name] ?? "") + (notes[name] ?? "");
  }
  return described;
}

function textsOf(settings: Settings): Described {
  const common: Described = {
    ROLE: settings.role,
    NODE_ID: settings.nodeId,
    HOST: settings.host,
    PORT: String(settings.port),
    ADDRESS: settings.address,
    REPLICATION_TIMEOUT: formatDuration(settings.replicationTimeoutMs),
    CLUSTER: settings.cluster,
    MAX_VALUE_BYTES: formatBytes(settings.maxValueBytes),
    PENDING_BYTES: formatBytes(settings.pendingBytes),
    MAX_CONNECTIONS: String(settings.maxConnections),
    IDLE_TIMEOUT: formatDuration(settings.idleTimeoutMs),
    LOG_LEVEL: settings.logLevel,
    LOG_FORMAT: settings.logFormat,
  };
  switch (settings.role) {
    case "controller":
      return { ...common, ...ofController(settings) };
    case "worker":
      return { ...common, ...ofCopies(settings), ...ofWorker(settings) };
    default:
      return { ...common, ...ofCopies(settings), ...ofGroupNode(settings) };
  }
}

function ofCopies(settings: CopySettings): Described {
  return {
    MIN_DELAY: formatDuration(settings.minDelayMs),
    MAX_DELAY: formatDuration(settings.maxDelayMs),
    DATA_DIR: settings.dataDirectory ?? "none: in memory",
    LINK_QUEUE_BYTES: formatBytes(settings.linkQueueBytes),
  };
}

function ofGroupNode({ followers, writeQuorum }: GroupNodeSettings): Described {
  return { FOLLOWERS: followers.join(",") || "none", WRITE_QUORUM: String(writeQuorum) };
}

function ofWorker(settings: WorkerSettings): Described {
  return {
    CONTROLLER: settings.controller,
    PARTITIONS: String(settings.partitions),
    REPLICAS: String(settings.replicas),
    WRITE_QUORUM: String(settings.writeQuorum),
    ...ofLiveness(settings),
    REBALANCE_RATE: `${formatBytes(settings.rebalanceBytesPerSecond)}/s`,
  };
}

function ofController(settings: ControllerSettings): Described {
  const orFirst = (value: number | undefined): string =>
    value === undefined ? "as the first worker says" : String(value);
  return {
    DATA_DIR: settings.dataDirectory,
    WORKERS: settings.workers.join(",") || "none",
    PARTITIONS: orFirst(settings.partitions),
    REPLICAS: orFirst(settings.replicas),
    WRITE_QUORUM: orFirst(settings.writeQuorum),
    ...ofLiveness(settings),
    CHECK_INTERVAL: formatDuration(settings.checkIntervalMs),
    REBALANCE_PARTITIONS: String(settings.rebalancePartitions),
  };
}

function ofLiveness({ heartbeatIntervalMs, heartbeatTimeoutMs }: LivenessSettings): Described {
  return {
    HEARTBEAT_INTERVAL: formatDuration(heartbeatIntervalMs),
    HEARTBEAT_TIMEOUT: formatDuration(heartbeatTimeoutMs),
  };
}
