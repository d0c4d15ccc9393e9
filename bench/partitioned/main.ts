/** `bun run bench:partitioned`: what a partitioned cluster does. `--help` says more. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { nodeCommand } from "../cluster/node-process.ts";
import { exitOnSignals, runToEnd } from "../ending.ts";
import type { Figure } from "../figures.ts";
import { measurePlacement } from "../placement/measure.ts";
import { announceEnvironment } from "../quorum/environment.ts";
import { makeScratch } from "../scratch.ts";
import { awayFigures, measureAway } from "./away.ts";
import { clusterCases, groupCases } from "./cases.ts";
import { failoverFigures, measureFailover } from "./failover.ts";
import { measureForwarding } from "./forwarding.ts";
import { measureIdle } from "./idle.ts";
import { type Part, type PartitionedOptions, readOptions } from "./options.ts";
import { measureRebalance, rebalanceFigures } from "./rebalance.ts";
import { brokenPromises, type Results } from "./results.ts";
import { describeResults } from "./tables.ts";
import { measureThroughput, throughputFigures } from "./throughput.ts";
import { writeResults } from "./write-results.ts";

const LOGS = "bench/out/partitioned/logs";
const EXIT_BROKEN = 1;

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options === undefined) return;
  const environment = announceEnvironment(nodeCommand().name);
  const directory = await makeScratch(options.disk, "partitioned");
  exitOnSignals(directory);
  const results: Found = {
    ...{ environment, figures: [], failovers: [], rebalance: undefined, throughput: [] },
    ...{ away: undefined, placement: [] },
  };
  const startedAtMs = performance.now();
  try {
    await measure(options, directory, results);
  } finally {
    await rm(directory, { recursive: true, force: true });
    await writeResults(options.out, results);
    console.log(describeResults(results));
    const seconds = Math.round((performance.now() - startedAtMs) / 1000);
    const broken = brokenPromises(results);
    for (const sentence of broken) console.error(sentence);
    if (broken.length > 0) process.exitCode = EXIT_BROKEN;
    console.log(`\nMeasured in ${seconds} s. Tables and plots: ${options.out}`);
  }
}

type Found = { -readonly [Field in keyof Results]: Results[Field] } & {
  readonly figures: Figure[];
  readonly failovers: Results["failovers"][number][];
};

/** What is found before something fails is kept. */
async function measure(
  options: PartitionedOptions,
  directory: string,
  results: Found,
): Promise<void> {
  const at = (part: string) => ({ directory: join(directory, part), logDirectory: LOGS, said });
  const { figures } = results;
  const parts: Record<Part, () => Promise<void>> = {
    async failover() {
      for (const each of clusterCases(options)) await kill(each);
    },
    async "auto-failover"() {
      for (const each of groupCases(options)) await kill(each);
    },
    async rebalance() {
      results.rebalance = await measureRebalance({ keys: options.joinKeys, ...at("rebalance") });
      figures.push(...rebalanceFigures(results.rebalance));
    },
    async throughput() {
      const { connections, seconds } = options;
      results.throughput = await measureThroughput({ connections, seconds, ...at("throughput") });
      figures.push(...throughputFigures(results.throughput));
    },
    async forwarding() {
      const { forwardSeconds: seconds, pairs } = options;
      figures.push(...(await measureForwarding({ seconds, pairs, ...at("forwarding") })));
    },
    async away() {
      const { keys, awaySeconds: seconds } = options;
      results.away = await measureAway({ keys, seconds, ...at("away") });
      figures.push(...awayFigures(results.away));
    },
    async idle() {
      figures.push(...(await measureIdle({ seconds: options.idleSeconds, ...at("idle") })));
    },
    async placement() {
      results.placement = measurePlacement(options.planWorkers, options.planPartitions);
    },
  };
  const kill = async (each: Parameters<typeof measureFailover>[0]) => {
    const rounds = await measureFailover(each, at("failover"));
    results.failovers.push(rounds);
    figures.push(...failoverFigures(rounds));
  };
  for (const part of options.only) await parts[part]();
}

function said(what: string): void {
  console.error(what);
}

await runToEnd(main);
