/**
 * Writes at a steady rate, each to a key of its own, and what their clients were told. Unlike the
 * load driver's open loop it sends in small bursts and sleeps in between: nobody asks for its
 * latencies here, and several of them run at once.
 */
import type { Connection } from "../load/connection.ts";
import { openConnections, startSweep } from "../load/load.ts";
import type { Settlement } from "../load/protocol.ts";
import { toRequest } from "../load/request.ts";

const BURST_EVERY_MS = 2;

/** By the number of the write; its key and value are keyFor and valueFor. */
export interface ToldOutcomes {
  readonly acknowledged: readonly number[];
  readonly refused: readonly number[];
  /** The client does not know: no answer, or one that says so. */
  readonly indeterminate: readonly number[];
}

export interface PacedWritesOptions {
  /** URL of the leader. */
  readonly address: string;
  readonly writesPerSecond: number;
  /** Enough for the rate times the expected latency. */
  readonly connections: number;
}

export function keyFor(write: number): string {
  return `write-${write}`;
}

export function valueFor(write: number): string {
  return `value of ${write}`;
}

/** A running load; begins with `start`. */
export class PacedWrites {
  readonly #options: PacedWritesOptions;
  readonly #host: string;
  readonly #idle: Connection[] = [];
  readonly #writeOf = new Map<Connection, number>();
  readonly #told = { acknowledged: [], refused: [], indeterminate: [] } as {
    [Outcome in keyof ToldOutcomes]: number[];
  };
  readonly #drained = Promise.withResolvers<void>();
  #connections: readonly Connection[] = [];
  #sweep: { stop(): void } | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;
  #startedAt = 0;
  #sent = 0;
  #ending = false;

  private constructor(options: PacedWritesOptions) {
    this.#options = options;
    this.#host = new URL(options.address).host;
  }

  /** Connects every client, then begins. */
  static async start(options: PacedWritesOptions): Promise<PacedWrites> {
    const load = new PacedWrites(options);
    const { hostname, port } = new URL(options.address);
    load.#connections = await openConnections(
      {
        ...{ hostname, port: Number(port), connections: options.connections },
        ...{ requests: 0, request: () => new Uint8Array(), followLeader: false, keepBodies: true },
      },
      (connection, settlement) => load.#settled(connection, settlement),
    );
    load.#idle.push(...load.#connections);
    load.#sweep = startSweep(load.#connections, () => {});
    load.#startedAt = performance.now();
    load.#timer = setInterval(() => load.#burst(), BURST_EVERY_MS);
    return load;
  }

  /** Sends nothing more from now on, and resolves when every write under way has its outcome. */
  async end(): Promise<ToldOutcomes> {
    this.#ending = true;
    clearInterval(this.#timer);
    if (this.#writeOf.size > 0) await this.#drained.promise;
    this.#sweep?.stop();
    for (const connection of this.#connections) connection.close();
    return this.#told;
  }

  #burst(): void {
    const elapsedMs = performance.now() - this.#startedAt;
    const due = Math.floor((elapsedMs * this.#options.writesPerSecond) / 1000);
    while (this.#sent < due) {
      const connection = this.#idle.pop();
      if (connection === undefined) return;
      const write = this.#sent;
      this.#sent += 1;
      this.#writeOf.set(connection, write);
      const json = JSON.stringify({ value: valueFor(write) });
      const path = `/kv/${keyFor(write)}`;
      connection.send(
        toRequest({ method: "PUT", path, host: this.#host, json }),
        performance.now(),
      );
    }
  }

  #settled(connection: Connection, settlement: Settlement): void {
    const write = this.#writeOf.get(connection);
    if (write === undefined) return;
    this.#writeOf.delete(connection);
    this.#idle.push(connection);
    this.#told[toldBy(settlement)].push(write);
    if (this.#ending && this.#writeOf.size === 0) this.#drained.resolve();
  }
}

function toldBy({ status, body }: Settlement): keyof ToldOutcomes {
  if (status === 200) return "acknowledged";
  return body.includes('"outcome":"refused"') ? "refused" : "indeterminate";
}
