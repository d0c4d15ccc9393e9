/**
 * The closed loop on one target: N clients, each of which sends its next request when the answer to
 * its last one has come. So the load adapts to the server: what it shows is how fast N clients are
 * served, not how long somebody would wait who comes at a time of his own (see open-loop.ts).
 */
import type { LoadOptions } from "./load.ts";
import type { LoadRecord } from "./record.ts";
import { runRoutedLoop } from "./routed-loop.ts";

export interface ClosedLoopOptions extends LoadOptions {
  readonly clients: number;
}

/** Runs the load to its end (or to the signal) and gives back a row for every request. */
export function runClosedLoop(options: ClosedLoopOptions): Promise<LoadRecord> {
  const { hostname, port } = options;
  return runRoutedLoop({ ...options, targets: [{ hostname, port }] });
}
