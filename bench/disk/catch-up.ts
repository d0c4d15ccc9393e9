/** A follower that begins empty while writes go on: what it costs the writes and the leader. */
import type { CrashGroup } from "../cluster/crash-group.ts";
import type { Figure } from "../figures.ts";
import {
  type MemorySeen,
  runWrites,
  WRITTEN_KEYS,
  type WritesSeen,
  watchMemory,
} from "./writes.ts";

const MEBIBYTE = 2 ** 20;
/** LINK_QUEUE_BYTES by default. */
export const QUEUE_BYTES_MAX = 16 * MEBIBYTE;
const P99_RATIO_MAX = 2;

export interface CatchUpOptions {
  readonly group: CrashGroup;
  readonly keys: number;
  readonly clients: number;
  /** Of writes without catch-up, before and after it. */
  readonly seconds: number;
  readonly said: (what: string) => void;
}

/** Empties the last node, and has it catch up under load. */
export async function measureCatchUp(options: CatchUpOptions): Promise<Figure[]> {
  const { group, clients, seconds, said } = options;
  const leader = group.addressOf(0);
  const slot = group.running.at(-1) ?? 0;
  await group.kill([slot]);
  await group.removeDisks([slot]);
  const load = { clients, keys: WRITTEN_KEYS };
  const before = await watchMemory(leader, () => runWrites(leader, { ...load, seconds }));
  let caughtUpMs = 0;
  const during = await watchMemory(leader, async () => {
    const over = new AbortController();
    const writes = runWrites(leader, { ...load, signal: over.signal });
    try {
      const startedAt = performance.now();
      await group.launch([slot]);
      await group.synced();
      caughtUpMs = performance.now() - startedAt;
    } finally {
      over.abort();
    }
    return writes;
  });
  const after = await runWrites(leader, { ...load, seconds });
  said(`caught up in ${Math.round(caughtUpMs)} ms`);
  await group.equal();
  return toFigures(options, { before, during, after, caughtUpMs });
}

interface Seen {
  readonly before: { result: WritesSeen; memory: MemorySeen };
  readonly during: { result: WritesSeen; memory: MemorySeen };
  readonly after: WritesSeen;
  readonly caughtUpMs: number;
}

function toFigures({ keys, clients }: CatchUpOptions, seen: Seen): Figure[] {
  const { before, during, after, caughtUpMs } = seen;
  const part = `catch-up, ${clients} connections`;
  const without = (before.result.p99Ms + after.p99Ms) / 2;
  const growth = during.memory.rssBytesMax - before.memory.rssBytesMax;
  return [
    { part, name: "start to caught up", value: caughtUpMs / 1000, unit: "s", digits: 2 },
    { part, name: "keys caught up", value: (1000 * keys) / caughtUpMs, unit: "/s" },
    { part, name: "writes meanwhile", value: during.result.writesPerSecond, unit: "/s" },
    { part, name: "writes without", value: before.result.writesPerSecond, unit: "/s" },
    { part, name: "p99 of writes meanwhile", value: during.result.p99Ms, unit: "ms", digits: 2 },
    { part, name: "p99 of writes without", value: without, unit: "ms", digits: 2 },
    {
      ...{ part, name: "p99, with / without", value: during.result.p99Ms / without, unit: "" },
      ...{ digits: 2, atMost: P99_RATIO_MAX },
    },
    {
      ...{ part, name: "leader's memory above that without", value: growth / MEBIBYTE },
      ...{ unit: "MiB", digits: 1, atMost: QUEUE_BYTES_MAX / MEBIBYTE },
    },
    {
      ...{ part, name: "bytes under way to a follower, most", unit: "MiB", digits: 1 },
      value: during.memory.queueBytesMax / MEBIBYTE,
      atMost: QUEUE_BYTES_MAX / MEBIBYTE,
    },
    {
      ...{ part, name: "writes not acknowledged", unit: "", atMost: 0 },
      value: before.result.failures + during.result.failures + after.failures,
    },
  ];
}
