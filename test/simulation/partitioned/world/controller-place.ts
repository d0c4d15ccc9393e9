/**
 * Where the controller lives: its disk, which keeps what was committed for good, and the process
 * that runs there now: the real controller, built from simulated parts.
 */
import { Controller, type ControllerOptions } from "../../../../src/controller/controller.ts";
import {
  type ControllerStore,
  MemoryControllerStore,
  type RecordChange,
} from "../../../../src/controller/store.ts";
import { StorageError } from "../../../../src/core/storage.ts";
import { FrameEncoder } from "../../../../src/transport/frames.ts";
import { createStream } from "../../draw.ts";
import type { DiskConditions } from "../../world/disk.ts";
import type { Death } from "../../world/member.ts";
import { NodeClock } from "../../world/node-clock.ts";
import { ProcessGate, ProcessKilled } from "../../world/process-gate.ts";
import type { ClusterParameters } from "../parameters.ts";
import type { ControllerProcess, ControllerSite, Surroundings } from "./surroundings.ts";
import { createTraceLogger } from "./trace-logger.ts";

/** What the clock on the wall shows at the beginning of a run. */
const BEGINNING_MS = Date.UTC(2026, 0, 1);

export class ControllerPlace implements ControllerSite {
  readonly slot: number;
  readonly conditions: DiskConditions = { full: false, syncMs: 0, crash: undefined };
  readonly #world: Surroundings;
  readonly #store = new MemoryControllerStore();
  #process: ControllerProcess | undefined;
  #machineUp = true;
  #starts = 0;
  /** What the clock on the wall is ahead of the truth. */
  wallAheadMs = 0;

  constructor(world: Surroundings, slot: number) {
    this.#world = world;
    this.slot = slot;
  }

  get process(): ControllerProcess | undefined {
    return this.#process;
  }

  get target(): ControllerProcess | "no process" | "no machine" {
    return this.#process ?? (this.#machineUp ? "no process" : "no machine");
  }

  start(): void {
    const world = this.#world;
    const { parameters, trace } = world;
    const name = `controller.${this.#starts++}`;
    const random = createStream(parameters.seed, name);
    const gate = new ProcessGate(world.clock, {
      stepped: () => world.controllerStepped(),
      threw: (error) => world.faulty(name, error),
    });
    const clock = new NodeClock({
      ...{ shared: world.clock, gate, offsetMs: random.next() * 1_000_000 },
      rate: 1 + (random.next() * 2 - 1) * parameters.clockDrift,
    });
    const host = { slot: this.slot, gate, encoder: new FrameEncoder() };
    const life = { machineUp: true, diedAtMs: Number.POSITIVE_INFINITY };
    const controller = new Controller({
      settings: settingsOf(parameters),
      ...{ clock, random, logger: createTraceLogger(trace, name) },
      store: this.#openStore(gate),
      timeOfDayMs: () => BEGINNING_MS + world.clock.nowMs() + this.wallAheadMs,
    });
    this.#process = { ...host, kind: "controller", name, clock, controller, ...life };
    this.#machineUp = true;
    trace.tell(`${name} starts`);
    gate.run(() => {
      try {
        controller.start();
      } catch (error) {
        if (!(error instanceof StorageError)) {
          throw error;
        }
        this.kill("process");
      }
    });
  }

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
    world.calls.died(process);
  }

  #openStore(gate: ProcessGate): ControllerStore {
    const store = this.#store;
    return {
      load: () => store.load(),
      commit: (changes) => this.#commit(gate, changes),
      close() {},
    };
  }

  #commit(gate: ProcessGate, changes: readonly RecordChange[]): void {
    const { conditions } = this;
    if (!gate.alive) {
      throw new ProcessKilled();
    }
    if (conditions.full) {
      throw new StorageError("the disk is full; make room and it goes on by itself");
    }
    const { crash } = conditions;
    conditions.crash = undefined;
    if (crash !== "before") {
      this.#store.commit(changes);
      this.#world.decisions.stored(changes);
    }
    if (crash !== undefined) {
      this.kill("process");
      throw new ProcessKilled();
    }
    if (conditions.syncMs > 0) {
      gate.spend(conditions.syncMs);
    }
  }
}

function settingsOf(parameters: ClusterParameters): ControllerOptions {
  const { calls, partitions, replicas, writeQuorum, workers, lateWorkers, movesAtOnce } =
    parameters;
  const expected = Array.from({ length: workers - lateWorkers }, (_, slot) => `http://w${slot}`);
  return {
    nodeId: "controller",
    cluster: "simulation",
    ...{ partitions, replicas, writeQuorum, workers: expected },
    heartbeatTimeoutMs: calls.heartbeatTimeoutMs,
    checkIntervalMs: calls.checkIntervalMs,
    rebalancePartitions: movesAtOnce,
  };
}
