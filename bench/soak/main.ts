/** `bun run bench:soak`: a long load, its tail, its stalls and its memory. `--help` says more. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { nodeCommand } from "../cluster/node-process.ts";
import { EXIT_INTERRUPTED, endOnSignals, runToEnd } from "../ending.ts";
import { figuresCsv, figuresTable, isMet } from "../figures.ts";
import { type Plot, writePlot } from "../plot/render.ts";
import { announceEnvironment } from "../quorum/environment.ts";
import { Progress } from "../quorum/progress.ts";
import { expectedMs, measure } from "./measure.ts";
import { readOptions } from "./options.ts";
import { latencyPlot } from "./plots/latency.ts";
import { memoryPlot } from "./plots/memory.ts";
import { describeStall, figuresOf, type Results } from "./results.ts";
import { memoryCsv, stallsCsv, summaryMarkdown, windowsCsv } from "./tables.ts";

/** A write that failed, or nodes that differ; what a busy machine misses does not fail the run. */
const EXIT_BROKEN = 1;

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  if (options === undefined) return 0;
  const signal = endOnSignals();
  const environment = announceEnvironment(nodeCommand().name);
  const progress = new Progress([{ expectedMs: expectedMs(options) }]);
  let results: Results;
  try {
    results = await measure({ options, environment, progress, signal });
  } finally {
    progress.stop();
  }
  // What another run has left there is worth more than nothing.
  if (results.windows.length === 0) return EXIT_INTERRUPTED;
  await writeResults(options.out, results);
  console.log(figuresTable(figuresOf(results)));
  console.log(`${describeStall(results)}\n\nTables and plots: ${options.out}`);
  if (results.ended !== undefined) {
    console.error(results.ended);
    return EXIT_BROKEN;
  }
  if (signal.aborted) return EXIT_INTERRUPTED;
  const promised = figuresOf(results).filter(({ part, atMost }) => part === "load" && atMost === 0);
  return promised.every((figure) => isMet(figure)) ? 0 : EXIT_BROKEN;
}

async function writeResults(directory: string, results: Results): Promise<void> {
  await mkdir(directory, { recursive: true });
  const plots = [latencyPlot(results), memoryPlot(results)].filter((plot) => plot !== undefined);
  for (const plot of plots) await writePlot(directory, plot satisfies Plot);
  const files = {
    "figures.csv": figuresCsv(figuresOf(results)),
    "windows.csv": windowsCsv(results),
    "memory.csv": memoryCsv(results),
    "stalls.csv": stallsCsv(results),
    "summary.md": summaryMarkdown(
      results,
      plots.map(({ name }) => name),
    ),
  };
  for (const [name, text] of Object.entries(files)) await Bun.write(join(directory, name), text);
}

await runToEnd(main);
