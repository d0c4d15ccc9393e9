/** `bun run bench:disk`: what durability costs. `--help` says more. */
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { CrashGroup } from "../cluster/crash-group.ts";
import { Metrics } from "../cluster/metrics.ts";
import { nodeCommand } from "../cluster/node-process.ts";
import { exitOnSignals, runToEnd } from "../ending.ts";
import { type Figure, figuresCsv, figuresTable } from "../figures.ts";
import { announceEnvironment } from "../quorum/environment.ts";
import { makeScratch } from "../scratch.ts";
import { measureCatchUp } from "./catch-up.ts";
import { type DiskOptions, type Part, readOptions } from "./options.ts";
import { measureRestart } from "./restart.ts";
import { measureStoppedFollower } from "./stopped-follower.ts";
import { measureThroughput } from "./throughput.ts";
import { fill, WRITTEN_KEYS } from "./writes.ts";

const GROUP = { nodes: 6, writeQuorum: 3, minDelayMs: 0, maxDelayMs: 0 };
/** Few enough that the leader is not merely starved of processor time, and full load. */
const CATCH_UP_CLIENTS = 20;
const STOPPED_CLIENTS = 100;
/** Writes without catch-up last so many runs: about as long as a catch-up. */
const CALM_RUNS = 3;

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options === undefined) return;
  announceEnvironment(nodeCommand().name);
  const dataDirectory = await makeScratch(options.disk, "disk");
  exitOnSignals(dataDirectory);
  const figures: Figure[] = [];
  try {
    await measure(options, dataDirectory, figures);
  } finally {
    await rm(dataDirectory, { recursive: true, force: true });
    await mkdir(options.out, { recursive: true });
    await Bun.write(join(options.out, "figures.csv"), figuresCsv(figures));
    console.log(figuresTable(figures));
  }
}

async function measure(
  options: DiskOptions,
  dataDirectory: string,
  figures: Figure[],
): Promise<void> {
  const { only, keys, pairs, seconds } = options;
  const has = (part: Part) => only.includes(part);
  const logDirectory = join(options.out, "logs");
  const onDisk = await CrashGroup.start({ ...GROUP, logDirectory, dataDirectory });
  try {
    const empty = await Metrics.of(onDisk.addressOf(1));
    const emptyRssBytes = empty.max("process_resident_memory_bytes");
    if (has("throughput")) {
      const memoryLogs = join(logDirectory, "memory");
      const memory = { ...GROUP, logDirectory: memoryLogs, dataDirectory: undefined };
      const inMemory = await CrashGroup.start(memory);
      try {
        figures.push(...(await measureThroughput({ onDisk, inMemory, pairs, seconds, said })));
      } finally {
        await inMemory.stop();
      }
    }
    const group = onDisk;
    if (has("stopped")) {
      // Before there are many keys: a replica keeps as many replaced entries as it has keys until
      // it
      // sweeps them, which would hide what the stopped follower costs.
      await fillAndSay(group, WRITTEN_KEYS);
      const load = { clients: STOPPED_CLIENTS, seconds: options.stopSeconds };
      figures.push(...(await measureStoppedFollower({ group, ...load, said })));
    }
    if (!has("catch-up") && !has("start")) return;
    await fillAndSay(group, keys);
    if (has("catch-up")) {
      const load = { clients: CATCH_UP_CLIENTS, seconds: CALM_RUNS * seconds };
      figures.push(...(await measureCatchUp({ group, keys, ...load, said })));
    }
    if (has("start")) {
      figures.push(...(await measureRestart({ group, keys, emptyRssBytes, said })));
    }
  } finally {
    await onDisk.stop();
  }
}

async function fillAndSay(group: CrashGroup, keys: number): Promise<void> {
  const startedAt = performance.now();
  await fill(group.addressOf(0), keys);
  said(`wrote ${keys} keys in ${Math.round((performance.now() - startedAt) / 1000)} s`);
}

function said(what: string): void {
  console.error(what);
}

await runToEnd(main);
