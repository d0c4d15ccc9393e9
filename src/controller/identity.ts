/**
 * What holds for a cluster from its first day on. The controller's settings count where they say
 * something, else those of the first worker to register; once stored, nothing changes them.
 */
import { KvError } from "../base/errors.ts";
import { type Random, randomId } from "../base/random.ts";
import type { ClusterIdentity } from "../core/assignment.ts";
import type { Heartbeat } from "../node/heartbeat.ts";

/** What the controller's own settings say of the cluster; undefined: whatever the cluster has. */
export interface ClusterSettings {
  /** As CLUSTER says. */
  readonly cluster: string;
  readonly partitions: number | undefined;
  readonly replicas: number | undefined;
  readonly writeQuorum: number | undefined;
}

/** The settings are not those of the stored cluster; the message says what to do. */
export class ClusterSettingError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "ClusterSettingError";
  }
}

/** Throws ClusterSettingError, which names the setting, where one is not what is stored. */
export function checkSettings(stored: ClusterIdentity, asked: ClusterSettings): void {
  refuseOther("CLUSTER", stored.name, asked.cluster);
  refuseOther("PARTITIONS", stored.partitions, asked.partitions);
  refuseOther("REPLICAS", stored.replicas, asked.replicas);
  refuseOther("WRITE_QUORUM", stored.writeQuorum, asked.writeQuorum);
}

type Value = string | number;

function refuseOther(name: string, stored: Value, asked: Value | undefined): void {
  if (asked === undefined || asked === stored) {
    return;
  }
  throw new ClusterSettingError(
    `${name}="${asked}" is not allowed: this cluster was begun with ${stored}, for good; set ` +
      `${name} to ${stored}${name === "CLUSTER" ? "" : ", or leave it out"} (another one needs ` +
      "a new cluster with directories of its own).",
  );
}

/** Undefined as long as a setting is missing that the first worker has to say. */
export function identityOfSettings(
  asked: ClusterSettings,
  random: Random,
): ClusterIdentity | undefined {
  const { cluster: name, partitions, replicas, writeQuorum } = asked;
  if (partitions === undefined || replicas === undefined || writeQuorum === undefined) {
    return undefined;
  }
  return { id: randomId(random), name, partitions, replicas, writeQuorum };
}

/**
 * What a new cluster is that begins with this heartbeat; throws `not_member` where the worker
 * belongs elsewhere, and `invalid_request` where the settings do not fit together.
 */
export function identityOfFirst(
  asked: ClusterSettings,
  heartbeat: Heartbeat,
  random: Random,
): ClusterIdentity {
  refuseForeign(heartbeat, asked.cluster);
  const partitions = asked.partitions ?? heartbeat.settings.partitions;
  const replicas = asked.replicas ?? heartbeat.settings.replicas;
  const writeQuorum = asked.writeQuorum ?? heartbeat.settings.writeQuorum;
  if (writeQuorum > replicas) {
    throw new KvError({
      code: "invalid_request",
      message:
        `WRITE_QUORUM=${writeQuorum} is above REPLICAS=${replicas}: a write can't be confirmed ` +
        "by more copies than there are; give controller and workers the same settings.",
      outcome: "refused",
      details: { field: "WRITE_QUORUM" },
    });
  }
  return { id: randomId(random), name: asked.cluster, partitions, replicas, writeQuorum };
}

function refuseForeign({ id, cluster, clusterId }: Heartbeat, name: string): void {
  if (cluster !== "" && cluster !== name) {
    throw notMember(
      `${id} has CLUSTER=${cluster} and this controller CLUSTER=${name}: give it this ` +
        "controller's name, or another CONTROLLER.",
    );
  }
  if (clusterId !== undefined) {
    throw notMember(
      `${id} holds data of a cluster (${clusterId}) that this controller does not know: start ` +
        "the controller with the directory of that cluster, or the worker with an empty DATA_DIR.",
    );
  }
}

function notMember(message: string): KvError {
  return new KvError({ code: "not_member", message, outcome: "refused" });
}
