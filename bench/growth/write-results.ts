/** The files of a run: figures, runs, plots, and a page that shows them. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "csv-stringify/sync";
import { figuresCsv } from "../figures.ts";
import { writePlot } from "../plot/render.ts";
import { axisPlot } from "./plot.ts";
import { AXIS_NAMES, figuresOf, type Results } from "./results.ts";
import { growthRows, summaryMarkdown } from "./tables.ts";

/** Of axes that were not measured no plot is drawn. */
export async function writeResults(directory: string, results: Results): Promise<void> {
  await mkdir(directory, { recursive: true });
  const { axes, redis } = results;
  await Bun.write(join(directory, "figures.csv"), figuresCsv(figuresOf(results)));
  await Bun.write(join(directory, "growth.csv"), stringify(growthRows(axes, redis)));
  const plots = AXIS_NAMES.flatMap((axis) => axisPlot(axis, axes, redis) ?? []);
  for (const plot of plots) await writePlot(directory, plot);
  const beside = {
    plots: plots.map(({ name }) => name),
    bends: await Bun.file(join(directory, "bends.md")).exists(),
  };
  await Bun.write(join(directory, "summary.md"), summaryMarkdown(results, beside));
}
