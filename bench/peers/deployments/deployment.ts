/** A system under measurement: real processes of its own on 127.0.0.1. */

/** Where a node is asked. */
export interface Target {
  readonly host: string;
  readonly port: number;
}

export interface Targets {
  /** Who takes writes now. */
  readonly leader: Target;
  /** Every node, the leader included. */
  readonly all: readonly Target[];
}

export interface Deployment {
  /** What it is and in which version, for people. */
  readonly description: string;
  /** Of all its processes, the leader's first; they change when one of them is started anew. */
  processIds(): readonly number[];
  targets(): Promise<Targets>;
  /** So many nodes beside the leader must confirm each write from now on. */
  setQuorum(quorum: number): Promise<void>;
  /** Throws BenchError with its last words and its log where a process has ended. */
  check(): Promise<void>;
  /** Ends every process, each by its own id. */
  stop(): Promise<void>;
}

/** What each deployment is started with. */
export interface Place {
  /** Empty, on the disk that is measured; removed by who made it. */
  readonly directory: string;
  readonly logDirectory: string;
  /** To begin with. */
  readonly quorum: number;
}

/** Followers or replicas beside the leader. */
export const REPLICAS = 5;
