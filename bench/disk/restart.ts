/** How long a start with many keys on disk takes, and what a key costs in memory. */
import type { CrashGroup } from "../cluster/crash-group.ts";
import { Metrics } from "../cluster/metrics.ts";
import type { Figure } from "../figures.ts";

const PART = "start";
const RSS = "process_resident_memory_bytes";

export interface RestartOptions {
  readonly group: CrashGroup;
  readonly keys: number;
  /** Resident memory of a node that holds nothing. */
  readonly emptyRssBytes: number;
  readonly said: (what: string) => void;
}

/** One follower that was asked to stop; then all nodes after kill -9. */
export async function measureRestart(options: RestartOptions): Promise<Figure[]> {
  const { group, keys, emptyRssBytes, said } = options;
  const slot = group.running.at(-1) ?? 0;
  await group.end([slot]);
  const oneMs = await time(async () => {
    await group.run([slot]);
    await group.ready(slot);
  });
  const rssBytes = (await Metrics.of(group.addressOf(slot))).max(RSS);
  said(`one node ready after ${Math.round(oneMs)} ms`);
  const all = group.running;
  await group.kill(all);
  const allMs = await time(async () => {
    await group.run(all);
    await group.ready(0);
  });
  said(`all ${all.length} nodes ready after ${Math.round(allMs)} ms`);
  const there = (await Metrics.of(group.addressOf(0))).max("kvnode_keys");
  return [
    { part: PART, name: "keys on disk", value: keys, unit: "" },
    { part: PART, name: "one node: start to ready", value: oneMs / 1000, unit: "s", digits: 2 },
    {
      ...{ part: PART, name: "all nodes after kill -9: start to ready", unit: "s", digits: 2 },
      value: allMs / 1000,
    },
    {
      ...{ part: PART, name: "memory per key after a start (RSS)", unit: "bytes" },
      value: (rssBytes - emptyRssBytes) / keys,
    },
    { part: PART, name: "keys missing afterwards", value: keys - there, unit: "", atMost: 0 },
  ];
}

async function time(work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}
