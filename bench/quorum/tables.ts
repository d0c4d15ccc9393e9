/** The results as rows of text: for the CSV files, the summary and the terminal. */
import { stringify } from "csv-stringify/sync";
import { plural } from "./describe.ts";
import { type QuorumRow, quorumRows, type Results, type Run, type Series } from "./results.ts";
import { binStaleReads, STALE_BINS, staleHorizonMs } from "./stale-share.ts";
import { staleShare } from "./theory.ts";

type Cell = string | number;

/** `quorum.csv`: a row for each quorum and repeat. */
export function quorumCsv(results: Results): string {
  return toCsv(RUN_COLUMNS, results.runs.filter(isOf("quorum")).map(runCells));
}

/** `series.csv`: the same for the series beside the analysis itself. */
export function seriesCsv(results: Results): string {
  const others = results.runs.filter((run) => run.series !== "quorum");
  const columns = ["series", "clients", ...RUN_COLUMNS];
  return toCsv(
    columns,
    others.map((run) => [run.series, run.clients, ...runCells(run)]),
  );
}

/** `latencies.csv`: every acknowledged write of the analysis. */
export function latenciesCsv(results: Results): string {
  const lines = ["quorum,repeat,latency_ms"];
  for (const run of results.runs.filter(isOf("quorum"))) {
    for (const latencyMs of run.latenciesMs) {
      lines.push(`${run.quorum},${run.repeat},${latencyMs.toFixed(4)}`);
    }
  }
  return `${lines.join("\n")}\n`;
}

/** `stale.csv`: the share of stale reads by quorum and time since the acknowledgement. */
export function staleCsv(results: Results): string {
  const columns = [
    "quorum",
    "from_ms",
    "to_ms",
    "mean_ms",
    "reads",
    "stale",
    "share",
    "low_95",
    "high_95",
    "theory",
  ];
  const widthMs = staleHorizonMs(results.setting) / STALE_BINS;
  const rows = staleQuorums(results).flatMap((quorum) => {
    const own = results.staleReads.filter((read) => read.quorum === quorum);
    return binStaleReads(own, { widthMs, count: STALE_BINS }).map((bin) => [
      quorum,
      bin.fromMs.toFixed(3),
      bin.toMs.toFixed(3),
      bin.sinceMs.toFixed(4),
      bin.reads,
      bin.stale,
      bin.share.toFixed(4),
      bin.low.toFixed(4),
      bin.high.toFixed(4),
      staleShare(results.setting, quorum, bin.sinceMs).toFixed(4),
    ]);
  });
  return toCsv(columns, rows);
}

/** The quorums for which there are stale reads, in rising order. */
export function staleQuorums(results: Results): number[] {
  const quorums = new Set(results.staleReads.map((read) => read.quorum));
  return [...quorums].sort((one, other) => one - other);
}

/** The head and rows of a series' table for people. */
export function latencyTable(results: Results, series: Series): { head: string[]; rows: Cell[][] } {
  const head = [
    "quorum",
    "mean ms",
    "± repeats",
    "theory ms",
    "above",
    "p50",
    "p95",
    "p99",
    "max",
    "writes/s",
    "acks",
    "failed",
    "equal",
  ];
  // The theory of the laboratory's delay says nothing about a series without one.
  const hasTheory = series !== "no-delay";
  return { head, rows: quorumRows(results, series).map((row) => latencyCells(row, hasTheory)) };
}

function latencyCells(row: QuorumRow, hasTheory: boolean): Cell[] {
  return [
    row.quorum,
    ms(row.meanMs),
    ms(row.meanSpreadMs),
    hasTheory ? ms(row.theoryMs) : "–",
    hasTheory ? ms(row.meanMs - row.theoryMs) : "–",
    ms(row.pooled.p50),
    ms(row.pooled.p95),
    ms(row.pooled.p99),
    ms(row.pooled.max),
    Math.round(row.throughputPerSecond).toLocaleString("en-US"),
    row.acknowledgementsMean.toFixed(2),
    row.failures,
    row.equal ? "yes" : "NO",
  ];
}

/** What a series is, as the head of its table. */
export function describeSeries(results: Results, series: Series): string {
  const run = results.runs.find((each) => each.series === series);
  if (run === undefined) return "";
  const writes = plural(run.success + run.failures, "write");
  const load = `${plural(run.clients, "client")}, ${writes} a run`;
  if (series === "no-delay") return `Without any delay: ${load}`;
  return series === "quorum" ? `By quorum: ${load}` : `With few clients: ${load}`;
}

const RUN_COLUMNS = [
  "quorum",
  "repeat",
  "mean_ms",
  "p50_ms",
  "p95_ms",
  "p99_ms",
  "max_ms",
  "throughput_per_s",
  "success",
  "failures",
  "acknowledgements_mean",
  "nodes_equal",
];

function runCells(run: Run): Cell[] {
  const { mean, p50, p95, p99, max } = run.statistics;
  return [
    run.quorum,
    run.repeat,
    ...[mean, p50, p95, p99, max].map((value) => value.toFixed(4)),
    run.throughputPerSecond.toFixed(1),
    run.success,
    run.failures,
    run.acknowledgementsMean.toFixed(4),
    String(run.equal),
  ];
}

function isOf(series: Series): (run: Run) => boolean {
  return (run) => run.series === series;
}

function toCsv(columns: readonly string[], rows: readonly Cell[][]): string {
  return stringify([[...columns], ...rows]);
}

function ms(value: number): string {
  return Number.isNaN(value) ? "–" : value.toFixed(3);
}
