/**
 * One client for each partition, which writes key after key of it with a short pause, through any
 * worker; after a call that fails it turns to the next worker. What it was told is kept: when each
 * acknowledgement came, and of which key.
 */
import { Connection } from "../load/connection.ts";
import { startSweep } from "../load/load.ts";
import type { Settlement } from "../load/protocol.ts";
import { toRequest } from "../load/request.ts";
import { KeySource } from "./key-source.ts";

const OK = 200;
/** A worker that waits for a primary says so after REPLICATION_TIMEOUT; this is behind it. */
const TIMEOUT_MS = 6_000;
const VALUE_BYTES = 100;

export interface PartitionWritersOptions {
  readonly addresses: readonly string[];
  readonly partitions: number;
  readonly pauseMs: number;
  /** Of the keys; another one for each run against the same cluster. */
  readonly prefix: string;
}

/** What one partition's client was told. */
export interface PartitionTold {
  readonly partition: number;
  readonly keys: string[];
  /** When each was acknowledged, by performance.now(). */
  readonly atMs: number[];
  readonly latencyMs: number[];
  /** By status, or by what failed. */
  readonly failures: Map<string, number>;
}

/** The value that a key is given. */
export function valueFor(key: string): string {
  return `value of ${key} `.padEnd(VALUE_BYTES, "x");
}

/** A running load; begins with the constructor. */
export class PartitionWriters {
  readonly told: readonly PartitionTold[];
  readonly #clients: readonly PartitionClient[];
  readonly #sweep: { stop(): void };

  constructor(options: PartitionWritersOptions) {
    const keys = new KeySource(options.prefix, options.partitions);
    this.#clients = Array.from({ length: options.partitions }, (_, partition) => {
      return new PartitionClient(partition, keys, options);
    });
    this.told = this.#clients.map((client) => client.told);
    this.#sweep = startSweep(
      this.#clients.flatMap((client) => client.connections),
      () => {},
    );
    for (const client of this.#clients) client.write();
  }

  /** Sends nothing more, and resolves when every write under way has its outcome. */
  async end(): Promise<readonly PartitionTold[]> {
    await Promise.all(this.#clients.map((client) => client.end()));
    this.#sweep.stop();
    return this.told;
  }
}

class PartitionClient {
  readonly told: PartitionTold;
  readonly connections: readonly Connection[];
  readonly #keys: KeySource;
  readonly #options: PartitionWritersOptions;
  readonly #over = Promise.withResolvers<void>();
  #place: number;
  #key = "";
  #sentAtMs = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #ending = false;

  constructor(partition: number, keys: KeySource, options: PartitionWritersOptions) {
    this.told = { partition, keys: [], atMs: [], latencyMs: [], failures: new Map() };
    this.#keys = keys;
    this.#options = options;
    this.#place = partition % options.addresses.length;
    this.connections = options.addresses.map((address, id) => {
      const { hostname, port } = new URL(address);
      const target = { hostname, port: Number(port), timeoutMs: TIMEOUT_MS };
      return new Connection(
        id,
        { ...target, keepBodies: false, followLeader: false },
        (_, settlement) => this.#settled(settlement),
      );
    });
  }

  write(): void {
    const { addresses } = this.#options;
    const key = this.#keys.next(this.told.partition);
    const host = new URL(addresses[this.#place] ?? "").host;
    const json = JSON.stringify({ value: valueFor(key) });
    this.#timer = undefined;
    this.#key = key;
    this.#sentAtMs = performance.now();
    const request = toRequest({ method: "PUT", path: `/kv/${key}`, host, json });
    this.connections[this.#place]?.send(request, this.#sentAtMs);
  }

  async end(): Promise<void> {
    this.#ending = true;
    if (this.#timer !== undefined) {
      clearTimeout(this.#timer);
      this.#over.resolve();
    }
    await this.#over.promise;
    for (const connection of this.connections) connection.close();
  }

  #settled({ status, failure }: Settlement): void {
    const now = performance.now();
    if (status === OK) {
      this.told.keys.push(this.#key);
      this.told.atMs.push(now);
      this.told.latencyMs.push(now - this.#sentAtMs);
    } else {
      const what = failure ?? String(status);
      this.told.failures.set(what, (this.told.failures.get(what) ?? 0) + 1);
      this.#place = (this.#place + 1) % this.#options.addresses.length;
    }
    if (this.#ending) this.#over.resolve();
    else this.#timer = setTimeout(() => this.write(), this.#options.pauseMs);
  }
}
