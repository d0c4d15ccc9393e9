/** What a node's settings are once they are read and checked, for each role. */

export type LogLevel = "debug" | "info" | "warn" | "error" | "silent";
export type LogFormat = "pretty" | "json";

/** How one node runs, checked: nothing behind this looks at the environment again. */
export type Settings = GroupNodeSettings | WorkerSettings | ControllerSettings;

/** What every node is told. */
export interface CommonSettings {
  readonly nodeId: string;
  readonly host: string;
  /** 0: take a free one, and then see withListeningPort. */
  readonly port: number;
  /** `http://host:port`, what others are told. */
  readonly address: string;
  readonly replicationTimeoutMs: number;
  readonly cluster: string;
  readonly maxValueBytes: number;
  /** Of writes that wait for their quorum, and of large bodies; above it they are refused. */
  readonly pendingBytes: number;
  /** Of clients. */
  readonly maxConnections: number;
  readonly idleTimeoutMs: number;
  readonly logLevel: LogLevel;
  readonly logFormat: LogFormat;
}

/** What every node is told that keeps copies. */
export interface CopySettings {
  readonly minDelayMs: number;
  /** At least minDelayMs. */
  readonly maxDelayMs: number;
  /** Undefined: in memory. */
  readonly dataDirectory: string | undefined;
  readonly linkQueueBytes: number;
}

/** A node of a leader/follower group. */
export interface GroupNodeSettings extends CommonSettings, CopySettings {
  readonly role: "leader" | "follower";
  /** `http://host:port` each, without doubles; a follower's own list means nothing. */
  readonly followers: readonly string[];
  /** How many followers confirm; at a leader at most the number of followers. */
  readonly writeQuorum: number;
}

/** When a worker that is silent is taken for down. */
export interface LivenessSettings {
  /** How often a worker says that it lives. */
  readonly heartbeatIntervalMs: number;
  /** More than the interval. */
  readonly heartbeatTimeoutMs: number;
}

/** A worker of a partitioned cluster. */
export interface WorkerSettings extends CommonSettings, CopySettings, LivenessSettings {
  readonly role: "worker";
  /** `http://host:port` of its controller. */
  readonly controller: string;
  /** These three hold for a new cluster whose controller does not set them. */
  readonly partitions: number;
  readonly replicas: number;
  /** Copies that confirm, the primary's own included: 1 … replicas. */
  readonly writeQuorum: number;
  /** Bytes a second that it sends to copies which are being brought up to date. */
  readonly rebalanceBytesPerSecond: number;
}

/** The controller of a partitioned cluster. */
export interface ControllerSettings extends CommonSettings, LivenessSettings {
  readonly role: "controller";
  /** It always has one: what it decides must outlive it. */
  readonly dataDirectory: string;
  /** `http://host:port` of the workers that are expected at the first start. */
  readonly workers: readonly string[];
  /** Undefined, here and below: as the first worker to register says. */
  readonly partitions: number | undefined;
  readonly replicas: number | undefined;
  /** Copies that confirm, the primary's own included: 1 … replicas. */
  readonly writeQuorum: number | undefined;
  readonly checkIntervalMs: number;
  /** How many partitions may be moving at once in the whole cluster. */
  readonly rebalancePartitions: number;
}
