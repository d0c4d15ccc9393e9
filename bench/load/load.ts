/** What both loops share: their options, their connections, and the sweep for time-outs. */
import { Connection, type ConnectionOptions, type Settlement } from "./connection.ts";

export interface LoadOptions {
  readonly hostname: string;
  readonly port: number;
  /** How many requests in all. */
  readonly requests: number;
  /** The request with this number, sent by this client; both count from 0. */
  readonly request: (index: number, client: number) => Uint8Array;
  /** Default 5,000. */
  readonly timeoutMs?: number;
  /** Keeps the bodies of the answers; default no. */
  readonly keepBodies?: boolean;
  /** Goes to the leader that a refusal (403 not_leader) names; default yes. */
  readonly followLeader?: boolean;
  /** Called some times a second with the number of requests settled so far. */
  readonly onProgress?: (settled: number) => void;
  /** Starts nothing more once aborted; what is under way still settles. */
  readonly signal?: AbortSignal;
}

const TIMEOUT_MS_DEFAULT = 5_000;
/** How late a time-out may be noticed. One sweep serves all requests: no timer for each. */
const SWEEP_MS = 20;

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
  };
  const connections = Array.from(
    { length: options.connections },
    (_, id) => new Connection(id, connectionOptions, settled),
  );
  // One that can't be had now is tried again by its first request, which then counts the failure.
  await Promise.all(connections.map((connection) => connection.open()));
  return connections;
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
