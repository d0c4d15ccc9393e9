/** The processes of a tortured cluster: one controller, its workers, and one who comes later. */
import { join } from "node:path";
import { freePorts } from "../../../support/free-port.ts";
import { Life } from "../life.ts";
import { LogBook } from "../log-book.ts";
import { Gate } from "./gate.ts";

/** Those that the controller expects; one more comes and goes. */
export const WORKERS = 4;

export interface Settings {
  readonly partitions: number;
  readonly replicas: number;
  readonly writeQuorum: number;
  /** The workers have disks; the controller always has one. */
  readonly durable: boolean;
  /** There are large values, so that moving them takes a moment. */
  readonly ballast: boolean;
  /** More, for the workers. */
  readonly env: Readonly<Record<string, string>>;
}

export interface CrewOptions {
  /** Of logs, and of the nodes' own directories. */
  readonly directory: string;
  readonly settings: Settings;
  /** Nodes, by id, whose database lies elsewhere. */
  readonly elsewhere?: ReadonlyMap<string, string>;
}

/** The controller's /status, as far as the torture asks. */
export interface ClusterStatus {
  readonly mapVersion: number;
  readonly workers: readonly WorkerView[];
  readonly partitions: readonly PartitionView[];
  readonly moving: readonly unknown[];
}

export interface WorkerView {
  readonly id: string;
  readonly status: "up" | "down" | "draining";
  readonly partitions: number;
  readonly primaries: number;
}

export interface PartitionView {
  readonly partition: number;
  readonly generation: number;
  readonly primary: string | null;
  readonly members: readonly {
    readonly id: string;
    readonly role: "primary" | "replica" | "learner" | "away";
    readonly state: string;
  }[];
  readonly state: string;
}

export interface ClusterEvent {
  readonly number: number;
  readonly type: string;
  readonly message: string;
  readonly worker?: string;
}

export class Crew {
  readonly controller: Life;
  /** Those that the controller expects. */
  readonly regular: readonly Life[];
  readonly fifth: Life;
  readonly logs: LogBook;
  readonly settings: Settings;
  /** By worker, its way to the controller. */
  readonly #gates = new Map<Life, Gate>();

  constructor({ directory, settings, elsewhere }: CrewOptions) {
    this.logs = new LogBook(directory);
    this.settings = settings;
    const [controllerPort = 0, ...others] = freePorts(1 + 2 * (WORKERS + 1));
    const ports = others.slice(0, WORKERS + 1);
    const gates = others.slice(WORKERS + 1).map((port) => new Gate(port, controllerPort));
    const common = { HOST: "127.0.0.1", LOG_FORMAT: "json", ...HEARTBEATS };
    const life = (id: string, env: Readonly<Record<string, string>>) =>
      new Life({
        env: {
          NODE_ID: id,
          DATA_DIR: elsewhere?.get(id) ?? join(directory, id),
          ...common,
          ...env,
        },
        ended: (...end) => this.logs.ended(...end),
      });
    const dataOf = (id: string) => elsewhere?.get(id) ?? join(directory, id);
    this.controller = life("controller", {
      ROLE: "controller",
      DATA_DIR: dataOf("controller"),
      PORT: String(controllerPort),
      WORKERS: ports
        .slice(0, WORKERS)
        .map((port) => `127.0.0.1:${port}`)
        .join(","),
      PARTITIONS: String(settings.partitions),
      REPLICAS: String(settings.replicas),
      WRITE_QUORUM: String(settings.writeQuorum),
      CHECK_INTERVAL: "100ms",
    });
    const workers = ports.map((port, index) =>
      life(`worker${index + 1}`, {
        ROLE: "worker",
        ...(settings.durable ? { DATA_DIR: dataOf(`worker${index + 1}`) } : {}),
        PORT: String(port),
        CONTROLLER: gates[index]?.url ?? "",
        // The controller's hold; others would only be warned of.
        PARTITIONS: String(settings.partitions),
        REPLICAS: String(settings.replicas),
        WRITE_QUORUM: String(settings.writeQuorum),
        ...settings.env,
      }),
    );
    gates.forEach((gate, index) => {
      this.#gates.set(workers[index] as Life, gate);
    });
    this.regular = workers.slice(0, WORKERS);
    this.fifth = workers[WORKERS] as Life;
  }

  get all(): readonly Life[] {
    return [this.controller, ...this.workers];
  }

  get workers(): readonly Life[] {
    return [...this.regular, this.fifth];
  }

  get awake(): readonly Life[] {
    return this.workers.filter(({ awake }) => awake);
  }

  worker(id: string | null): Life | undefined {
    return this.workers.find((worker) => worker.id === id);
  }

  /** Undefined where the controller does not answer. */
  async status(): Promise<ClusterStatus | undefined> {
    if (!this.controller.awake) return undefined;
    try {
      const answer = await this.controller.ask("GET", "/status");
      return answer.ok ? ((await answer.json()) as ClusterStatus) : undefined;
    } catch {
      return undefined;
    }
  }

  /** What the controller told since the event of that number; throws where it does not answer. */
  async eventsAfter(number: number): Promise<readonly ClusterEvent[]> {
    const answer = await this.controller.ask("GET", `/events?after=${number}`);
    return ((await answer.json()) as { events: ClusterEvent[] }).events;
  }

  /** Orders that a worker is emptied, or not any more. */
  async drain(worker: Life, undo = false): Promise<void> {
    const order = undo ? { worker: worker.id, undo } : { worker: worker.id };
    const answer = await this.controller.ask("POST", "/admin/drain", order);
    if (!answer.ok) throw new Error(`drain was answered ${answer.status}: ${await answer.text()}`);
  }

  /** This worker's way to the controller; its links to other workers are others. */
  gateOf(worker: Life): Gate {
    return this.#gates.get(worker) as Gate;
  }

  /** Ends all of them; what they printed is in their logs then. */
  async end(): Promise<void> {
    // Workers that hand over to each other while all of them stop would only take time.
    await Promise.all(this.workers.map((worker) => worker.kill()));
    await this.controller.stop();
    for (const gate of this.#gates.values()) gate.end();
  }
}

const HEARTBEATS = { HEARTBEAT_INTERVAL: "250ms", HEARTBEAT_TIMEOUT: "1s" };
