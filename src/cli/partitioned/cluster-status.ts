/** Finds the controller of a partitioned cluster by asking any of its nodes, and what it says. */
import { CommandError, EXIT } from "../exit-code.ts";
import type { NodeClient } from "../node-client.ts";

/** The controller's /status, as far as the commands look at it. */
export interface ClusterStatus {
  readonly node: string;
  readonly cluster: {
    readonly id: string;
    readonly name: string;
    readonly partitions: number;
    readonly replicas: number;
    readonly writeQuorum: number;
  } | null;
  readonly workers: readonly WorkerAnswer[];
  readonly partitions: readonly PartitionAnswer[];
  readonly moving: readonly MoveAnswer[];
}

export interface WorkerAnswer {
  readonly id: string;
  readonly address: string;
  readonly status: "up" | "down" | "draining";
  readonly heartbeatAgeMs: number | null;
  /** How many copies it is to keep, and of how many partitions it is the primary. */
  readonly partitions: number;
  readonly primaries: number;
}

export interface PartitionAnswer {
  readonly partition: number;
  readonly generation: number;
  readonly epoch: number;
  /** The worker's id. */
  readonly primary: string | null;
  readonly members: readonly MemberAnswer[];
  /** `ok`, or what goes on: `taking over`, `under-replicated`, `catching up`, `moving`, `lost`. */
  readonly state: string;
  /** Ids of those without whom it can't go on. */
  readonly missing: readonly string[];
}

export interface MemberAnswer {
  readonly id: string;
  readonly address: string;
  readonly role: "primary" | "replica" | "learner" | "away";
  readonly state: "synced" | "catching up" | "down" | "unknown";
  readonly lagEntries: number | null;
}

export interface MoveAnswer {
  readonly partition: number;
  readonly worker: string;
}

/** A partitioned cluster as one of its nodes shows the way to it. */
export interface PartitionedCluster {
  /** Of the controller, as it is reached from here. */
  readonly controller: NodeClient;
  readonly status: ClusterStatus;
}

/** Which kind of node answers at an address. */
export type NodeKind =
  | { readonly kind: "controller" }
  | { readonly kind: "worker"; readonly controller: string }
  | { readonly kind: "group" };

/** Throws CommandError where nobody answers, or not as a kvnode does. */
export async function kindOf(client: NodeClient): Promise<NodeKind> {
  const { role, controller } = await client.get("/status?data=false");
  if (role === "controller") return { kind: "controller" };
  if (typeof controller === "string") return { kind: "worker", controller };
  return { kind: "group" };
}

/** The cluster to which the asked node belongs; undefined for a node of a leader/follower group. */
export async function findPartitioned(asked: NodeClient): Promise<PartitionedCluster | undefined> {
  const found = await kindOf(asked);
  if (found.kind === "group") return undefined;
  if (found.kind === "controller") return readCluster(asked);
  try {
    return await readCluster(asked.at(found.controller));
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw new CommandError(
      `${asked.url} is a worker, and its controller can't be asked: ${error.message} Where it has ` +
        "another address from here, name that by --node URL. Reads and writes go on without it.",
      error.exitCode,
    );
  }
}

/** What the controller says now. */
export async function readCluster(controller: NodeClient): Promise<PartitionedCluster> {
  const body = await controller.get("/status");
  const isController =
    body.role === "controller" && Array.isArray(body.workers) && Array.isArray(body.partitions);
  if (!isController) {
    throw new CommandError(
      `${controller.url} is no controller, or of another version.`,
      EXIT.unreachable,
    );
  }
  return { controller, status: body as unknown as ClusterStatus };
}
