/** A controller as the HTTP surface sees it: what it knows, in the words for people. */
import { formatDuration } from "../base/duration.ts";
import { KvError } from "../base/errors.ts";
import { partitionOf } from "../core/placement.ts";
import type {
  ControllerService,
  ControllerStatus,
  EventView,
  MoveView,
  PartitionView,
  WorkerView,
} from "../http/controller/service.ts";
import type { Readiness } from "../http/service.ts";
import type { Heartbeat, HeartbeatAnswer } from "../node/heartbeat.ts";
import type { ClusterState, Worker } from "./cluster-state.ts";
import type { Controller, ControllerCounters } from "./controller.ts";
import { moving, partitionStatus, workerStatus } from "./partition-status.ts";

export class ControllerView implements ControllerService {
  readonly nodeId: string;
  readonly #controller: Controller;

  constructor(controller: Controller) {
    this.#controller = controller;
    this.nodeId = controller.settings.nodeId;
  }

  heartbeat(heartbeat: Heartbeat): Promise<HeartbeatAnswer> {
    return this.#controller.heartbeat(heartbeat);
  }

  status(): ControllerStatus {
    const { state, uptimeMs, refusals, events } = this.#controller;
    return {
      node: this.nodeId,
      role: "controller",
      cluster: state?.identity ?? null,
      mapVersion: this.mapVersion(),
      uptimeMs: Math.round(uptimeMs),
      workers: this.workers(),
      partitions: this.partitions(),
      moving: this.#moving(),
      refused: refusals.all,
      events,
      problem: this.problem() ?? null,
    };
  }

  workers(): readonly WorkerView[] {
    const { state } = this.#controller;
    return state === undefined ? [] : state.workers.map((worker) => this.#worker(state, worker));
  }

  partitionOf(key: string): PartitionView {
    const { state } = this.#controller;
    const number = state === undefined ? 0 : partitionOf(key, state.identity.partitions);
    const partition = state?.partitions[number];
    if (state === undefined || partition === undefined) {
      throw new KvError({
        code: "recovering",
        message: "No worker has registered yet, so nobody keeps any key; start the workers.",
        outcome: "refused",
      });
    }
    const status = partitionStatus(state, partition);
    if (status.primary === null) {
      throw new KvError({
        code: "recovering",
        message:
          `Partition ${number} has no copies yet: the first placement waits for more workers; ` +
          "start them.",
        outcome: "refused",
        details: { partition: number },
      });
    }
    return status;
  }

  partitions(): readonly PartitionView[] {
    const { state } = this.#controller;
    return (state?.partitions ?? []).map((partition) =>
      partitionStatus(state as ClusterState, partition),
    );
  }

  mapVersion(): number {
    return this.#controller.state?.mapVersion ?? 0;
  }

  events(after: number): readonly EventView[] {
    return this.#controller.events.filter(({ number }) => number > after);
  }

  async drain(id: string, draining: boolean): Promise<WorkerView> {
    await this.#controller.drain(id, draining);
    const { state } = this.#controller;
    const worker = state?.byId.get(id);
    if (state === undefined || worker === undefined) {
      throw new Error("a worker that was drained is gone");
    }
    return this.#worker(state, worker);
  }

  addressOf(worker: string): string | undefined {
    return this.#controller.state?.byId.get(worker)?.record.address;
  }

  problem(): string | undefined {
    return this.#controller.problem;
  }

  readiness(): Readiness {
    const problem = this.problem();
    if (problem !== undefined) {
      const error = this.#controller.failure === undefined ? "unsafe" : "storage_failed";
      return { ready: false, reason: problem, error };
    }
    const { uptimeMs, settings } = this.#controller;
    const { heartbeatTimeoutMs } = settings;
    if (uptimeMs < heartbeatTimeoutMs) {
      const heardFor = formatDuration(Math.round(uptimeMs));
      const whole = formatDuration(heartbeatTimeoutMs);
      return {
        ready: false,
        reason: `It has listened to the workers for ${heardFor} of ${whole}.`,
        error: "recovering",
      };
    }
    return { ready: true };
  }

  counters(): ControllerCounters {
    return this.#controller.counters;
  }

  #worker(state: ClusterState, worker: Worker): WorkerView {
    const { heartbeatAgeMs, ...status } = workerStatus(state, worker, this.#controller.nowMs);
    return {
      ...status,
      heartbeatAgeMs: heartbeatAgeMs === null ? null : Math.round(heartbeatAgeMs),
    };
  }

  #moving(): readonly MoveView[] {
    const { state } = this.#controller;
    if (state === undefined) {
      return [];
    }
    return moving(state).map(({ partition, worker, sinceMs }) => {
      return { partition, worker, since: this.#controller.timeOf(sinceMs) };
    });
  }
}
