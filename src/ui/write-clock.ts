/** How long writes took at the node itself, out of its metrics: a browser's own clock sees more. */
import type { Ask } from "./reply.ts";

/** All acknowledged or uncertain writes of a node since its start. */
export interface WriteClock {
  readonly writes: number;
  readonly totalMs: number;
}

/** Asks the page's node; undefined where it does not say. */
export async function readWriteClock(ask: Ask): Promise<WriteClock | undefined> {
  const reply = await ask({ path: "/metrics" });
  const seconds = metricIn(reply.text, "kvnode_write_duration_seconds_sum");
  const writes = metricIn(reply.text, "kvnode_write_duration_seconds_count");
  if (seconds === undefined || writes === undefined) return undefined;
  return { writes, totalMs: seconds * 1_000 };
}

/** What came between two readings; undefined: nothing, or the node was started anew. */
export function writesBetween(
  before: WriteClock | undefined,
  after: WriteClock | undefined,
): { readonly writes: number; readonly meanMs: number } | undefined {
  if (before === undefined || after === undefined) return undefined;
  const writes = after.writes - before.writes;
  if (writes <= 0) return undefined;
  return { writes, meanMs: Math.max(0, after.totalMs - before.totalMs) / writes };
}

function metricIn(metrics: string, name: string): number | undefined {
  const text = new RegExp(`^${name} (\\S+)$`, "m").exec(metrics)?.[1];
  return text === undefined ? undefined : Number(text);
}
