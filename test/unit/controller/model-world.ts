/** A controller's plan and model workers, and all that can go wrong between them. */
import { expect } from "bun:test";
import { assignmentsSince } from "../../../src/controller/assignments-since.ts";
import type {
  ClusterState,
  PlanSettings,
  StoredAssignment,
  WorkerRecord,
} from "../../../src/controller/cluster-state.ts";
import { createCluster } from "../../../src/controller/create-cluster.ts";
import { heard, setDraining } from "../../../src/controller/hear.ts";
import { partitionStatus } from "../../../src/controller/partition-status.ts";
import { pass } from "../../../src/controller/pass.ts";
import { apply, plan } from "../../../src/controller/plan.ts";
import type { ClusterIdentity } from "../../../src/core/assignment.ts";
import type { Heartbeat } from "../../../src/node/heartbeat.ts";
import { DecisionRules } from "./decision-rules.ts";
import { type ModelWorker, ModelWorkers } from "./model-workers.ts";

const SETTINGS: PlanSettings = {
  heartbeatTimeoutMs: 6_000,
  checkIntervalMs: 2_000,
  movesAtOnce: 2,
  retainMs: 60_000,
  expected: [],
};

export const WORLD_STEPS = [
  "round",
  "beat",
  "beat unanswered",
  "beat later",
  "late beat",
  "turn",
  "write",
  "pass",
  "crash",
  "start",
  "wipe",
  "stopping",
  "cut from controller",
  "cut from peers",
  "mend",
  "drain",
  "undrain",
  "controller restart",
  "store fails",
  "controller sleeps",
] as const;

export interface WorldStep {
  readonly kind: (typeof WORLD_STEPS)[number];
  readonly a: number;
  readonly b: number;
}

export class ModelWorld {
  readonly workers: ModelWorkers;
  readonly identity: ClusterIdentity;
  state: ClusterState;
  #nowMs = 1_000;
  #wiped = false;
  readonly #rules: DecisionRules;
  readonly #late: Heartbeat[] = [];
  readonly #storedWorkers = new Map<string, WorkerRecord>();
  readonly #storedAssignments = new Map<number, StoredAssignment>();

  constructor(options: { workers: number; partitions: number; writeQuorum?: number }) {
    const { workers, partitions, writeQuorum = 2 } = options;
    this.identity = { id: "c", name: "kvnode", partitions, replicas: 3, writeQuorum };
    this.workers = new ModelWorkers(workers, partitions, writeQuorum);
    this.#rules = new DecisionRules(this.identity.replicas, this.workers);
    this.state = this.#create();
  }

  step({ kind, a, b }: WorldStep): void {
    const worker = this.workers.all[a % this.workers.all.length] as ModelWorker;
    const late = this.#late[b % this.#late.length];
    const partition = b % this.identity.partitions;
    const steps: Record<WorldStep["kind"], () => void> = {
      round: () => this.round(),
      beat: () => this.#beat(worker, true),
      "beat unanswered": () => this.#beat(worker, false),
      "beat later": () => this.#late.push(this.workers.heartbeat(worker)),
      "late beat": () => late && this.#hear(late),
      turn: () => this.workers.turn(partition),
      write: () => this.workers.write(partition, a % 3),
      pass: () => this.#pass(2_000),
      crash: () => this.workers.crash(worker),
      start: () => this.workers.start(worker),
      wipe: () => this.#wipe(worker),
      stopping: () => Object.assign(worker, { stopping: true }),
      "cut from controller": () => Object.assign(worker, { cutFromController: true }),
      "cut from peers": () => Object.assign(worker, { cutFromPeers: true }),
      mend: () => Object.assign(worker, { cutFromController: false, cutFromPeers: false }),
      drain: () => this.drain(worker.id, true),
      undrain: () => this.drain(worker.id, false),
      "controller restart": () => Object.assign(this, { state: this.#create() }),
      "store fails": () => plan(this.state, this.#nowMs),
      "controller sleeps": () => this.#pass(30_000),
    };
    steps[kind]();
  }

  /** Everybody speaks and acts once; two seconds. */
  round(): void {
    for (const worker of this.workers.all) {
      this.#beat(worker, true);
    }
    for (let partition = 0; partition < this.identity.partitions; partition++) {
      this.workers.turn(partition);
    }
    this.#pass(2_000);
  }

  /** Everything is mended and nobody is drained; rounds until nothing is decided any more. */
  calm(): void {
    for (const worker of this.workers.all) {
      this.workers.start(worker);
      Object.assign(worker, { stopping: false, cutFromController: false, cutFromPeers: false });
      setDraining(this.state, worker.id, false);
    }
    let quiet = 0;
    for (let rounds = 0; quiet < 3; rounds++) {
      expect(rounds, "rounds until it is calm").toBeLessThan(600);
      const { mapVersion } = this.state;
      this.round();
      const settled = this.statuses().every((one) => one.state === "ok");
      quiet =
        settled && this.state.avoiding.size === 0 && this.state.mapVersion === mapVersion
          ? quiet + 1
          : 0;
    }
  }

  statuses() {
    return this.state.partitions.map((partition) => partitionStatus(this.state, partition));
  }

  worker(id: string): ModelWorker {
    return this.workers.all.find((one) => one.id === id) as ModelWorker;
  }

  drain(id: string, draining: boolean): void {
    setDraining(this.state, id, draining);
    this.#decide();
  }

  /** As many lose their memory as two copies of each write cover, and no more. */
  #wipe(worker: ModelWorker): void {
    if (!this.#wiped && this.identity.writeQuorum >= 2) {
      this.#wiped = true;
      this.workers.wipe(worker);
    }
  }

  #hear(heartbeat: Heartbeat): void {
    heard(this.state, heartbeat, this.#nowMs);
    this.#decide();
  }

  #beat(worker: ModelWorker, answered: boolean): void {
    if (!worker.running || worker.cutFromController) {
      return;
    }
    const heartbeat = this.workers.heartbeat(worker);
    const answer = heard(this.state, heartbeat, this.#nowMs);
    if (answer.refused !== undefined) {
      // A late heartbeat of an older instance came first.
      expect(answer.refused.code).toBe("superseded");
      return;
    }
    this.#decide();
    if (answered) {
      const { mapVersion } = this.state;
      this.workers.told(worker, mapVersion, assignmentsSince(this.state, heartbeat.mapVersion));
    }
  }

  #pass(ms: number): void {
    this.#nowMs += ms;
    pass(this.state, this.#nowMs);
    this.#decide();
  }

  #decide(): void {
    const decisions = plan(this.state, this.#nowMs);
    for (const assignment of decisions.assignments) {
      this.#rules.check(assignment);
      const { mapVersion } = decisions;
      this.#storedAssignments.set(assignment.partition, { assignment, mapVersion });
    }
    for (const record of decisions.workers) {
      this.#storedWorkers.set(record.id, record);
    }
    apply(this.state, decisions, this.#nowMs);
  }

  #create(): ClusterState {
    return createCluster({
      identity: this.identity,
      settings: SETTINGS,
      workers: [...this.#storedWorkers.values()],
      assignments: [...this.#storedAssignments.values()],
      nowMs: this.#nowMs,
    });
  }
}
