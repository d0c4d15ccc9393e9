/**
 * The closed loop: N clients, each of which sends its next request when the answer to its last one
 * has come. So the load adapts to the server: what it shows is how fast N clients are served, not
 * how long somebody would wait who comes at a time of his own (see open-loop.ts).
 */
import type { Connection } from "./connection.ts";
import { type LoadOptions, openConnections, startSweep } from "./load.ts";
import { type LoadRecord, LoadRecorder } from "./record.ts";

export interface ClosedLoopOptions extends LoadOptions {
  readonly clients: number;
}

/** Runs the load to its end (or to the signal) and gives back a row for every request. */
export async function runClosedLoop(options: ClosedLoopOptions): Promise<LoadRecord> {
  const { clients, requests, request, signal } = options;
  const keepBodies = options.keepBodies ?? false;
  const rows = new Int32Array(clients);
  const sentAt = new Float64Array(clients);
  const done = Promise.withResolvers<void>();
  let recorder: LoadRecorder | undefined;

  const next = (connection: Connection, into: LoadRecorder) => {
    if (into.started >= requests || signal?.aborted) {
      if (into.settled === into.started) done.resolve();
      return;
    }
    const row = into.start();
    const bytes = request(row, connection.id);
    const now = performance.now();
    rows[connection.id] = row;
    sentAt[connection.id] = now;
    connection.send(bytes, now);
  };

  const connections = await openConnections(
    { ...options, connections: clients },
    (connection, settlement) => {
      if (recorder === undefined) return;
      const at = sentAt[connection.id] ?? 0;
      recorder.settle(rows[connection.id] ?? 0, { dueAt: at, sentAt: at }, settlement);
      next(connection, recorder);
    },
  );
  const recording = new LoadRecorder({ keepBodies });
  recorder = recording;
  const sweep = startSweep(connections, () => options.onProgress?.(recording.settled));
  for (const connection of connections) next(connection, recording);
  await done.promise;
  sweep.stop();
  recorder = undefined;
  for (const connection of connections) connection.close();
  options.onProgress?.(recording.settled);
  return recording.finish();
}
