/** What a key takes: fresh nodes, a million keys with values that differ, and what memory grew by. */
import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { median } from "simple-statistics";
import { residentBytes } from "../cluster/process-use.ts";
import { Arena, KEYS } from "./arena.ts";
import { CONTESTANTS } from "./contestants.ts";
import { BASE } from "./plan.ts";
import type { KeyMemory } from "./results.ts";

const SYSTEMS = ["kvnode-memory", "redis"] as const;
/** Written again and again before, so that what the runtime itself takes is not counted. */
const WARM_UP_SECONDS = 4;
/** After the last write a runtime gives memory back: what is left after so long counts. */
const SETTLE_MS = 6_000;
const LOOK_EVERY_MS = 250;

export interface MemoryOptions {
  readonly keys: number;
  readonly directory: string;
  readonly logDirectory: string;
  readonly signal: AbortSignal;
  readonly said: (what: string) => void;
}

/** One system after the other; those that were started elsewhere are not touched. */
export async function measureMemory(
  systems: readonly string[],
  options: MemoryOptions,
): Promise<KeyMemory[]> {
  const found: KeyMemory[] = [];
  for (const system of SYSTEMS) {
    if (!systems.includes(system) || options.signal.aborted) continue;
    const seen = await measureOne(system, options);
    if (options.signal.aborted) break;
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
    const before = await leastResident(ids);
    await arena.fill(contestant, { keys, signal });
    const after = await leastResident(ids);
    // The warm-up has written the first of them.
    const added = Math.max(1, keys - KEYS);
    const growth = after.map((bytes, index) => (bytes - (before[index] ?? 0)) / added);
    const [leaderBytes = Number.NaN, ...followers] = growth;
    return { system, keys, leaderBytes, followerBytes: median(followers) };
  } finally {
    await arena.stop();
  }
}

/** The least that each process holds while nothing is asked of it. */
async function leastResident(ids: readonly number[]): Promise<number[]> {
  let least = ids.map(residentBytes);
  for (let waited = 0; waited < SETTLE_MS; waited += LOOK_EVERY_MS) {
    await Bun.sleep(LOOK_EVERY_MS);
    least = ids.map((id, index) => Math.min(residentBytes(id), least[index] ?? Infinity));
  }
  return least;
}
