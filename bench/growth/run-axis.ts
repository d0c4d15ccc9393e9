/**
 * Measures the points of an axis. The groups of an axis run at the same time and are loaded one at
 * a time, in rounds of all points, shuffled: a machine that warms up or tires favours none.
 */
import { createSeededRandom } from "../../src/base/random.ts";
import type { LoadProcess } from "../load/load-process.ts";
import { count } from "../quorum/describe.ts";
import { shuffled } from "../quorum/plan.ts";
import type { Progress } from "../quorum/progress.ts";
import { AXES, type AxisPoint, isSeen, STILL } from "./axis.ts";
import { Group, type Memory, type Run } from "./group.ts";
import type { GrowthOptions } from "./options.ts";
import type { PlannedGroup, PlannedPoint } from "./plan.ts";

const SEED = 1;

export interface Bench {
  readonly options: GrowthOptions;
  readonly driver: LoadProcess;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  readonly logDirectory: string;
  /** For the nodes' disks; undefined in memory mode. */
  readonly dataDirectory: string | undefined;
}

/** A group that runs, filled and warm. */
export interface Running {
  readonly planned: PlannedGroup;
  readonly group: Group;
  readonly memory: AxisPoint["memory"];
}

type Found = AxisPoint & { readonly runs: Run[] };

/**
 * Adds a point to `found` for each that is planned, and its runs as they are made; ends early,
 * without an error, at the signal. `also` has the groups before they end.
 */
export async function measureAxis(
  bench: Bench,
  groups: readonly PlannedGroup[],
  found: AxisPoint[],
  also: (running: readonly Running[]) => Promise<void> = async () => {},
): Promise<void> {
  const running: Running[] = [];
  try {
    for (const planned of groups) {
      if (bench.signal.aborted) return;
      running.push(await startGroup(bench, planned));
    }
    const targets = running.flatMap(({ planned, group, memory }) =>
      planned.points.map((point): { group: Group; point: Found } => {
        return {
          group,
          point: { ...point, runs: [], ...(memory === undefined ? {} : { memory }) },
        };
      }),
    );
    found.push(...targets.map(({ point }) => point));
    const random = createSeededRandom(SEED);
    for (let round = 1; round <= bench.options.rounds; round++) {
      for (const { group, point } of shuffled(targets, random)) {
        if (bench.signal.aborted) return;
        const run = await measurePoint(bench, group, { point, round });
        // One that was cut short is none.
        if (!bench.signal.aborted) point.runs.push(run);
      }
    }
    if (!bench.signal.aborted) await also(running);
  } finally {
    await Promise.all(running.map(({ group }) => group.stop()));
  }
}

async function startGroup(bench: Bench, planned: PlannedGroup): Promise<Running> {
  const { options, driver, progress, logDirectory, dataDirectory, signal } = bench;
  const { name, followers, filled, points } = planned;
  const label = `${name}: start${filled ? ", fill" : ""}, first load`;
  progress.start({ label, total: 1, expectedMs: 1000 * options.warmUpSeconds });
  const group = await Group.start({ name, followers, logDirectory, dataDirectory, driver });
  try {
    // The point with the most connections compiles what all others need.
    const most = points.reduce((one, other) => (other.clients > one.clients ? other : one));
    const first = { ...(filled ? { ...STILL, keys: 1 } : most), seconds: options.warmUpSeconds };
    if (first.seconds > 0) await group.write({ ...first, watch: { signal } });
    const memory = filled && !signal.aborted ? await fill(group, most) : undefined;
    progress.finish(
      memory === undefined ? "warm" : `${megabytes(memory.filled)} MiB at the leader`,
    );
    return { planned, group, memory };
  } catch (error) {
    await group.stop();
    throw error;
  }
}

async function fill(
  group: Group,
  point: PlannedPoint,
): Promise<{ empty: Memory; filled: Memory } | undefined> {
  const { keys, valueBytes } = point;
  if (!isSeen(point)) {
    await group.fill(keys, valueBytes);
    return undefined;
  }
  // What a process takes that has worked already, or a few keys would seem to take all of that.
  const empty = await group.settledMemory();
  await group.fill(keys, valueBytes);
  return { empty, filled: await group.settledMemory() };
}

async function measurePoint(
  { options, progress, signal }: Bench,
  group: Group,
  { point, round }: { point: AxisPoint; round: number },
): Promise<Run> {
  const { seconds } = options;
  const { axis, at, clients } = point;
  const label = `round ${round}: ${count(at)} ${AXES[axis].of}, ${count(clients)} connections`;
  progress.start({ label, total: 1, expectedMs: 1000 * seconds });
  const run = await group.write({ ...point, seconds, watch: { signal } });
  progress.finish(
    `${count(run.perSecond)} writes/s, leader ${run.leaderMicros.toFixed(1)} µs, a follower ` +
      `${run.followerMicros.toFixed(1)} µs a write`,
  );
  return run;
}

function megabytes({ leaderBytes }: Memory): string {
  return (leaderBytes / 2 ** 20).toFixed(0);
}
