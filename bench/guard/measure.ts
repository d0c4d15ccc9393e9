/** The comparison itself: both clusters at once, loaded in turn. */
import { join } from "node:path";
import { createSeededRandom, type Random } from "../../src/base/random.ts";
import { type OwnCluster, startOwnCluster } from "../quorum/own-cluster.ts";
import { shuffled } from "../quorum/plan.ts";
import type { Progress } from "../quorum/progress.ts";
import type { Build, Builds } from "./builds.ts";
import type { GuardOptions } from "./options.ts";
import { describePoint, KINDS, type Point } from "./point.ts";
import type { Pair } from "./results.ts";
import { type Slice, Subject } from "./slice.ts";

const GROUP = { followers: 5, writeQuorum: 3, minDelayMs: 0, maxDelayMs: 0 };
const LOGS = "bench/out/guard/logs";
/** Of slices in turn while both clusters get warm. */
const WARM_SLICE_MS = 1_000;
/** At least so many of each cluster for each second that was asked for, or so often as long. */
const WARM_OPERATIONS_PER_SECOND = 10_000;
const WARM_TURNS_MAX = 3;

export interface MeasureOptions {
  readonly options: GuardOptions;
  readonly builds: Builds;
  /** For the nodes' disks. */
  readonly directory: string;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

interface Step {
  readonly point: Point;
  readonly currentFirst: boolean;
}

interface Subjects {
  readonly current: Subject;
  readonly other: Subject;
}

/** What the progress is told of, in the order in which it comes. */
export function expectedSteps(options: GuardOptions): { label: string; expectedMs: number }[] {
  const { rounds, pairs, points, sliceMs } = options;
  const warmUpMs = 2000 * options.warmUpSeconds * kindsOf(points).length;
  return Array.from({ length: rounds }, (_, round) => [
    { label: `start ${round + 1}: warming up`, expectedMs: warmUpMs },
    ...Array.from({ length: pairsOf(round, { pairs, rounds }) * points.length }, () => ({
      label: "pair",
      expectedMs: 2 * sliceMs,
    })),
  ]).flat();
}

/** Adds each pair to `found` as it is made; ends early, without an error, at the signal. */
export async function measure(of: MeasureOptions, found: Pair[]): Promise<void> {
  const random = createSeededRandom(of.options.seed);
  for (let round = 0; round < of.options.rounds && !of.signal.aborted; round++) {
    await measureRound(of, { round, random, found });
  }
}

async function measureRound(
  of: MeasureOptions,
  { round, random, found }: { round: number; random: Random; found: Pair[] },
): Promise<void> {
  const { options, builds, signal, progress } = of;
  const clusters: OwnCluster[] = [];
  const start = async (build: Build, name: string) => {
    const cluster = await startCluster(of, { build, name: `${name}-${round + 1}` });
    clusters.push(cluster);
    return new Subject(build.name, cluster);
  };
  try {
    // Which of them has the lower ports and starts first is chance too.
    const startCurrentFirst = random.next() < 0.5;
    const first = startCurrentFirst ? await start(builds.current, "current") : undefined;
    const other = await start(builds.other, "other");
    const subjects = { other, current: first ?? (await start(builds.current, "current")) };
    await warmUp(of, subjects, round);
    for (const step of planSteps(options, { round, random })) {
      if (signal.aborted) return;
      const { point, currentFirst } = step;
      const { sliceMs } = options;
      progress.start({ label: describePoint(point), total: 1, expectedMs: 2 * sliceMs });
      const pair = await runPair(subjects, step, { sliceMs, signal });
      // A pair that was cut short is none.
      if (signal.aborted) return;
      found.push({ round, point, currentFirst, ...pair });
      const percent = 100 * (pair.current.perSecond / pair.other.perSecond - 1);
      progress.finish(`throughput ${percent < 0 ? "" : "+"}${percent.toFixed(1)} %`);
    }
  } catch (error) {
    // Where a node has ended, that is what there is to say.
    for (const cluster of clusters) await cluster.check();
    throw error;
  } finally {
    await Promise.all(clusters.map((cluster) => cluster.stop()));
  }
}

function startCluster(
  { options, directory }: MeasureOptions,
  { build, name }: { build: Build; name: string },
): Promise<OwnCluster> {
  const disk = options.disk === undefined ? {} : { dataDirectory: join(directory, name) };
  const logDirectory = join(LOGS, name);
  return startOwnCluster({ ...GROUP, ...disk, logDirectory, executable: build.executable });
}

async function warmUp(of: MeasureOptions, subjects: Subjects, round: number): Promise<void> {
  const { options, signal, progress } = of;
  const both = [subjects.current, subjects.other];
  const kinds = kindsOf(options.points);
  const expectedMs = 2000 * options.warmUpSeconds * kinds.length;
  progress.start({ label: `start ${round + 1}: warming up`, total: 1, expectedMs });
  for (const subject of both) await subject.fill(signal);
  for (const kind of kinds) {
    const own = options.points.filter((point) => point.kind === kind);
    const enough = WARM_OPERATIONS_PER_SECOND * options.warmUpSeconds;
    let operations = 0;
    // Code gets fast by being run, so a busy machine takes longer, within reason.
    for (let turn = 0; turn < WARM_TURNS_MAX * options.warmUpSeconds; turn++) {
      if (turn >= options.warmUpSeconds && operations >= enough) break;
      const seen: Slice[] = [];
      for (const subject of both) {
        const point = own[turn % own.length];
        if (signal.aborted || point === undefined) return;
        seen.push(await subject.run(point, WARM_SLICE_MS, signal));
      }
      operations += Math.min(...seen.map((slice) => slice.operations));
    }
  }
  progress.finish("done");
}

/** Each pair of pairs has one in each order; the loads of a pair are shuffled. */
function planSteps(
  { points, pairs, rounds }: GuardOptions,
  { round, random }: { round: number; random: Random },
): Step[] {
  const before = points.map(() => false);
  return Array.from({ length: pairsOf(round, { pairs, rounds }) }, (_, pair) => {
    const steps = points.map((point, index) => {
      const currentFirst = pair % 2 === 0 ? random.next() < 0.5 : !before[index];
      before[index] = currentFirst;
      return { point, currentFirst };
    });
    return shuffled(steps, random);
  }).flat();
}

async function runPair(
  { current, other }: Subjects,
  { point, currentFirst }: Step,
  { sliceMs, signal }: { sliceMs: number; signal: AbortSignal },
) {
  if (currentFirst) {
    const first = await current.run(point, sliceMs, signal);
    return { current: first, other: await other.run(point, sliceMs, signal) };
  }
  const first = await other.run(point, sliceMs, signal);
  return { current: await current.run(point, sliceMs, signal), other: first };
}

function kindsOf(points: readonly Point[]) {
  return KINDS.filter((kind) => points.some((point) => point.kind === kind));
}

/** The pairs are dealt to the rounds as evenly as they can be. */
function pairsOf(round: number, { pairs, rounds }: { pairs: number; rounds: number }): number {
  return Math.floor((pairs * (round + 1)) / rounds) - Math.floor((pairs * round) / rounds);
}
