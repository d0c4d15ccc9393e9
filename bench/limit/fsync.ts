/** What a commit costs: the disk alone, several nodes' disks at once, SQLite, and our storage. */
import { closeSync, fdatasyncSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { linearRegression, median } from "simple-statistics";
import type { Entry } from "../../src/core/entry.ts";
import { blankRecord } from "../../src/core/group-record.ts";
import { openSqliteStorage, type SqliteOptions } from "../../src/storage/sqlite.ts";
import { FRAME_BYTES, FRAMES, Part } from "./part-roles.ts";

const KEYS = 10_000;
const VALUE = JSON.stringify("x".repeat(100));
/** Numbers of entries through which the line of a commit's cost is drawn. */
const ENTRIES = [1, 5, 20, 60];

export interface SyncCosts {
  /** 4 KiB written and synced, one after the other. */
  readonly bareMs: number;
  /** So many a second, all of them together, where as many processes as nodes do that. */
  readonly togetherPerSecond: number;
  /** As a node commits. */
  readonly commit: CommitCosts;
  /** Each commit straight into SQLite's WAL (synchronous = FULL), without the log before it. */
  readonly sqliteCommit: CommitCosts;
}

/** A commit of k entries takes `fixed + k · each`: on the clock, and of the processor. */
export interface CommitCosts {
  readonly ms: Line;
  readonly cpuMicros: Line;
}

export interface Line {
  readonly fixed: number;
  readonly each: number;
}

/** The value of the line at x. */
export function at({ fixed, each }: Line, x: number): number {
  return fixed + each * x;
}

export async function measureSync(
  directory: string,
  { seconds, nodes }: { readonly seconds: number; readonly nodes: number },
): Promise<SyncCosts> {
  return {
    bareMs: measureBare(join(directory, "bare"), seconds),
    togetherPerSecond: await measureTogether(directory, nodes, seconds),
    commit: measureCommits({ directory: join(directory, "commits") }, seconds),
    sqliteCommit: measureCommits(
      { directory: join(directory, "sqlite"), spanBytesMax: 0 },
      seconds,
    ),
  };
}

function measureBare(path: string, seconds: number): number {
  const file = openSync(path, "w+");
  const frame = Buffer.alloc(FRAME_BYTES);
  for (let index = 0; index < FRAMES; index++) writeSync(file, frame);
  fdatasyncSync(file);
  const tookMs: number[] = [];
  const endsAt = performance.now() + 1000 * seconds;
  for (let index = 0; performance.now() < endsAt; index++) {
    const startedAt = performance.now();
    writeSync(file, frame, 0, FRAME_BYTES, (index % FRAMES) * FRAME_BYTES);
    fdatasyncSync(file);
    tookMs.push(performance.now() - startedAt);
  }
  closeSync(file);
  return median(tookMs);
}

async function measureTogether(directory: string, nodes: number, seconds: number): Promise<number> {
  const parts: Part[] = [];
  try {
    for (let node = 0; node < nodes; node++) {
      parts.push(await Part.start("sync", join(directory, `frames-${node}`)));
    }
    // The first number is from while others started.
    await Promise.all(parts.map((part) => part.nextNumber()));
    const sums: number[] = [];
    for (let second = 0; second < seconds; second++) {
      const rates = await Promise.all(parts.map((part) => part.nextNumber()));
      sums.push(rates.reduce((sum, each) => sum + each, 0));
    }
    return median(sums);
  } finally {
    await Promise.all(parts.map((part) => part.stop()));
  }
}

function measureCommits(where: Omit<SqliteOptions, "nodeId">, seconds: number): CommitCosts {
  const storage = openSqliteStorage({ ...where, nodeId: "limit" });
  let sequence = 0;
  const nextEntry = (): Entry => {
    sequence += 1;
    const key = `key-${Math.floor(Math.random() * KEYS)}`;
    return { key, value: VALUE, epoch: 1, sequence };
  };
  const commit = (count: number) => {
    const entries = Array.from({ length: count }, nextEntry);
    const record = { ...blankRecord("memory"), watermark: sequence };
    storage.commit([{ group: 0, entries, record }]);
  };
  try {
    // All keys are there, and the runtime has compiled, before anything counts.
    for (let done = 0; done < 4 * KEYS; done += 100) commit(100);
    const seen = ENTRIES.map((count) => {
      const cpu = process.cpuUsage();
      const startedAt = performance.now();
      let commits = 0;
      while (performance.now() - startedAt < (1000 * seconds) / ENTRIES.length) {
        commit(count);
        commits += 1;
      }
      const { user, system } = process.cpuUsage(cpu);
      const ms = (performance.now() - startedAt) / commits;
      return { count, ms, cpuMicros: (user + system) / commits };
    });
    return {
      ms: lineThrough(seen.map(({ count, ms }) => [count, ms])),
      cpuMicros: lineThrough(seen.map(({ count, cpuMicros }) => [count, cpuMicros])),
    };
  } finally {
    storage.close();
  }
}

/** The least squares' line through these points. */
export function lineThrough(points: [number, number][]): Line {
  const { m, b } = linearRegression(points);
  return { fixed: b, each: m };
}
