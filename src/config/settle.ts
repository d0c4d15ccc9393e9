/** Defaults, and what no setting can check alone. */
import { formatDuration } from "../base/duration.ts";
import { defaultAddress } from "./address.ts";
import type { Notes, Parsed, Settled } from "./parsed.ts";
import type { Role } from "./role.ts";
import { SettingError } from "./setting.ts";
import type {
  CommonSettings,
  ControllerSettings,
  CopySettings,
  GroupNodeSettings,
  Settings,
  WorkerSettings,
} from "./settings.ts";
import { settleCluster, settleController, settleLiveness } from "./settle-partitioned.ts";

const MIB = 1024 ** 2;

/** The role that is named; without one, a node that has a controller is a worker. */
export function roleOf(parsed: Parsed): Role {
  return parsed.ROLE ?? (parsed.CONTROLLER === undefined ? "leader" : "worker");
}

/** The settings of one node; throws SettingError where they do not go together. */
export function settle(parsed: Parsed, terminal: boolean): Settled<Settings> {
  const role = roleOf(parsed);
  const common = settleCommon(role, parsed, terminal);
  if (role === "controller") return settleAsController(common, parsed);
  if (role === "worker") return settleAsWorker(common, parsed);
  return settleGroupNode(role, common, parsed);
}

function settleCommon(role: Role, parsed: Parsed, terminal: boolean): CommonSettings {
  const host = parsed.HOST ?? "0.0.0.0";
  const port = parsed.PORT ?? 5000;
  return {
    nodeId: parsed.NODE_ID ?? role,
    host,
    port,
    address: parsed.ADDRESS ?? defaultAddress(host, port),
    replicationTimeoutMs: parsed.REPLICATION_TIMEOUT ?? 2_000,
    cluster: parsed.CLUSTER ?? "kvnode",
    maxValueBytes: parsed.MAX_VALUE_BYTES ?? MIB,
    pendingBytes: parsed.PENDING_BYTES ?? 64 * MIB,
    maxConnections: parsed.MAX_CONNECTIONS ?? 4_096,
    idleTimeoutMs: parsed.IDLE_TIMEOUT ?? 30_000,
    logLevel: parsed.LOG_LEVEL ?? "info",
    logFormat: parsed.LOG_FORMAT ?? (terminal ? "pretty" : "json"),
  };
}

function settleGroupNode(
  role: GroupNodeSettings["role"],
  common: CommonSettings,
  parsed: Parsed,
): Settled<GroupNodeSettings> {
  if (parsed.CONTROLLER !== undefined) {
    throw new SettingError(
      `CONTROLLER="${parsed.CONTROLLER}" is not allowed: a ${role} has no controller. Leave it ` +
        "out, or make this node a worker (ROLE=worker).",
    );
  }
  const followers = parsed.FOLLOWERS ?? [];
  if (role === "leader") {
    refuseItself("FOLLOWERS", "leader", followers, common);
  }
  const quorum = settleQuorum(role, followers.length, parsed.WRITE_QUORUM);
  const copies = settleCopies(parsed);
  return {
    settings: { role, ...common, ...copies.settings, followers, writeQuorum: quorum.value },
    notes: { ...copies.notes, WRITE_QUORUM: quorum.note },
  };
}

function settleAsWorker(common: CommonSettings, parsed: Parsed): Settled<WorkerSettings> {
  const controller = parsed.CONTROLLER;
  if (controller === undefined) {
    throw new SettingError(
      "CONTROLLER is missing: a worker needs its controller's URL, such as http://controller:8000.",
    );
  }
  refuseItself("CONTROLLER", "worker", [controller], common);
  const copies = settleCopies(parsed);
  const cluster = settleCluster(parsed);
  return {
    settings: {
      role: "worker",
      ...common,
      ...copies.settings,
      ...settleLiveness(parsed),
      ...cluster.settings,
      controller,
      rebalanceBytesPerSecond: parsed.REBALANCE_RATE ?? 32 * MIB,
    },
    notes: { ...copies.notes, ...cluster.notes },
  };
}

function settleAsController(common: CommonSettings, parsed: Parsed): Settled<ControllerSettings> {
  const workers = parsed.WORKERS ?? [];
  refuseItself("WORKERS", "controller", workers, common);
  const own = settleController(parsed, common.nodeId);
  return {
    settings: { role: "controller", ...common, workers, ...own.settings },
    notes: own.notes,
  };
}

const LOOPBACK = ["http://127.0.0.1", "http://localhost", "http://[::1]"];

function refuseItself(
  variable: string,
  itself: Role,
  addresses: readonly string[],
  { port, address }: CommonSettings,
): void {
  const own = addresses.find(
    (each) =>
      each === address ||
      (LOOPBACK.includes(each.replace(/:\d+$/, "")) && each.endsWith(`:${port}`)),
  );
  if (own === undefined) return;
  throw new SettingError(
    `${variable} is not allowed: ${own} is this ${itself} itself; give each node a port of its ` +
      "own.",
  );
}

const DEFAULT_QUORUM = 3;

/** A quorum that was asked for is never lowered in silence; only the default bends. */
function settleQuorum(
  role: GroupNodeSettings["role"],
  followers: number,
  asked: number | undefined,
): { value: number; note: string } {
  const value = asked ?? DEFAULT_QUORUM;
  if (role === "follower" || value <= followers) return { value, note: "" };
  if (asked !== undefined) {
    throw new SettingError(
      `WRITE_QUORUM="${asked}" is not allowed: allowed is a whole number from 0 to ${followers}, ` +
        `the number of followers in FOLLOWERS.`,
    );
  }
  const note = ` (the default ${DEFAULT_QUORUM} is more than the followers there are)`;
  return { value: followers, note };
}

function settleCopies(parsed: Parsed): Settled<CopySettings> {
  const delay = settleDelay(parsed.MIN_DELAY, parsed.MAX_DELAY);
  const notes: Notes = { MAX_DELAY: delay.note };
  const settings: CopySettings = {
    minDelayMs: delay.minMs,
    maxDelayMs: delay.maxMs,
    dataDirectory: parsed.DATA_DIR,
    linkQueueBytes: parsed.LINK_QUEUE_BYTES ?? 16 * MIB,
  };
  return { settings, notes };
}

/** Only a shortest delay given means a constant one; only a longest, one from 0 up. */
function settleDelay(
  minMs: number | undefined,
  maxMs: number | undefined,
): { minMs: number; maxMs: number; note: string } {
  if (maxMs === undefined) {
    const note = minMs ? " (the same as MIN_DELAY, as no other was given)" : "";
    return { minMs: minMs ?? 0, maxMs: minMs ?? 0, note };
  }
  if ((minMs ?? 0) <= maxMs) return { minMs: minMs ?? 0, maxMs, note: "" };
  throw new SettingError(
    `MIN_DELAY="${formatDuration(minMs ?? 0)}" is not allowed: allowed is at most MAX_DELAY, ` +
      `which is ${formatDuration(maxMs)}.`,
  );
}
