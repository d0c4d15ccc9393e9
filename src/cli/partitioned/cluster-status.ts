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
  /** Heartbeats that were refused lately. */
  readonly refused: readonly RefusalAnswer[];
}

export interface RefusalAnswer {
  readonly id: string;
  readonly address: string;
  /** The error's code. */
  readonly error: string;
  readonly message: string;
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

/** The cluster to which the asked node belongs; undefined for a node of a leader/follower group. */
export async function findPartitioned(asked: NodeClient): Promise<PartitionedCluster | undefined> {
  const { role, controller, cluster } = await asked.get("/status?data=false");
  if (role === "controller") return readCluster(asked);
  if (typeof controller !== "string") return undefined;
  try {
    return await readCluster(asked.at(controller));
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    const besides = await findBeside(asked, controller, (cluster as { id?: unknown } | null)?.id);
    if (besides !== undefined) return besides;
    throw new CommandError(
      `${asked.url} is a worker, and its controller can't be asked: ${error.message} Where it ` +
        "has another address from here, name that by --node URL. Reads and writes go on " +
        "without it.",
      error.exitCode,
    );
  }
}

/**
 * The controller where the asked worker is, on its own port: so it is where the ports of containers
 * are published, whose names mean nothing out here. Whoever answers must know the same cluster.
 */
async function findBeside(
  asked: NodeClient,
  controller: string,
  clusterId: unknown,
): Promise<PartitionedCluster | undefined> {
  const url = new URL(asked.url);
  url.port = new URL(controller).port;
  try {
    const found = await readCluster(asked.at(url.origin));
    return found.status.cluster?.id === clusterId ? found : undefined;
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return undefined;
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
  const status = body as unknown as ClusterStatus;
  // As people count: worker2 before worker10.
  const { compare } = new Intl.Collator("en", { numeric: true });
  const workers = [...status.workers].sort((a, b) => compare(a.id, b.id));
  return { controller, status: { ...status, workers } };
}
