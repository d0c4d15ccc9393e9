/**
 * One place in the simulated group: its address, its disk if it has one, and the process that runs
 * there now. A process is the real node, built from simulated parts; its parts are all that knows
 * of the simulation.
 */
import type { Logger } from "../../../src/base/log.ts";
import { Node, type NodeSettings } from "../../../src/node/node.ts";
import { NodeService } from "../../../src/node/service.ts";
import { createMemoryStorage } from "../../../src/storage/memory.ts";
import { FrameEncoder } from "../../../src/transport/frames.ts";
import type { VirtualClock } from "../../support/virtual-clock.ts";
import { createStream } from "../draw.ts";
import type { Parameters } from "../parameters.ts";
import type { Trace } from "../trace.ts";
import { Disk } from "./disk.ts";
import type { Host } from "./faulty-link.ts";
import type { FaultyNetwork } from "./faulty-network.ts";
import { NodeClock } from "./node-clock.ts";
import { ProcessGate } from "./process-gate.ts";

/** How a process ends: its machine lives and says so, or is gone too, for a while. */
export type Death = "process" | "machine";

export interface SimulatedProcess extends Host {
  /** `node2.1`: the second start of node 2. */
  readonly name: string;
  readonly clock: NodeClock;
  readonly node: Node;
  readonly service: NodeService;
  /** Clients' calls that it has not answered; told when it dies. */
  readonly unanswered: Set<() => void>;
}

/** What a member needs of the world that it is in. */
export interface Surroundings {
  readonly parameters: Parameters;
  readonly clock: VirtualClock;
  readonly trace: Trace;
  readonly network: FaultyNetwork;
  stepped(process: SimulatedProcess): void;
  died(member: Member): void;
  /** A node's own code has thrown what no client can have caused. */
  faulty(name: string, error: unknown): void;
}

export class Member {
  readonly slot: number;
  readonly address: string;
  readonly #world: Surroundings;
  #disk: Disk | undefined;
  #process: SimulatedProcess | undefined;
  #starts = 0;
  /** When it lost its disk last, on the shared clock. */
  diskLostAtMs = Number.NEGATIVE_INFINITY;

  constructor(world: Surroundings, slot: number) {
    this.#world = world;
    this.slot = slot;
    this.address = addressOf(slot);
    this.#disk = world.parameters.durable ? new Disk() : undefined;
  }

  get disk(): Disk | undefined {
    return this.#disk;
  }

  /** The process that lives here, if one does. */
  get process(): SimulatedProcess | undefined {
    return this.#process;
  }

  /** It knows nothing, or would not if it were started. */
  get blank(): boolean {
    return this.#process?.service.status().blank ?? this.#disk?.blank ?? true;
  }

  /** A process starts here, with what is on the disk, if there is one. */
  start(): void {
    const world = this.#world;
    const life = this.#starts++;
    const name = `node${this.slot}.${life}`;
    const random = createStream(world.parameters.seed, name);
    const gate = new ProcessGate(world.clock, {
      stepped: () => world.stepped(started),
      threw: (error) => world.faulty(name, error),
    });
    const host = { slot: this.slot, gate, encoder: new FrameEncoder() };
    const clock = new NodeClock({
      ...{ shared: world.clock, gate },
      offsetMs: random.next() * 1_000_000,
      rate: 1 + (random.next() * 2 - 1) * world.parameters.clockDrift,
    });
    const started = { ...host, name, clock, ...placeholder() } as SimulatedProcess;
    const node = new Node({
      settings: settingsOf(world, this.slot),
      ...{ clock, random },
      network: world.network.endpoint(started),
      storage: this.#openStorage(gate),
      logger: createTraceLogger(world, name),
    });
    Object.assign(started, { node, service: new NodeService(node) });
    this.#process = started;
    world.trace.tell(`${name} starts`);
    world.network.listen(this.address, started, node.accept);
    gate.run(() => node.start());
  }

  /** The process dies at once, whatever it was doing. */
  kill(death: Death): void {
    const process = this.#process;
    if (process === undefined) {
      return;
    }
    this.#process = undefined;
    process.diedAtMs = this.#world.clock.nowMs();
    process.machineUp = death === "process";
    process.gate.kill();
    this.#world.trace.tell(`${process.name} dies${death === "machine" ? " with its machine" : ""}`);
    this.#world.network.died(process);
    this.#world.died(this);
    for (const tell of [...process.unanswered]) {
      tell();
    }
  }

  /** It ends as it does when a person stops it. */
  stopGently(): void {
    const process = this.#process;
    process?.gate.run(() => {
      process.node.stop();
      this.#world.clock.endOfTurn(() => this.#process === process && this.kill("process"));
    });
  }

  /** What the disk held is gone; only where no process lives on it. */
  loseDisk(): void {
    this.#disk = new Disk();
    this.diskLostAtMs = this.#world.clock.nowMs();
    this.#world.trace.tell(`node${this.slot} loses its disk`);
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

export function addressOf(slot: number): string {
  return `http://node${slot}`;
}

/** Filled in as soon as the node is built, which needs the rest of it. */
function placeholder() {
  return { machineUp: true, diedAtMs: Number.POSITIVE_INFINITY, unanswered: new Set<() => void>() };
}

function settingsOf({ parameters }: Surroundings, slot: number): NodeSettings {
  const others = Array.from({ length: parameters.nodes - 1 }, (_, index) => addressOf(index + 1));
  const { writeQuorum, minDelayMs, maxDelayMs, replicationTimeoutMs } = parameters;
  const { linkQueueBytes, pendingBytes } = parameters;
  return {
    nodeId: `node${slot}`,
    address: addressOf(slot),
    cluster: "simulation",
    role: slot === 0 ? "leader" : "follower",
    followers: slot === 0 ? others : [],
    ...{ writeQuorum, minDelayMs, maxDelayMs, replicationTimeoutMs, linkQueueBytes, pendingBytes },
  };
}

/** The nodes' own log lines are part of the story, where somebody reads it. */
function createTraceLogger({ trace }: Surroundings, name: string): Logger {
  const line = (event: string, fields: object = {}) => {
    trace.note([event.length], () => `${name} ${event} ${JSON.stringify(fields)}`);
  };
  return { debug: () => {}, info: line, warn: line, error: line };
}
