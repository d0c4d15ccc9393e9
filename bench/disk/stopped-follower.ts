/** A follower that is stopped (SIGSTOP) under full load: nobody may feel it. */
import type { CrashGroup } from "../cluster/crash-group.ts";
import type { Figure } from "../figures.ts";
import { QUEUE_BYTES_MAX } from "./catch-up.ts";
import { runWrites, WRITTEN_KEYS, watchMemory } from "./writes.ts";

const MEBIBYTE = 2 ** 20;

export interface StoppedFollowerOptions {
  readonly group: CrashGroup;
  readonly clients: number;
  /** So long it is stopped, after as long a load to compare with. */
  readonly seconds: number;
  readonly said: (what: string) => void;
}

/** Stops the last node under load, lets it go on, and waits until all are equal. */
export async function measureStoppedFollower(options: StoppedFollowerOptions): Promise<Figure[]> {
  const { group, clients, seconds, said } = options;
  const leader = group.addressOf(0);
  const slot = group.running.at(-1) ?? 0;
  const load = { clients, keys: WRITTEN_KEYS };
  const before = await watchMemory(leader, () => runWrites(leader, { ...load, seconds }));
  group.pause(slot);
  const during = await watchMemory(leader, async () => {
    try {
      return await runWrites(leader, { ...load, seconds });
    } finally {
      group.resume(slot);
    }
  });
  const resumedAt = performance.now();
  await group.synced();
  await group.equal();
  const equalMs = performance.now() - resumedAt;
  said(`equal again ${Math.round(equalMs)} ms after it went on`);
  const part = `stopped for ${seconds} s, ${clients} connections`;
  const growth = during.memory.rssBytesMax - before.memory.rssBytesMax;
  const fine = { part, digits: 2 };
  const { result: calm } = before;
  const { result: stopped } = during;
  return [
    { part, name: "writes meanwhile", value: stopped.writesPerSecond, unit: "/s" },
    { part, name: "writes before", value: calm.writesPerSecond, unit: "/s" },
    { ...fine, name: "p50, with / before", value: stopped.p50Ms / calm.p50Ms, unit: "" },
    { ...fine, name: "p99, with / before", value: stopped.p99Ms / calm.p99Ms, unit: "" },
    {
      ...{ part, name: "leader's memory above that before", value: growth / MEBIBYTE },
      ...{ unit: "MiB", digits: 1, atMost: QUEUE_BYTES_MAX / MEBIBYTE },
    },
    {
      ...{ part, name: "bytes under way to it, most", unit: "MiB", digits: 1 },
      value: during.memory.queueBytesMax / MEBIBYTE,
      atMost: QUEUE_BYTES_MAX / MEBIBYTE,
    },
    { ...fine, name: "equal again after", value: equalMs / 1000, unit: "s" },
    {
      ...{ part, name: "writes not acknowledged", unit: "", atMost: 0 },
      value: calm.failures + stopped.failures,
    },
  ];
}
