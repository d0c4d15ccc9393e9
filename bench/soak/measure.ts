/** The soak itself. */
import { join } from "node:path";
import { nodeCommand } from "../cluster/node-process.ts";
import { BenchError } from "../quorum/bench-error.ts";
import { Lab } from "../quorum/lab.ts";
import { type OwnCluster, startOwnCluster } from "../quorum/own-cluster.ts";
import type { Progress } from "../quorum/progress.ts";
import { readLeaderLog } from "./leader-log.ts";
import { watchMemory } from "./memory.ts";
import type { SoakOptions } from "./options.ts";
import { watchOwnStalls } from "./own-stalls.ts";
import type { Results } from "./results.ts";
import { joinWindows, SoakLoad, type Window } from "./window.ts";

const GROUP = { followers: 5, writeQuorum: 3, minDelayMs: 0, maxDelayMs: 0 };
/** Not beside the results: the leader's is long. */
const LOGS = "bench/out/soak/logs";
const PROBE = join(import.meta.dir, "probe.ts");
const FILL_CONNECTIONS = 100;
/** Of the driver; shorter ones are the usual turns of a busy loop. */
export const OWN_STALL_MS_LEAST = 10;
/** The first guess, for the time left only. */
const WRITES_PER_MS = 25;

export interface MeasureOptions {
  readonly options: SoakOptions;
  readonly environment: ReadonlyMap<string, string>;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** What the progress is told of. */
export function expectedMs(options: SoakOptions): number {
  return options.writes / WRITES_PER_MS;
}

/** Runs the soak to its end, or to the signal, with what there is then. */
export async function measure(of: MeasureOptions): Promise<Results> {
  const { options, signal } = of;
  const cluster = await startOwnCluster({
    ...{ ...GROUP, logDirectory: LOGS },
    leaderSettings: {
      BUN_OPTIONS: `--preload ${PROBE}`,
      BUN_JSC_logGC: "1",
      KVNODE_SOAK_PROFILE: options.profile ? "1" : "0",
    },
  });
  try {
    const load = new SoakLoad(options, cluster.leader);
    await load.fill(FILL_CONNECTIONS, signal);
    const warm = AbortSignal.any([signal, AbortSignal.timeout(1000 * options.warmUpSeconds)]);
    if (options.warmUpSeconds > 0) {
      await load.window({ writes: Number.MAX_SAFE_INTEGER, signal: warm });
    }
    load.restart();
    const seen = await soak(of, cluster, load);
    const lab = new Lab(cluster.leader, cluster.followers);
    const whole = !signal.aborted && seen.ended === undefined;
    const equal = whole ? await lab.waitUntilEqual() : undefined;
    const log = await Bun.file(join(LOGS, "leader.log.stderr")).text();
    const { turns, collections } = readLeaderLog(log);
    if (turns.length === 0 && !signal.aborted) {
      throw new BenchError(
        `The probe in the leader (${nodeCommand().name}) said nothing: does this build take ` +
          "BUN_OPTIONS?",
      );
    }
    const { startedAtMs, durationMs } = joinWindows(seen.windows);
    // What the comparison of the nodes costs the leader afterwards is no part of the load.
    const meanwhile = ({ endedAtMs }: { readonly endedAtMs: number }) =>
      endedAtMs > startedAtMs && endedAtMs <= startedAtMs + durationMs;
    return {
      ...{ options, environment: of.environment, equal, ...seen },
      turns: turns.filter(meanwhile),
      collections: collections.filter(meanwhile),
    };
  } catch (error) {
    // Where a node has ended, that is what there is to say.
    await cluster.check();
    throw error;
  } finally {
    await cluster.stop();
  }
}

async function soak(of: MeasureOptions, cluster: OwnCluster, load: SoakLoad) {
  const { options, signal, progress } = of;
  const { writes } = options;
  // The leader's is the last.
  const processIds = [...cluster.processIds.slice(-1), ...cluster.processIds.slice(0, -1)];
  const memory = watchMemory(processIds, () => load.writes);
  const own = watchOwnStalls(OWN_STALL_MS_LEAST);
  const windows: Window[] = [];
  let ended: string | undefined;
  progress.start({ label: "writes", total: writes, expectedMs: expectedMs(options) });
  try {
    while (load.writes < writes && !signal.aborted && ended === undefined) {
      const over = AbortSignal.timeout(1000 * options.windowSeconds);
      windows.push(
        await load.window({
          ...{ writes, signal: AbortSignal.any([signal, over]) },
          onProgress: () => progress.update(load.writes),
        }),
      );
      // What was seen until then is worth the more.
      ended = await endOf(cluster);
    }
  } finally {
    memory.stop();
    own.stop();
  }
  progress.finish(`${load.writes.toLocaleString("en-US")} done`);
  return { windows, memory: memory.samples, ownStalls: own.stalls, ended };
}

/** The sentence of a node that has ended; undefined where all run. */
async function endOf(cluster: OwnCluster): Promise<string | undefined> {
  try {
    await cluster.check();
    return undefined;
  } catch (error) {
    if (!(error instanceof BenchError)) throw error;
    return error.message;
  }
}
