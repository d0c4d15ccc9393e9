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
import { fillMs, type PlannedGroup, type PlannedPoint, SETTLE_MS, startMs } from "./plan.ts";

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

/** A group that runs, warm, and filled where that is planned. */
export interface Running {
  readonly planned: PlannedGroup;
  readonly group: Group;
  readonly memory: AxisPoint["memory"];
}

type Started = Pick<Running, "planned" | "group">;

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
  const started: Started[] = [];
  try {
    for (const planned of groups) {
      if (bench.signal.aborted) return;
      started.push(await startGroup(bench, planned));
    }
    const running = await fillGroups(bench, started);
    if (bench.signal.aborted) return;
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
    await Promise.all(started.map(({ group }) => group.stop()));
  }
}

async function startGroup(bench: Bench, planned: PlannedGroup): Promise<Started> {
  const { options, driver, progress, logDirectory, dataDirectory, signal } = bench;
  const { name, followers, filled } = planned;
  const expectedMs = startMs(options);
  progress.start({ label: `${name}: start, first load`, total: 1, expectedMs });
  const group = await Group.start({ name, followers, logDirectory, dataDirectory, driver });
  try {
    const most = busiest(planned);
    const first = { ...(filled ? { ...STILL, keys: 1 } : most), seconds: options.warmUpSeconds };
    if (first.seconds > 0) await group.write({ ...first, watch: { signal } });
    progress.finish("warm");
    return { planned, group };
  } catch (error) {
    await group.stop();
    throw error;
  }
}

/** The point with the most connections compiles what all others need. */
function busiest({ points }: PlannedGroup): PlannedPoint {
  return points.reduce((one, other) => (other.clients > one.clients ? other : one));
}

/**
 * Fills those that are to be filled. Their memory settles at the same time, before and behind that:
 * a group that is not loaded does nothing.
 */
async function fillGroups(bench: Bench, started: readonly Started[]): Promise<Running[]> {
  const { progress, signal } = bench;
  const seen = started.filter(({ planned }) => planned.filled && isSeen(busiest(planned)));
  // What a process takes that has worked already, or a few keys would seem to take all of that.
  const empty = await settle(bench, seen);
  for (const { planned, group } of started) {
    if (!planned.filled || signal.aborted) continue;
    const point = busiest(planned);
    progress.start({ label: `${planned.name}: fill`, total: 1, expectedMs: fillMs(point) });
    await group.fill(point, signal);
    progress.finish(`${count(point.keys)} keys`);
  }
  const filled = await settle(bench, seen);
  return started.map((each): Running => {
    const [before, behind] = [empty.get(each.group), filled.get(each.group)];
    const known = before !== undefined && behind !== undefined;
    return { ...each, memory: known ? { empty: before, filled: behind } : undefined };
  });
}

/** What each of these groups holds when it gives nothing back any more. */
async function settle(
  { progress, signal }: Bench,
  groups: readonly Started[],
): Promise<ReadonlyMap<Group, Memory>> {
  if (groups.length === 0 || signal.aborted) return new Map();
  progress.start({ label: "memory settles", total: 1, expectedMs: SETTLE_MS });
  const settled = await Promise.all(
    groups.map(async ({ group }) => [group, await group.settledMemory(signal)] as const),
  );
  const mebibytes = ({ leaderBytes }: Memory) => (leaderBytes / 2 ** 20).toFixed(0);
  progress.finish(`${settled.map(([, memory]) => mebibytes(memory)).join(", ")} MiB at the leader`);
  return new Map(settled);
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
