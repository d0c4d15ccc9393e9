/** The files of a run: tables, plots, and a page that shows them. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type Plot, writePlot } from "../plot/render.ts";
import { driverCsv, figuresCsv, measurementsCsv, memoryCsv, ratiosCsv } from "./csv.ts";
import { latencyPlot } from "./plots/latency.ts";
import { memoryPlot } from "./plots/memory.ts";
import { processorPlot } from "./plots/processor.ts";
import { quorumPlot } from "./plots/quorum.ts";
import { readsPlot } from "./plots/reads.ts";
import { throughputPlot } from "./plots/throughput.ts";
import { valuesPlot } from "./plots/values.ts";
import type { Results } from "./results.ts";
import { summaryMarkdown } from "./summary.ts";

const PLOTS: readonly ((results: Results) => Plot | undefined)[] = [
  ...[throughputPlot, latencyPlot, quorumPlot, valuesPlot, readsPlot, processorPlot, memoryPlot],
];

/** Into the directory, which is made where it is missing. */
export async function writeResults(directory: string, results: Results): Promise<void> {
  await mkdir(directory, { recursive: true });
  const plots = PLOTS.map((toPlot) => toPlot(results)).filter((plot) => plot !== undefined);
  const names = plots.map(({ name }) => name);
  const files = {
    "measurements.csv": measurementsCsv(results),
    "ratios.csv": ratiosCsv(results),
    "figures.csv": figuresCsv(results),
    "driver.csv": driverCsv(results),
    "memory.csv": memoryCsv(results),
    "summary.md": summaryMarkdown(results, names),
  };
  for (const [name, text] of Object.entries(files)) await Bun.write(join(directory, name), text);
  for (const plot of plots) await writePlot(directory, plot);
}
