/** What both loops share: their options, their connections, and the sweep for time-outs. */
import { Connection, type ConnectionOptions } from "./connection.ts";
import type { Target } from "./load-spec.ts";
import type { Dialogue, Settlement } from "./protocol.ts";

export interface LoadOptions extends Target {
  /** How many requests in all. */
  readonly requests: number;
  /** The request with this number, sent by this client; both count from 0. */
  readonly request: (index: number, client: number) => Uint8Array;
  /** Default 5,000. */
  readonly timeoutMs?: number;
  /** How the connections speak; HTTP, in which every status is an answer, unless told. */
  readonly dialogue?: () => Dialogue;
  /** Keeps the bodies of the answers, in that HTTP; default no. */
  readonly keepBodies?: boolean;
  /** Goes to the leader that a refusal (403 not_leader) names; default yes. */
  readonly followLeader?: boolean;
  /** Called some times a second with the number of requests settled so far. */
  readonly onProgress?: (settled: number) => void;
  /** Starts nothing more once aborted; what is under way still settles. */
  readonly signal?: AbortSignal;
}

export const TIMEOUT_MS_DEFAULT = 5_000;
/** How late a time-out may be noticed. One sweep serves all requests: no timer for each. */
const SWEEP_MS = 20;
/** So many at a time, since a server's queue of those that knock is short. */
const OPEN_AT_ONCE = 100;

/** The target at a URL. */
export function toTarget(url: string): Target {
  const { hostname, port } = new URL(url);
  return { hostname, port: Number(port) };
}

/** The clients of a load, connected before it starts, so that no latency holds a handshake. */
export async function openConnections(
  options: LoadOptions & { connections: number },
  settled: (connection: Connection, settlement: Settlement) => void,
): Promise<Connection[]> {
  const connectionOptions: ConnectionOptions = {
    hostname: options.hostname,
    port: options.port,
    timeoutMs: options.timeoutMs ?? TIMEOUT_MS_DEFAULT,
    keepBodies: options.keepBodies ?? false,
    followLeader: options.followLeader ?? true,
    ...(options.dialogue === undefined ? {} : { dialogue: options.dialogue }),
  };
  const connections = Array.from(
    { length: options.connections },
    (_, id) => new Connection(id, connectionOptions, settled),
  );
  await openAll(connections);
  return connections;
}

/** Opens them; one that can't be had is tried again by its first request, which then fails. */
export async function openAll(connections: readonly Connection[]): Promise<void> {
  for (let from = 0; from < connections.length; from += OPEN_AT_ONCE) {
    const some = connections.slice(from, from + OPEN_AT_ONCE);
    await Promise.all(some.map((connection) => connection.open()));
  }
}

/** Looks for time-outs and tells the progress until it is stopped. */
export function startSweep(
  connections: readonly Connection[],
  onSweep: () => void,
): { stop(): void } {
  const timer = setInterval(() => {
    const now = performance.now();
    for (const connection of connections) connection.expire(now);
    onSweep();
  }, SWEEP_MS);
  return { stop: () => clearInterval(timer) };
}
