/** What the controller's `/status` says, as the page reads it. */

export interface WorkerStatus {
  readonly id: string;
  readonly address: string;
  readonly status: "up" | "down" | "draining";
  /** Null: never heard since the controller started. */
  readonly heartbeatAgeMs: number | null;
  /** Copies that it keeps, its primaries among them. */
  readonly partitions: number;
  readonly primaries: number;
}

export interface MemberStatus {
  readonly id: string;
  readonly address: string;
  readonly role: "primary" | "replica" | "learner" | "away";
  readonly state: "synced" | "catching up" | "down" | "unknown";
  readonly lagEntries: number | null;
}

export interface PartitionStatus {
  readonly partition: number;
  readonly generation: number;
  readonly primary: string | null;
  readonly members: readonly MemberStatus[];
  /** ok, taking over, under-replicated, catching up, moving, lost, or another word. */
  readonly state: string;
  /** Ids of workers without which it can't go on. */
  readonly missing: readonly string[];
}

export interface Move {
  readonly partition: number;
  readonly worker: string;
  /** Time of day, ms since 1970. */
  readonly since: number;
}

export interface ClusterEvent {
  /** Time of day, ms since 1970. */
  readonly at: number;
  readonly type: string;
  readonly message: string;
}

export interface Refusal {
  readonly id: string;
  readonly address: string;
  readonly message: string;
}

export interface ControllerStatus {
  readonly node: string;
  readonly cluster: {
    readonly name: string;
    readonly partitions: number;
    readonly replicas: number;
    readonly writeQuorum: number;
  };
  /** By name. */
  readonly workers: readonly WorkerStatus[];
  /** By number. */
  readonly partitions: readonly PartitionStatus[];
  readonly moving: readonly Move[];
  /** Oldest first. */
  readonly events: readonly ClusterEvent[];
  /** Heartbeats that were refused lately. */
  readonly refused: readonly Refusal[];
  /** Why nothing can be decided at the moment. */
  readonly problem: string | undefined;
}

type Body = Readonly<Record<string, unknown>>;

/** Reads an answer; what is not there yet (a cluster before its first worker) is empty. */
export function toControllerStatus(body: Body): ControllerStatus {
  const cluster = (body.cluster ?? {}) as Body;
  const partitions = rows<PartitionStatus>(body.partitions);
  return {
    node: String(body.node ?? "controller"),
    cluster: {
      name: String(cluster.name ?? ""),
      partitions: Number(cluster.partitions ?? partitions.length),
      replicas: Number(cluster.replicas ?? 0),
      writeQuorum: Number(cluster.writeQuorum ?? 0),
    },
    workers: rows<WorkerStatus>(body.workers).toSorted((one, other) => byName(one.id, other.id)),
    partitions: partitions.map((each) => ({
      ...each,
      members: each.members ?? [],
      missing: each.missing ?? [],
    })),
    moving: rows<Move>(body.moving).map((each) => ({ ...each, since: toTime(each.since) })),
    events: rows<ClusterEvent>(body.events)
      .map((each) => ({ ...each, at: toTime(each.at) }))
      .toSorted((one, other) => one.at - other.at),
    refused: rows<Refusal>(body.refused),
    problem: typeof body.problem === "string" ? body.problem : undefined,
  };
}

/** `worker2` before `worker10`. */
function byName(one: string, other: string): number {
  return one.localeCompare(other, "en", { numeric: true });
}

function rows<T>(value: unknown): T[] {
  return Array.isArray(value) ? (value as T[]) : [];
}

function toTime(value: unknown): number {
  return typeof value === "number" ? value : Date.parse(String(value));
}
