/** The results as text: CSV files, a summary, a table for a terminal. */
import Table from "cli-table3";
import { stringify } from "csv-stringify/sync";
import { describeDelay, plural } from "../quorum/describe.ts";
import { MODES, type Mode } from "./experiment.ts";
import { brokenPromises, type Cell, cellsOf, type Results } from "./results.ts";

const MODE_TEXTS: Readonly<Record<Mode, string>> = {
  memory: "Memory mode: lost nodes never come back",
  "disk-lost": "With DATA_DIR, directories lost too (0 lost: killed, and back with its directory)",
  "disk-kept": "With DATA_DIR, killed nodes start again with their directories",
};

/** `durability.csv`: a row for each run. */
export function runsCsv({ outcomes }: Results): string {
  return stringify([
    [
      ...["mode", "write_quorum", "nodes_lost", "repeat", "acknowledged", "lost"],
      ...["indeterminate", "indeterminate_kept", "refused", "refused_visible", "promote_forced"],
    ],
    ...outcomes.map((run) => [
      ...[run.mode, run.writeQuorum, run.nodesLost, run.repeat, run.acknowledged, run.lost],
      ...[run.indeterminate, run.indeterminateKept, run.refused, run.refusedVisible],
      String(run.forced),
    ]),
  ]);
}

/** `cells.csv`: a row for each square of the picture. */
export function cellsCsv(results: Results): string {
  const columns = [
    ...["mode", "write_quorum", "nodes_lost", "runs", "acknowledged", "lost_mean", "lost_min"],
    ...["lost_max", "lost_theory", "promised", "promote_refused"],
  ];
  const rows = MODES.flatMap((mode) => cellsOf(results, mode)).map((cell) => [
    ...[cell.mode, cell.writeQuorum, cell.nodesLost, cell.runs, cell.acknowledged],
    ...[cell.lostMean.toFixed(2), cell.lostMin, cell.lostMax, cell.expected.toFixed(2)],
    ...[String(cell.promised), cell.refusals],
  ]);
  return stringify([columns, ...rows]);
}

/** One table for each mode, and the verdict. */
export function describeResults(results: Results): string {
  const tables = MODES.flatMap((mode) => {
    const cells = cellsOf(results, mode);
    return cells.length === 0 ? [] : [`${MODE_TEXTS[mode]}\n${table(cells)}`];
  });
  return [...tables, verdict(results)].join("\n\n");
}

/** What was run, on what, and what came of it, beside the picture. */
export function summaryMarkdown(results: Results): string {
  const { setting, environment } = results;
  const facts = [
    ["Load", `${setting.writesPerSecond} writes/s, a key each, to 1 leader, 5 followers`],
    ["Simulated network", describeDelay(setting)],
    ["Runs of each square", String(setting.repeats)],
    ["Seed", String(setting.seed)],
    ...environment,
  ];
  return [
    "# What survives",
    "",
    "![Acknowledged writes lost by write quorum and nodes lost](survival.png)",
    "",
    ...facts.map(([name, text]) => `- ${name}: ${text}`),
    "",
    "Made by `npm run bench:durability -- --out docs/durability`. In each table: acknowledged",
    "writes lost in a run, mean (least–most), and theory's mean behind it.",
    "",
    ...MODES.flatMap((mode) => [`## ${MODE_TEXTS[mode]}`, "", markdown(results, mode), ""]),
    verdict(results),
    "",
  ].join("\n");
}

/** Whether every promise was kept, or which were not. */
function verdict(results: Results): string {
  const broken = brokenPromises(results);
  const { outcomes } = results;
  const acknowledged = outcomes.reduce((sum, run) => sum + run.acknowledged, 0);
  const refusals = outcomes.filter(({ forced }) => forced).length;
  if (broken.length > 0) return `The promise was BROKEN:\n${broken.join("\n")}`;
  return (
    `The promise was kept in ${plural(outcomes.length, "run")} with ` +
    `${plural(acknowledged, "acknowledged write")}: nothing was lost where at most W nodes were; ` +
    `promote refused in all ${plural(refusals, "run")} in which something could be, and in no ` +
    "other."
  );
}

function table(cells: readonly Cell[]): string {
  const drawn = new Table({
    head: ["W \\ lost", ...columnsOf(cells).map(String)],
    colAligns: ["left", ...columnsOf(cells).map(() => "right" as const)],
    style: { head: [], border: [] },
  });
  for (const [quorum, texts] of rowsOf(cells)) drawn.push([quorum, ...texts]);
  return drawn.toString();
}

function markdown(results: Results, mode: Mode): string {
  const cells = cellsOf(results, mode);
  const columns = columnsOf(cells);
  const line = (texts: readonly (string | number)[]) => `| ${texts.join(" | ")} |`;
  const rows = rowsOf(cells).map(([quorum, texts]) => line([quorum, ...texts]));
  return [
    line(["W \\ lost", ...columns]),
    line(["---", ...columns.map(() => "---:")]),
    ...rows,
  ].join("\n");
}

function columnsOf(cells: readonly Cell[]): number[] {
  return [...new Set(cells.map(({ nodesLost }) => nodesLost))].sort((one, other) => one - other);
}

function rowsOf(cells: readonly Cell[]): [number, string[]][] {
  const rows = Map.groupBy(cells, ({ writeQuorum }) => writeQuorum);
  return [...rows].map(([quorum, row]) => [quorum, row.map(describeCell)]);
}

function describeCell({ lostMean, lostMin, lostMax, expected, promised }: Cell): string {
  if (promised && lostMax === 0) return "0";
  return `${lostMean.toFixed(1)} (${lostMin}–${lostMax}), ${expected.toFixed(1)}`;
}
