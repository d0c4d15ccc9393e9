/** `bun run bench:growth`: what grows with what. `--help` says more. */
import { rm } from "node:fs/promises";
import { nodeCommand } from "../cluster/node-process.ts";
import { EXIT_INTERRUPTED, endOnSignals, runToEnd } from "../ending.ts";
import type { Figure } from "../figures.ts";
import { LoadProcess } from "../load/load-process.ts";
import { announceEnvironment } from "../quorum/environment.ts";
import { Progress } from "../quorum/progress.ts";
import { makeScratch } from "../scratch.ts";
import type { AxisPoint } from "./axis.ts";
import { measureChecks } from "./checks.ts";
import { type Part, readOptions } from "./options.ts";
import { batchesOf, expectedMs, type PlannedGroup, planAxis, planLarge } from "./plan.ts";
import { measureRedisMemory, type RedisMemory } from "./redis-memory.ts";
import { redraw } from "./redraw.ts";
import type { Results } from "./results.ts";
import { type Bench, measureAxis, type Running } from "./run-axis.ts";
import { describeResults } from "./tables.ts";
import { writeResults } from "./write-results.ts";

/** Not beside the results, which may be kept. */
const LOGS = "bench/out/growth/logs";

interface Found extends Results {
  readonly axes: AxisPoint[];
  readonly checks: Figure[];
  readonly redis: RedisMemory[];
  readonly leftOut: string[];
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options === undefined) return;
  if (options.redraw) {
    await redraw(options.out);
    return;
  }
  const signal = endOnSignals();
  const environment = announceEnvironment(`${nodeCommand().name}, ${options.storage}`);
  const directory = await makeScratch(options.disk, "growth");
  const driver = new LoadProcess();
  const progress = new Progress(
    options.only.map((part) => ({ expectedMs: expectedMs(part, options) })),
  );
  const bench: Bench = {
    ...{ options, driver, progress, signal, logDirectory: LOGS },
    dataDirectory: options.storage === "disk" ? directory : undefined,
  };
  const found: Found = { environment, axes: [], checks: [], redis: [], leftOut: [] };
  const startedAtMs = performance.now();
  try {
    await measure(bench, found);
  } catch (error) {
    // What was cut short complains of that.
    if (!signal.aborted) throw error;
  } finally {
    progress.stop();
    await driver.stop();
    await rm(directory, { recursive: true, force: true });
    if (signal.aborted) process.exitCode = EXIT_INTERRUPTED;
    // What another run has left there is worth more than nothing.
    if (isSomething(found)) {
      await writeResults(options.out, found);
      console.log(describeResults(found));
      const seconds = Math.round((performance.now() - startedAtMs) / 1000);
      console.log(`\nMeasured in ${seconds} s. Tables and plots: ${options.out}`);
    }
  }
}

function isSomething({ axes, checks }: Results): boolean {
  return checks.length > 0 || axes.some(({ runs }) => runs.length > 0);
}

/** What is found before something fails is kept. */
async function measure(bench: Bench, found: Found): Promise<void> {
  const { options } = bench;
  const check = async (running: readonly Running[]) => {
    found.checks.push(...(await measureChecks(bench, running)));
  };
  const parts: Record<Part, () => Promise<void>> = {
    followers: () => measureAxis(bench, planAxis("followers", options), found.axes),
    async data() {
      await measureRedis(bench, planAxis("data", options), found);
      const also = options.only.includes("checks") ? check : undefined;
      await measureAxis(bench, planAxis("data", options), found.axes, also);
      if (!options.large) return;
      await measureRedis(bench, [planLarge()], found);
      await measureAxis(bench, [planLarge()], found.axes);
    },
    async checks() {
      // With the axis of data they were made on its groups.
      if (options.only.includes("data")) return;
      const groups = planAxis("data", options);
      const ends = groups.filter((_, index) => index === 0 || index === groups.length - 1);
      await measureAxis({ ...bench, options: { ...options, rounds: 0 } }, ends, [], (running) =>
        measureChecks(bench, running).then((figures) => void found.checks.push(...figures)),
      );
    },
    async values() {
      for (const batch of batchesOf("values", options)) {
        await measureAxis(bench, batch, found.axes);
      }
    },
    connections: () => measureAxis(bench, planAxis("connections", options), found.axes),
  };
  for (const part of options.only) {
    if (bench.signal.aborted) return;
    await parts[part]();
  }
}

async function measureRedis(
  bench: Bench,
  groups: readonly PlannedGroup[],
  found: Found,
): Promise<void> {
  for (const point of groups.flatMap(({ points }) => points)) {
    if (bench.signal.aborted) return;
    const memory = await measureRedisMemory(point, bench);
    if (memory === undefined) {
      found.leftOut.push("Redis is not installed, so its memory per key is left out.");
      return;
    }
    found.redis.push(memory);
  }
}

await runToEnd(main);
