/**
 * One place for a worker: its address, its disk if it has one, and the process that runs there now.
 * A process is the real worker, built from simulated parts.
 */
import type { ControllerPort, Heartbeat, HeartbeatAnswer } from "../../../../src/node/heartbeat.ts";
import { createMemoryStorage } from "../../../../src/storage/memory.ts";
import { FrameEncoder } from "../../../../src/transport/frames.ts";
import { Worker, type WorkerSettings } from "../../../../src/worker/worker.ts";
import { createStream } from "../../draw.ts";
import { Disk } from "../../world/disk.ts";
import type { Death } from "../../world/member.ts";
import { NodeClock } from "../../world/node-clock.ts";
import { ProcessGate } from "../../world/process-gate.ts";
import type { ClusterParameters } from "../parameters.ts";
import { DroppedCopies } from "../truth/dropped-copies.ts";
import { createForwardWay } from "./forward-way.ts";
import type { ControllerProcess, Surroundings, WorkerProcess, WorkerSite } from "./surroundings.ts";
import { createTraceLogger } from "./trace-logger.ts";

/** So long a worker that is told to stop waits for others to take over, and for its writes. */
const LEAVE_MS = 3_000;

export class WorkerPlace implements WorkerSite {
  readonly slot: number;
  readonly id: string;
  readonly address: string;
  readonly #world: Surroundings;
  #disk: Disk | undefined;
  #process: WorkerProcess | undefined;
  #machineUp = true;
  #starts = 0;
  /** When it lost its disk last, on the shared clock. */
  diskLostAtMs = Number.NEGATIVE_INFINITY;
  readonly dropped: DroppedCopies;
  /** It belongs to the cluster by now. */
  added = false;
  /** It was told to stop. */
  leaving = false;

  constructor(world: Surroundings, slot: number) {
    this.#world = world;
    this.slot = slot;
    this.id = `w${slot}`;
    this.address = `http://${this.id}`;
    this.#disk = world.parameters.durable ? new Disk() : undefined;
    this.dropped = new DroppedCopies(this.id, world.parameters.partitions);
  }

  get disk(): Disk | undefined {
    return this.#disk;
  }

  get process(): WorkerProcess | undefined {
    return this.#process;
  }

  /** Whoever calls this place meets this. */
  get target(): WorkerProcess | "no process" | "no machine" {
    return this.#process ?? (this.#machineUp ? "no process" : "no machine");
  }

  /**
   * What this worker remembers for good of its copy of a partition: the copy's number; undefined
   * nothing.
   */
  remembers(partition: number): number | undefined {
    if (this.#disk !== undefined || this.#process === undefined) {
      return this.#disk?.recordOf(partition)?.copy;
    }
    const group = this.#process.worker.node.groups.get(partition);
    return group === undefined || group.blank ? undefined : group.record.copy;
  }

  /** A process starts here, with what is on the disk, if there is one. */
  start(): void {
    const world = this.#world;
    const { parameters, trace } = world;
    const name = `${this.id}.${this.#starts++}`;
    const random = createStream(parameters.seed, name);
    const gate = new ProcessGate(world.clock, {
      stepped: () => world.stepped(started),
      threw: (error) => world.faulty(name, error),
    });
    const host = { slot: this.slot, gate, encoder: new FrameEncoder() };
    const clock = new NodeClock({
      ...{ shared: world.clock, gate, offsetMs: random.next() * 1_000_000 },
      rate: 1 + (random.next() * 2 - 1) * parameters.clockDrift,
    });
    const life = {
      machineUp: true,
      diedAtMs: Number.POSITIVE_INFINITY,
      unanswered: new Set<() => void>(),
    };
    const started = {
      ...host,
      kind: "worker",
      name,
      place: this,
      clock,
      ...life,
    } as unknown as WorkerProcess;
    const worker = new Worker({
      ...{ settings: settingsOf(this, parameters), clock, random },
      network: world.network.endpoint(started),
      storage: this.#openStorage(gate),
      logger: createTraceLogger(trace, name),
      controller: controllerOf(world, started),
      forward: createForwardWay(world, started),
    });
    Object.assign(started, { worker });
    this.#process = started;
    this.#machineUp = true;
    this.added = true;
    this.leaving = false;
    trace.tell(`${name} starts`);
    world.network.listen(this.address, started, worker.accept);
    gate.run(() => worker.start());
  }

  /** The process dies at once, whatever it was doing. */
  kill(death: Death): void {
    const process = this.#process;
    if (process === undefined) {
      return;
    }
    const world = this.#world;
    this.#process = undefined;
    this.#machineUp = death === "process";
    process.diedAtMs = world.clock.nowMs();
    process.machineUp = this.#machineUp;
    process.gate.kill();
    world.trace.tell(`${process.name} dies${this.#machineUp ? "" : " with its machine"}`);
    world.network.died(process);
    world.calls.died(process);
    world.died(this);
    for (const tell of [...process.unanswered]) {
      tell();
    }
  }

  /** SIGTERM. */
  leave(): void {
    const process = this.#process;
    if (process === undefined || this.leaving) {
      return;
    }
    const { worker, gate } = process;
    this.leaving = true;
    this.#world.trace.tell(`${process.name} is told to stop`);
    const end = async () => {
      await worker.leave(LEAVE_MS);
      await worker.drain(LEAVE_MS);
      worker.stop();
      this.#world.clock.endOfTurn(() => this.#process === process && this.kill("process"));
    };
    gate.run(() => void end());
  }

  /** What the disk held is gone; only where no process lives on it. */
  loseDisk(): void {
    this.#disk = new Disk();
    this.diskLostAtMs = this.#world.clock.nowMs();
    this.#world.trace.tell(`${this.id} loses its disk`);
  }

  #openStorage(gate: ProcessGate) {
    return (
      this.#disk?.open({
        get alive() {
          return gate.alive;
        },
        spend: (ms) => gate.spend(ms),
        kill: () => this.kill("process"),
      }) ?? createMemoryStorage()
    );
  }
}

/** Heartbeats as this process sends them. */
function controllerOf(world: Surroundings, from: WorkerProcess): ControllerPort {
  const { heartbeatPatienceMs } = world.parameters.calls;
  return {
    heartbeat(heartbeat: Heartbeat): Promise<HeartbeatAnswer> {
      return new Promise((resolve, reject) => {
        const giveUp = from.clock.after(heartbeatPatienceMs, () =>
          reject(new Error("the controller did not answer in time")),
        );
        world.calls.make({
          ...{ from, to: world.controller.slot, mayComeTwice: true },
          target: () => world.controller.target,
          perform: async ({ controller }: ControllerProcess) => {
            const answer = await controller.heartbeat(heartbeat);
            world.told(answer);
            return answer;
          },
          returned: (returned) => {
            giveUp();
            if (returned.kind === "answer") {
              resolve(returned.answer);
            } else {
              reject(returned.kind === "threw" ? returned.error : new Error("not reached"));
            }
          },
        });
      });
    },
  };
}

function settingsOf(place: WorkerPlace, parameters: ClusterParameters): WorkerSettings {
  const { partitions, replicas, writeQuorum, replicationTimeoutMs } = parameters;
  const { linkQueueBytes, pendingBytes, calls } = parameters;
  return {
    nodeId: place.id,
    address: place.address,
    cluster: "simulation",
    controller: "http://controller",
    ...{ partitions, replicas, writeQuorum, minDelayMs: 0, maxDelayMs: 0 },
    ...{ replicationTimeoutMs, linkQueueBytes, pendingBytes },
    heartbeatIntervalMs: calls.heartbeatIntervalMs,
    // Whoever starts a worker gives it all settings of its node.
    ...{ rebalanceBytesPerSecond: parameters.rebalanceBytesPerSecond },
  };
}
