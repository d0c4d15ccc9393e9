/** What the settings of a partitioned cluster are where nobody says otherwise, and together. */
import { join, resolve } from "node:path";
import { formatDuration } from "../base/duration.ts";
import type { Parsed, Settled } from "./parsed.ts";
import { SettingError } from "./setting.ts";
import type { ControllerSettings, LivenessSettings, WorkerSettings } from "./settings.ts";

const DEFAULT_PARTITIONS = 64;
const DEFAULT_REPLICAS = 3;
const DEFAULT_WRITE_QUORUM = 2;

type ClusterSettings = Pick<WorkerSettings, "partitions" | "replicas" | "writeQuorum">;

/** What a worker asks for; it holds where it is the first and the controller sets nothing. */
export function settleCluster(parsed: Parsed): Settled<ClusterSettings> {
  const replicas = parsed.REPLICAS ?? DEFAULT_REPLICAS;
  const quorum = settleWriteQuorum(parsed);
  return {
    settings: {
      partitions: parsed.PARTITIONS ?? DEFAULT_PARTITIONS,
      replicas,
      writeQuorum: quorum.value ?? DEFAULT_WRITE_QUORUM,
    },
    notes: { WRITE_QUORUM: quorum.note },
  };
}

/** What is the controller's alone, and what of the cluster's it sets. */
export function settleController(
  parsed: Parsed,
  nodeId: string,
): Settled<
  Pick<
    ControllerSettings,
    | "dataDirectory"
    | "partitions"
    | "replicas"
    | "writeQuorum"
    | "heartbeatIntervalMs"
    | "heartbeatTimeoutMs"
    | "checkIntervalMs"
    | "rebalancePartitions"
  >
> {
  const quorum = settleWriteQuorum(parsed);
  return {
    settings: {
      ...settleLiveness(parsed),
      dataDirectory: parsed.DATA_DIR ?? resolve(join("kvnode-data", nodeId)),
      partitions: parsed.PARTITIONS,
      replicas: parsed.REPLICAS,
      writeQuorum: quorum.value,
      checkIntervalMs: parsed.CHECK_INTERVAL ?? 2_000,
      rebalancePartitions: parsed.REBALANCE_PARTITIONS ?? 4,
    },
    notes: { WRITE_QUORUM: quorum.note },
  };
}

/** Each side checks both: a time-out that no heartbeat meets would take everybody for down. */
export function settleLiveness(parsed: Parsed): LivenessSettings {
  const heartbeatIntervalMs = parsed.HEARTBEAT_INTERVAL ?? 1_000;
  const heartbeatTimeoutMs = parsed.HEARTBEAT_TIMEOUT ?? 6_000;
  if (heartbeatTimeoutMs > heartbeatIntervalMs) return { heartbeatIntervalMs, heartbeatTimeoutMs };
  throw new SettingError(
    `HEARTBEAT_TIMEOUT="${formatDuration(heartbeatTimeoutMs)}" is not allowed: allowed is more ` +
      `than HEARTBEAT_INTERVAL, which is ${formatDuration(heartbeatIntervalMs)} (give the ` +
      "controller and the workers the same).",
  );
}

/**
 * Undefined where nobody has asked for one and the default is possible. A quorum that was asked for
 * is never lowered; the default bends where there are fewer copies than it.
 */
function settleWriteQuorum(parsed: Parsed): { value: number | undefined; note: string } {
  const { WRITE_QUORUM: asked, REPLICAS: replicas = DEFAULT_REPLICAS } = parsed;
  if (asked === undefined) {
    if (replicas >= DEFAULT_WRITE_QUORUM) return { value: undefined, note: "" };
    const note = ` (the default ${DEFAULT_WRITE_QUORUM} is more than REPLICAS)`;
    return { value: replicas, note };
  }
  if (asked >= 1 && asked <= replicas) return { value: asked, note: "" };
  const whence = parsed.REPLICAS === undefined ? `, by default ${replicas}: raise both` : "";
  throw new SettingError(
    `WRITE_QUORUM="${asked}" is not allowed: allowed is a whole number from 1 to ${replicas}, ` +
      `the copies that REPLICAS says${whence}.`,
  );
}
