/** The results for people: `summary.md`, and the same tables in the terminal. */
import Table from "cli-table3";
import { differ } from "./consistency.ts";
import { describeDelay, plural } from "./describe.ts";
import { judge } from "./figures.ts";
import type { Results, Series } from "./results.ts";
import { binStaleReads } from "./stale-share.ts";
import { describeSeries, latencyTable, staleQuorums } from "./tables.ts";
import { staleShare } from "./theory.ts";

const SERIES: readonly Series[] = ["quorum", "few-clients", "no-delay"];

/** The tables and verdicts for a terminal. */
export function describeResults(results: Results): string {
  const parts: string[] = [];
  for (const series of SERIES) {
    const { head, rows } = latencyTable(results, series);
    if (rows.length === 0) continue;
    parts.push(describeSeries(results, series), toTerminal(head, rows, { alignRight: true }));
  }
  const figures = judge(results).map(({ name, measured, verdict }) => [name, measured, verdict]);
  parts.push("Figures", toTerminal(FIGURE_HEAD, figures, { alignRight: false }));
  return parts.join("\n");
}

/** `summary.md`: figures, tables, setting and machine. */
export function summaryMarkdown(results: Results, plots: readonly string[]): string {
  const { setting } = results;
  const figures = judge(results).map(({ name, measured, verdict }) => [name, measured, verdict]);
  const lines = ["# What the write quorum costs and buys", ""];
  if (results.interrupted) lines.push("**Ended early: these are the results so far.**", "");
  lines.push("## Figures", "", toMarkdown(FIGURE_HEAD, figures), "");
  for (const series of SERIES) {
    const { head, rows } = latencyTable(results, series);
    if (rows.length === 0) continue;
    lines.push(`## ${describeSeries(results, series)}`, "", toMarkdown(head, rows), "");
  }
  lines.push(
    "Mean: of the repeats’ means, ± their standard deviation. " +
      "Percentiles: of all repeats’ writes together. " +
      "Theory: min + (max − min) · k / (n + 1), the mean of the k-th of n uniform delays, " +
      "with no time for anything else.",
    "",
  );
  lines.push(...staleLines(results), ...consistencyLines(results));
  lines.push("## Setting", "");
  lines.push(
    `- ${plural(setting.followers, "follower")}, simulated network ${describeDelay(setting)}`,
    `- ${plural(setting.writes, "write")} over ${plural(setting.keys, "key")} from ` +
      `${plural(setting.clients, "client")}, ${plural(setting.repeats, "repeat")}, ` +
      `order shuffled by seed ${setting.seed}`,
    ...[...results.environment].map(([name, text]) => `- ${name}: ${text}`),
    "",
  );
  if (plots.length > 0) lines.push("## Plots", "");
  for (const plot of plots) lines.push(`![${plot}](${plot}.svg)`, "");
  return lines.join("\n");
}

function staleLines(results: Results): string[] {
  const quorums = staleQuorums(results);
  if (quorums.length === 0) return [];
  const widthMs = 0.2;
  const bins = { widthMs, count: 5 };
  const head = ["quorum", "reads", ...["0.0–0.2", "0.2–0.4", "0.4–0.6", "0.6–0.8", "0.8–1.0 ms"]];
  const rows = quorums.map((quorum) => {
    const own = results.staleReads.filter((read) => read.quorum === quorum);
    const found = binStaleReads(own, bins);
    const cells = Array.from({ length: bins.count }, (_, place) => {
      const bin = found.find((each) => Math.round(each.fromMs / widthMs) === place);
      if (bin === undefined) return "–";
      const theory = staleShare(results.setting, quorum, bin.sinceMs);
      return `${percent(bin.share)} (${percent(theory)})`;
    });
    return [quorum, own.length, ...cells];
  });
  return [
    "## Stale reads at a random follower, by the time since the acknowledgement",
    "",
    toMarkdown(head, rows),
    "",
    "In brackets what theory says: " +
      "(n − k)/n · E[max(0, 1 − t/(max − X))], X the k-th of n delays. " +
      "Time counts from the acknowledgement at the client to the middle of the read’s round trip.",
    "",
  ];
}

function consistencyLines(results: Results): string[] {
  const { differences } = results;
  if (differences === undefined) return [];
  const rows = differences.map(({ follower, differences: { missing, extra, stale } }) => [
    follower,
    missing.length,
    extra.length,
    stale.length,
  ]);
  const verdict = differ(differences) ? "The nodes differ." : "All nodes are equal.";
  const table = toMarkdown(["follower", "missing", "extra", "stale"], rows);
  return ["## Consistency after all writes", "", table, "", verdict, ""];
}

const FIGURE_HEAD = ["figure", "measured", "verdict"];

type Rows = readonly (readonly (string | number)[])[];

function toMarkdown(head: readonly string[], rows: Rows): string {
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

function toTerminal(
  head: readonly string[],
  rows: Rows,
  look: { readonly alignRight: boolean },
): string {
  const table = new Table({
    head: [...head],
    colAligns: head.map(() => (look.alignRight ? "right" : "left")),
    style: { head: [], border: [], "padding-left": 1, "padding-right": 1 },
    ...(look.alignRight ? {} : { colWidths: [46, 52, 14], wordWrap: true }),
  });
  table.push(...rows.map((row) => [...row]));
  return table.toString();
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
