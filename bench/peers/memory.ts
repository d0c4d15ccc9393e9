/** What a key takes: fresh nodes, many keys with values that differ, and how memory has grown. */
import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { median } from "simple-statistics";
import { SETTLED_MS, settledResidentBytes } from "../cluster/settled-memory.ts";
import { BenchError } from "../quorum/bench-error.ts";
import { Arena, KEYS } from "./arena.ts";
import { CONTESTANTS, type System } from "./contestants.ts";
import { BASE } from "./plan.ts";
import type { KeyMemory } from "./results.ts";

const SYSTEMS = ["kvnode-memory", "redis"] as const;
const SETTLES = {
  "kvnode-memory": SETTLED_MS.collected,
  redis: SETTLED_MS.uncollected,
} as const;
/** Before, over a few keys, so that what a process takes that has worked is not counted. */
const WARM_UP_SECONDS = 4;
export interface MemoryOptions {
  readonly keys: number;
  readonly directory: string;
  readonly logDirectory: string;
  readonly signal: AbortSignal;
  readonly said: (what: string) => void;
  /** Told of a system that has failed; the other one is measured all the same. */
  readonly failed: (system: System, when: string, error: BenchError) => void;
}

/** One system after the other; those that were started elsewhere are not touched. */
export async function measureMemory(
  systems: readonly string[],
  options: MemoryOptions,
): Promise<KeyMemory[]> {
  const found: KeyMemory[] = [];
  for (const system of SYSTEMS) {
    if (!systems.includes(system) || options.signal.aborted) continue;
    options.said(`memory of a key: ${options.keys.toLocaleString("en-US")} keys to ${system}`);
    const seen = await measureOne(system, options).catch((error) => {
      if (!(error instanceof BenchError)) throw error;
      if (!options.signal.aborted) options.failed(system, "memory of a key", error);
    });
    if (options.signal.aborted) break;
    if (seen === undefined) continue;
    found.push(seen);
    const { leaderBytes, followerBytes } = seen;
    const at = (bytes: number) => `${Math.round(bytes)} bytes`;
    options.said(
      `memory of a key, ${system}: ${at(leaderBytes)} at the leader, ` +
        `${at(followerBytes)} at a follower`,
    );
  }
  return found;
}

async function measureOne(
  system: (typeof SYSTEMS)[number],
  { keys, directory, logDirectory, signal }: MemoryOptions,
): Promise<KeyMemory> {
  const contestant = CONTESTANTS.find((each) => each.system === system);
  if (contestant === undefined) throw new Error(`${system} is nobody's system`);
  const arena = new Arena();
  try {
    const own = await mkdtemp(join(directory, "memory-"));
    await arena.start(system, { directory: own, logDirectory: join(logDirectory, "memory") });
    const [connections] = BASE.connections;
    const { quorum, valueBytes } = BASE;
    const point = { load: "writes", connections, quorum, valueBytes } as const;
    await arena.ask(contestant, point, { seconds: WARM_UP_SECONDS, signal });
    const ids = arena.deploymentOf(system).processIds();
    const until = { settledMs: SETTLES[system], signal };
    const before = await settledResidentBytes(ids, until);
    await arena.fill(contestant, { keys, signal });
    const after = await settledResidentBytes(ids, until);
    // The warm-up has written the first of them.
    const added = Math.max(1, keys - KEYS);
    const perKey = (of: (bytes: readonly number[]) => number) => (of(after) - of(before)) / added;
    return {
      ...{ system, keys, before, after },
      leaderBytes: perKey(([leader = Number.NaN]) => leader),
      followerBytes: perKey(([, ...followers]) => median(followers)),
    };
  } finally {
    await arena.stop();
  }
}
