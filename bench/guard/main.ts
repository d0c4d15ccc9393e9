/** `bun run bench:guard`: faster or slower than another build? `--help` says more. */
import { mkdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EXIT_INTERRUPTED, endOnSignals, runToEnd } from "../ending.ts";
import { writePlot } from "../plot/render.ts";
import { BenchError } from "../quorum/bench-error.ts";
import { describeEnvironment } from "../quorum/environment.ts";
import { Progress } from "../quorum/progress.ts";
import { makeScratch } from "../scratch.ts";
import { takeBuilds } from "./builds.ts";
import { expectedSteps, measure } from "./measure.ts";
import { type GuardOptions, readOptions } from "./options.ts";
import { ratiosPlot } from "./plot.ts";
import { compare, type Pair, type Results } from "./results.ts";
import { describeResults, pairsCsv, ratiosCsv, summaryMarkdown } from "./tables.ts";

const EXIT_SLOWER = 1;

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  if (options === undefined) return 0;
  const signal = endOnSignals();
  const directory = await makeScratch(options.disk ?? tmpdir(), "guard");
  try {
    return await compareBuilds(options, directory, signal);
  } catch (error) {
    // What Ctrl-C ended on its way has nothing to say of its own.
    if (signal.aborted && error instanceof BenchError) return EXIT_INTERRUPTED;
    throw error;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function compareBuilds(
  options: GuardOptions,
  directory: string,
  signal: AbortSignal,
): Promise<number> {
  console.error("Building…");
  const builds = await takeBuilds(options, directory);
  const environment = describeEnvironment("as named above");
  console.error(`current: ${builds.current.name}\nother:   ${builds.other.name}`);
  for (const note of builds.notes) console.error(note);
  const pairs: Pair[] = [];
  const progress = new Progress(expectedSteps(options));
  try {
    await measure({ options, builds, directory, progress, signal }, pairs);
  } finally {
    progress.stop();
    if (pairs.length > 0) await conclude({ options, environment, builds, pairs });
  }
  if (signal.aborted) return EXIT_INTERRUPTED;
  const slower = compare({ options, environment, builds, pairs }).some(
    ({ seen }) => seen.verdict === "slower",
  );
  return slower && options.failIfSlower ? EXIT_SLOWER : 0;
}

async function conclude(results: Results): Promise<void> {
  const { out } = results.options;
  await mkdir(out, { recursive: true });
  const files = {
    "pairs.csv": pairsCsv(results),
    "ratios.csv": ratiosCsv(results),
    "summary.md": summaryMarkdown(results),
  };
  for (const [name, text] of Object.entries(files)) await Bun.write(join(out, name), text);
  const plot = ratiosPlot(results);
  if (plot !== undefined) await writePlot(out, plot);
  console.log(describeResults(results));
  console.log(`\nTables and plot: ${out}`);
}

await runToEnd(main);
