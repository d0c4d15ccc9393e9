/**
 * The closed loop over several targets: each client has a connection to each of them, and asks the
 * one that its request is for. With one target it is the load driver's closed loop.
 */
import { Connection } from "../load/connection.ts";
import { startSweep } from "../load/load.ts";
import { type LoadRecord, LoadRecorder } from "../load/record.ts";

export interface RoutedRequest {
  /** Which of the targets. */
  readonly target: number;
  readonly bytes: Uint8Array;
}

export interface RoutedLoopOptions {
  /** URLs. */
  readonly targets: readonly string[];
  readonly clients: number;
  readonly requests: number;
  /** The request with this number; both count from 0. */
  readonly request: (index: number, client: number) => RoutedRequest;
  readonly keepBodies?: boolean;
  /** Starts nothing more once aborted; what is under way still settles. */
  readonly signal?: AbortSignal;
}

const TIMEOUT_MS = 10_000;

/** Runs the load to its end (or to the signal) and gives back a row for every request. */
export async function runRoutedLoop(options: RoutedLoopOptions): Promise<LoadRecord> {
  const { targets, clients, requests, request, signal, keepBodies = false } = options;
  const rows = new Int32Array(clients);
  const sentAt = new Float64Array(clients);
  const done = Promise.withResolvers<void>();
  const addresses = targets.map((target) => new URL(target));
  let recorder: LoadRecorder | undefined;

  const connections = Array.from({ length: clients }, (_, client) =>
    addresses.map(({ hostname, port }) => {
      const target = { hostname, port: Number(port), timeoutMs: TIMEOUT_MS };
      return new Connection(
        client,
        { ...target, keepBodies, followLeader: false },
        (_connection, settlement) => {
          if (recorder === undefined) return;
          const at = sentAt[client] ?? 0;
          recorder.settle(rows[client] ?? 0, { dueAt: at, sentAt: at }, settlement);
          next(client, recorder);
        },
      );
    }),
  );
  const all = connections.flat();
  // One that can't be had now is tried again by its first request, which then counts the failure.
  await Promise.all(all.map((connection) => connection.open()));

  const next = (client: number, into: LoadRecorder) => {
    if (into.started >= requests || signal?.aborted) {
      if (into.settled === into.started) done.resolve();
      return;
    }
    const row = into.start();
    const { target, bytes } = request(row, client);
    const now = performance.now();
    rows[client] = row;
    sentAt[client] = now;
    connections[client]?.[target]?.send(bytes, now);
  };

  const recording = new LoadRecorder({ keepBodies });
  recorder = recording;
  const sweep = startSweep(all, () => {});
  for (let client = 0; client < clients; client++) next(client, recording);
  await done.promise;
  sweep.stop();
  recorder = undefined;
  for (const connection of all) connection.close();
  return recording.finish();
}
