/** What stands in a cluster's world, as its parts see one another. */
import type { Controller } from "../../../../src/controller/controller.ts";
import type { RemoveAnswer, WriteAnswer } from "../../../../src/http/service.ts";
import type { HeartbeatAnswer } from "../../../../src/node/heartbeat.ts";
import type { Worker } from "../../../../src/worker/worker.ts";
import type { VirtualClock } from "../../../support/virtual-clock.ts";
import type { Trace } from "../../trace.ts";
import type { Disk } from "../../world/disk.ts";
import type { Host } from "../../world/faulty-link.ts";
import type { FaultyNetwork } from "../../world/faulty-network.ts";
import type { Death } from "../../world/member.ts";
import type { NodeClock } from "../../world/node-clock.ts";
import type { ClusterParameters } from "../parameters.ts";
import type { Decisions } from "../truth/decisions.ts";
import type { DroppedCopies } from "../truth/dropped-copies.ts";
import type { Calls } from "./calls.ts";

export interface WorkerProcess extends Host {
  readonly kind: "worker";
  /** `w2.1`: the second start of worker 2. */
  readonly name: string;
  readonly place: WorkerSite;
  readonly clock: NodeClock;
  readonly worker: Worker;
  /** Clients' calls that it has not answered; told when it dies. */
  readonly unanswered: Set<() => void>;
}

/** See WorkerPlace. */
export interface WorkerSite {
  readonly slot: number;
  readonly id: string;
  readonly address: string;
  readonly disk: Disk | undefined;
  readonly dropped: DroppedCopies;
  readonly process: WorkerProcess | undefined;
  readonly target: WorkerProcess | "no process" | "no machine";
  readonly leaving: boolean;
  kill(death: Death): void;
  leave(): void;
}

export interface ControllerProcess extends Host {
  readonly kind: "controller";
  readonly name: string;
  readonly clock: NodeClock;
  readonly controller: Controller;
}

/** See ControllerPlace. */
export interface ControllerSite {
  readonly slot: number;
  readonly process: ControllerProcess | undefined;
  readonly target: ControllerProcess | "no process" | "no machine";
}

/** See ClusterWorld. */
export interface Surroundings {
  readonly parameters: ClusterParameters;
  readonly clock: VirtualClock;
  readonly trace: Trace;
  readonly network: FaultyNetwork;
  readonly calls: Calls;
  readonly decisions: Decisions;
  readonly places: readonly WorkerSite[];
  readonly controller: ControllerSite;
  stepped(process: WorkerProcess): void;
  controllerStepped(): void;
  /** A process' own code has thrown what no client can have caused. */
  faulty(name: string, error: unknown): void;
  died(place: WorkerSite): void;
  /** The controller has told somebody this. */
  told(answer: HeartbeatAnswer): void;
  /** Said by the primary's own process: a write, or a removal that made an entry. */
  acknowledged(process: WorkerProcess, answer: WriteAnswer): void;
  /** Removes a key at a process that may lead its partition, and sees which entry that makes. */
  watchRemoval(
    process: WorkerProcess,
    key: string,
    remove: () => Promise<RemoveAnswer>,
  ): Promise<RemoveAnswer>;
}
