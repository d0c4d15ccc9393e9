/**
 * A worker as its controller sees it: heartbeats by a script, without data. It does at once what it
 * is told: it leads what it was appointed for, and finds everybody whom it is told to find synced.
 */
import type { Assignment, Copy } from "../../src/core/assignment.ts";
import {
  type CopyReport,
  HEARTBEAT_PROTOCOL,
  type Heartbeat,
  type HeartbeatAnswer,
} from "../../src/node/heartbeat.ts";

export const SETTINGS = { partitions: 8, replicas: 3, writeQuorum: 2 };

export class ScriptedWorker {
  readonly id: string;
  readonly address: string;
  readonly settings: Heartbeat["settings"];
  instance = "first";
  clusterId: string | undefined;
  mapVersion = 0;
  stopping = false;
  /** Whom it reaches on its links. */
  reaches: (worker: string) => boolean = () => true;
  /** The newest that it has heard, by partition. */
  readonly assignments = new Map<number, Assignment>();

  constructor(id: string, options: { address?: string; settings?: Heartbeat["settings"] } = {}) {
    this.id = id;
    this.address = options.address ?? `http://${id}:8000`;
    this.settings = options.settings ?? SETTINGS;
  }

  /** What it says now, all of it. */
  heartbeat(change: Partial<Heartbeat> = {}): Heartbeat {
    return {
      protocol: HEARTBEAT_PROTOCOL,
      id: this.id,
      address: this.address,
      cluster: "kvnode",
      instance: this.instance,
      clusterId: this.clusterId,
      settings: this.settings,
      mapVersion: this.mapVersion,
      stopping: this.stopping,
      copies: [...this.assignments.values()].flatMap((assignment) => this.#reportOf(assignment)),
      complete: true,
      ...change,
    };
  }

  /** Takes an answer in. */
  heard(answer: HeartbeatAnswer): void {
    this.clusterId = answer.cluster.id;
    this.mapVersion = answer.mapVersion;
    for (const assignment of answer.assignments) {
      this.assignments.set(assignment.partition, assignment);
    }
  }

  /** Partitions that it leads, as far as it knows. */
  leads(): number[] {
    return [...this.assignments.values()]
      .filter(({ primary }) => primary === this.id)
      .map(({ partition }) => partition);
  }

  #reportOf(assignment: Assignment): CopyReport[] {
    const { partition, generation, members, learners, primary } = assignment;
    const isOwn = ({ worker }: Copy) => worker === this.id;
    const own = members.find(isOwn) ?? learners.find(isOwn);
    if (own === undefined) return [];
    const others = [...members, ...learners].filter((copy) => !isOwn(copy));
    const leads =
      primary !== this.id
        ? undefined
        : {
            generation,
            epoch: generation,
            open: true,
            founded: false,
            possibleLosses: 0,
            followers: others.map(({ worker, copy }) => ({
              worker,
              copy,
              connected: this.reaches(worker),
              synced: this.reaches(worker),
              lagEntries: 0,
            })),
          };
    return [{ partition, copy: own.copy, blank: false, synced: generation, leads }];
  }
}
