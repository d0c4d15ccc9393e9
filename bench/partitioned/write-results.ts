/** The files of a run: figures, tables, plots, and a page that shows them. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "csv-stringify/sync";
import { figuresCsv } from "../figures.ts";
import { type Plot, writePlot } from "../plot/render.ts";
import { failoverRows, timelineRows } from "./failover.ts";
import { awayPlot } from "./plots/away.ts";
import { failoverPlot } from "./plots/failover.ts";
import { rebalancePlot } from "./plots/rebalance.ts";
import { throughputPlot } from "./plots/throughput.ts";
import { rebalanceRows } from "./rebalance.ts";
import type { Results } from "./results.ts";
import { summaryMarkdown } from "./tables.ts";
import { throughputRows } from "./throughput.ts";

/** Of parts that were not measured nothing is written. */
export async function writeResults(directory: string, results: Results): Promise<void> {
  await mkdir(directory, { recursive: true });
  const { figures, failovers, rebalance, throughput } = results;
  const rounds = failovers.flat();
  const csv: Record<string, string | undefined> = {
    figures: figures.length > 0 ? figuresCsv(figures) : undefined,
    failover: rounds.length > 0 ? stringify(failoverRows(rounds)) : undefined,
    timeline: rounds.length > 0 ? stringify(timelineRows(rounds)) : undefined,
    rebalance: rebalance === undefined ? undefined : stringify(rebalanceRows(rebalance)),
    throughput: throughput.length > 0 ? stringify(throughputRows(throughput)) : undefined,
  };
  for (const [name, text] of Object.entries(csv)) {
    if (text !== undefined) await Bun.write(join(directory, `${name}.csv`), text);
  }
  const plots = plotsOf(results);
  for (const plot of plots) await writePlot(directory, plot);
  const names = plots.map(({ name }) => name);
  await Bun.write(join(directory, "summary.md"), summaryMarkdown(results, names));
}

function plotsOf({ failovers, rebalance, throughput, away }: Results): Plot[] {
  const plots = [
    failoverPlot(failovers),
    rebalance === undefined ? undefined : rebalancePlot(rebalance),
    throughputPlot(throughput),
    away === undefined ? undefined : awayPlot(away),
  ];
  return plots.filter((plot) => plot !== undefined);
}
