/**
 * Writes a second with a disk, beside memory mode in the same run, and what a write costs a disk.
 */
import { median } from "simple-statistics";
import type { CrashGroup } from "../cluster/crash-group.ts";
import { Metrics } from "../cluster/metrics.ts";
import type { Figure } from "../figures.ts";
import { runWrites, WRITTEN_KEYS, type WritesSeen } from "./writes.ts";

const COMMITS = "kvnode_storage_commit_seconds_count";
const COMMIT_SECONDS = "kvnode_storage_commit_seconds_sum";
const ENTRIES = "kvnode_storage_entries_total";
const WARM_UP_SECONDS = 2;

/** Wanted of the durable mode, by number of connections (design, section 10). */
const WRITES_PER_SECOND = new Map([
  [20, 8_000],
  [100, 20_000],
]);

export interface ThroughputOptions {
  readonly onDisk: CrashGroup;
  readonly inMemory: CrashGroup;
  readonly pairs: number;
  readonly seconds: number;
  readonly said: (what: string) => void;
}

interface DiskRun extends WritesSeen {
  readonly commitsPerWrite: number;
  readonly followerCommitsPerWrite: number;
  readonly entriesPerCommit: number;
  readonly commitMs: number;
}

/** Alternating pairs, so that whatever else the machine does meets both. */
export async function measureThroughput(options: ThroughputOptions): Promise<Figure[]> {
  const { onDisk, inMemory, pairs, seconds, said } = options;
  const figures: Figure[] = [];
  for (const [clients, atLeast] of WRITES_PER_SECOND) {
    for (const group of [onDisk, inMemory]) {
      await runWrites(group.addressOf(0), {
        clients,
        keys: WRITTEN_KEYS,
        seconds: WARM_UP_SECONDS,
      });
    }
    const disk: DiskRun[] = [];
    const memory: WritesSeen[] = [];
    for (let pair = 0; pair < pairs; pair++) {
      const load = { clients, keys: WRITTEN_KEYS, seconds };
      const runs = [
        async () => memory.push(await runWrites(inMemory.addressOf(0), load)),
        async () => disk.push(await runOnDisk(onDisk, load)),
      ];
      for (const run of pair % 2 === 0 ? runs : runs.reverse()) await run();
      said(
        `${clients} connections, pair ${pair + 1}: ${describe(disk)} on disk, ` +
          `${describe(memory)} in memory`,
      );
    }
    figures.push(...toFigures(`${clients} connections`, { disk, memory, atLeast }));
  }
  return figures;
}

function describe(runs: readonly WritesSeen[]): string {
  return `${Math.round(runs.at(-1)?.writesPerSecond ?? 0).toLocaleString("en-US")} writes/s`;
}

async function runOnDisk(
  group: CrashGroup,
  load: { clients: number; keys: number; seconds: number },
): Promise<DiskRun> {
  const before = await Promise.all(group.addresses.map((node) => Metrics.of(node)));
  const seen = await runWrites(group.addressOf(0), load);
  const after = await Promise.all(group.addresses.map((node) => Metrics.of(node)));
  const rise = (slot: number, name: string) =>
    (after[slot]?.sum(name) ?? 0) - (before[slot]?.sum(name) ?? 0);
  const commits = group.addresses.map((_, slot) => rise(slot, COMMITS));
  const [ofLeader = 0, ...ofFollowers] = commits;
  const followerCommits = ofFollowers.reduce((sum, each) => sum + each, 0) / ofFollowers.length;
  return {
    ...seen,
    commitsPerWrite: ofLeader / seen.writes,
    followerCommitsPerWrite: followerCommits / seen.writes,
    entriesPerCommit: rise(0, ENTRIES) / ofLeader,
    commitMs: (1000 * rise(0, COMMIT_SECONDS)) / ofLeader,
  };
}

function toFigures(
  part: string,
  runs: { disk: readonly DiskRun[]; memory: readonly WritesSeen[]; atLeast: number },
): Figure[] {
  const { disk, memory, atLeast } = runs;
  const of = <Run>(all: readonly Run[], pick: (run: Run) => number) => median(all.map(pick));
  const rate = of(disk, (run) => run.writesPerSecond);
  const memoryRate = of(memory, (run) => run.writesPerSecond);
  const ratio = median(
    disk.map((run, at) => run.writesPerSecond / (memory[at]?.writesPerSecond ?? Number.NaN)),
  );
  const failures = [...disk, ...memory].reduce((sum, run) => sum + run.failures, 0);
  const fine = { part, digits: 2 };
  return [
    { part, name: "durable: acknowledged writes", value: rate, unit: "/s", atLeast },
    { ...fine, name: "durable: p50", value: of(disk, (run) => run.p50Ms), unit: "ms" },
    { ...fine, name: "durable: p99", value: of(disk, (run) => run.p99Ms), unit: "ms" },
    {
      ...fine,
      name: "leader: fsyncs per write",
      value: of(disk, (r) => r.commitsPerWrite),
      unit: "",
    },
    {
      ...{ ...fine, name: "a follower: fsyncs per write", unit: "" },
      value: of(disk, (run) => run.followerCommitsPerWrite),
    },
    {
      ...{ ...fine, digits: 1, name: "leader: entries per commit", unit: "" },
      value: of(disk, (run) => run.entriesPerCommit),
    },
    { ...fine, name: "leader: a commit takes", value: of(disk, (run) => run.commitMs), unit: "ms" },
    { part, name: "memory mode: acknowledged writes", value: memoryRate, unit: "/s" },
    { ...fine, name: "memory mode: p50", value: of(memory, (run) => run.p50Ms), unit: "ms" },
    { ...fine, name: "memory mode: p99", value: of(memory, (run) => run.p99Ms), unit: "ms" },
    { ...fine, name: "durable / memory, pairs", value: ratio, unit: "" },
    { part, name: "writes not acknowledged", value: failures, unit: "", atMost: 0 },
  ];
}
