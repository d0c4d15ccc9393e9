/** Everything that the analysis leaves in its directory. */
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { type Plot, writePlot } from "../plot/render.ts";
import { distributionPlot } from "./plots/distribution.ts";
import { latencyPlot } from "./plots/latency.ts";
import { stalenessPlot } from "./plots/staleness.ts";
import { throughputPlot } from "./plots/throughput.ts";
import type { Results } from "./results.ts";
import { summaryMarkdown } from "./summary.ts";
import { latenciesCsv, quorumCsv, seriesCsv, staleCsv } from "./tables.ts";

const PLOTS = {
  latency: latencyPlot,
  distribution: distributionPlot,
  throughput: throughputPlot,
  staleness: stalenessPlot,
};

/** Writes tables, plots and summary into the directory, which is made where it is missing. */
export async function writeResults(directory: string, results: Results): Promise<void> {
  await mkdir(directory, { recursive: true });
  const plots: Plot[] = [];
  for (const [name, toPlot] of Object.entries(PLOTS)) {
    const plot = toPlot(results);
    if (plot !== undefined) plots.push(plot);
    // An earlier analysis's picture would pass for one of these results.
    else for (const ending of ["svg", "png"]) await rm(join(directory, `${name}.${ending}`), FORCE);
  }
  const names = plots.map(({ name }) => name);
  const files = {
    "quorum.csv": quorumCsv(results),
    "series.csv": seriesCsv(results),
    "latencies.csv": latenciesCsv(results),
    "stale.csv": staleCsv(results),
    "summary.md": summaryMarkdown(results, names),
  };
  for (const [name, text] of Object.entries(files)) await Bun.write(join(directory, name), text);
  for (const plot of plots) await writePlot(directory, plot);
}

const FORCE = { force: true };
