/**
 * The open loop: requests are due at a fixed rate, whatever the server does, and a latency counts
 * from the moment at which its request was DUE. A closed loop, and an open one that counts from the
 * send, stop asking while the server stalls, and so leave out just the requests that would have
 * waited: coordinated omission. (Gil Tene, "How NOT to Measure Latency"; wrk2 counts like this.)
 *
 * A request that is due goes out on a free connection. While there is none it waits its turn, and
 * its waiting counts.
 */
import type { Connection } from "./connection.ts";
import { type LoadOptions, openConnections, startSweep } from "./load.ts";
import { type LoadRecord, LoadRecorder } from "./record.ts";

export interface OpenLoopOptions extends LoadOptions {
  readonly ratePerSecond: number;
  /** Enough for the rate times the expected latency; fewer make requests wait their turn. */
  readonly connections: number;
}

/**
 * A timer has a grain of a millisecond, so within this of the next request the loop polls instead:
 * it then keeps a core busy, which is the price of sending on time.
 */
const POLL_WITHIN_MS = 2;

/** Runs the load to its end (or to the signal) and gives back a row for every request. */
export async function runOpenLoop(options: OpenLoopOptions): Promise<LoadRecord> {
  const { requests, request, signal } = options;
  const rows = new Int32Array(options.connections);
  const sentAt = new Float64Array(options.connections);
  const idle: Connection[] = [];
  const done = Promise.withResolvers<void>();
  const recorder: { current: LoadRecorder | undefined } = { current: undefined };

  const connections = await openConnections(options, (connection, settlement) => {
    const recording = recorder.current;
    if (recording === undefined) return;
    const row = rows[connection.id] ?? 0;
    const times = { dueAt: dueAt(recording, row), sentAt: sentAt[connection.id] ?? 0 };
    recording.settle(row, times, settlement);
    idle.push(connection);
    sendDue(recording);
  });
  idle.push(...connections);

  const dueAt = (recording: LoadRecorder, row: number) =>
    recording.startedAt + (row * 1000) / options.ratePerSecond;
  const over = (recording: LoadRecorder) => recording.started >= requests || signal?.aborted;

  /** Sends what is due, as far as connections are free. */
  const sendDue = (recording: LoadRecorder) => {
    while (idle.length > 0 && !over(recording)) {
      if (performance.now() < dueAt(recording, recording.started)) break;
      const connection = idle.pop();
      if (connection === undefined) break;
      const row = recording.start();
      const bytes = request(row, connection.id);
      const now = performance.now();
      rows[connection.id] = row;
      sentAt[connection.id] = now;
      connection.send(bytes, now);
    }
    if (over(recording) && recording.settled === recording.started) done.resolve();
  };

  const tick = (recording: LoadRecorder) => {
    sendDue(recording);
    if (over(recording)) return;
    const waitMs = dueAt(recording, recording.started) - performance.now();
    // Without a free connection the next answer sends what is due; looking again can wait.
    if (idle.length === 0) setTimeout(tick, 1, recording);
    else if (waitMs > POLL_WITHIN_MS) setTimeout(tick, waitMs - POLL_WITHIN_MS, recording);
    else setImmediate(tick, recording);
  };

  const recording = new LoadRecorder({ keepBodies: options.keepBodies ?? false });
  recorder.current = recording;
  const sweep = startSweep(connections, () => {
    options.onProgress?.(recording.settled);
    sendDue(recording);
  });
  tick(recording);
  await done.promise;
  sweep.stop();
  recorder.current = undefined;
  for (const connection of connections) connection.close();
  options.onProgress?.(recording.settled);
  return recording.finish();
}
