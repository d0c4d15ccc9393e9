/** The results as text: for a terminal, and as a page beside the plots. */
import Table from "cli-table3";
import { type Figure, figuresTable, isMet, measuredText, wantedText } from "../figures.ts";
import type { PlacementFigure } from "../placement/measure.ts";
import type { Results } from "./results.ts";
import { textsOf, throughputTable } from "./throughput.ts";

/** A sentence for each plot. */
const PLOT_TEXTS: Readonly<Record<string, string>> = {
  failover:
    "Each orange line is one `kill -9`: the partitions whose primary died take no writes until " +
    "another worker leads them, and all others go on.",
  rebalance:
    "A fifth worker joins at 0: a few partitions at a time move to it while writes go on, and " +
    "none fails.",
  throughput:
    "Writes a second on one machine: more workers mean more copies on the same two cores, and " +
    "a worker that is not the primary has to send the call on.",
  away:
    "A worker that was away fetches what has changed meanwhile and takes its places back a few " +
    "partitions at a time; one that is killed and starts at once with an empty directory keeps " +
    "its places and fetches everything.",
};

/** The tables of a run. */
export function describeResults({ figures, throughput, placement }: Results): string {
  return [
    ...(figures.length > 0 ? [figuresTable(figures)] : []),
    ...(throughput.length > 0 ? [throughputTable(throughput)] : []),
    ...(placement.length > 0 ? [placementTable(placement)] : []),
  ].join("\n\n");
}

function placementTable(placement: readonly PlacementFigure[]): string {
  const table = new Table({
    head: ["the plan alone", "measured"],
    style: { head: [], border: [], compact: true },
  });
  for (const { what, figure } of placement) table.push([what, figure]);
  return table.toString();
}

/** `summary.md`; `plots` are the names of those that were drawn. */
export function summaryMarkdown(results: Results, plots: readonly string[]): string {
  const { environment, figures, throughput, placement } = results;
  return [
    "# The partitioned cluster, measured",
    "",
    "Made by `npm run bench:partitioned -- --out docs/partitioned`; `bench/DESIGN.md` says how.",
    "",
    ...[...environment].map(([name, text]) => `- ${name}: ${text}`),
    "",
    ...plots.flatMap((name) => [`![${name}](${name}.png)`, "", PLOT_TEXTS[name] ?? "", ""]),
    ...section("Figures", FIGURE_COLUMNS, figures.map(figureRow)),
    ...section("Writes a second", THROUGHPUT_COLUMNS, throughput.map(textsOf)),
    ...section(
      "The plan of a large cluster, without processes",
      ["what", "measured"],
      placement.map(({ what, figure }) => [what, figure]),
    ),
  ].join("\n");
}

const FIGURE_COLUMNS = ["part", "figure", "measured", "wanted", "met"];
const THROUGHPUT_COLUMNS = [
  ...["workers", "copies, quorum", "storage", "connections", "asked", "writes/s", "p50", "p99"],
];

function figureRow(figure: Figure): string[] {
  const met = isMet(figure);
  const verdict = met === undefined ? "" : met ? "yes" : "missed";
  const measured = `${measuredText(figure)} ${figure.unit}`.trim();
  return [figure.part, figure.name, measured, wantedText(figure), verdict];
}

function section(
  title: string,
  columns: readonly string[],
  rows: readonly (readonly string[])[],
): string[] {
  if (rows.length === 0) return [];
  const line = (texts: readonly string[]) => `| ${texts.join(" | ")} |`;
  return [`## ${title}`, "", line(columns), line(columns.map(() => "---")), ...rows.map(line), ""];
}
