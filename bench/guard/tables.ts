/** A guard's results as a table, as Markdown and as CSV. */
import Table from "cli-table3";
import { stringify } from "csv-stringify/sync";
import { markdownTable } from "../markdown.ts";
import { describePoint, nameOf } from "./point.ts";
import { EQUAL_WITHIN, type RatioSeen } from "./ratio.ts";
import { type Comparison, compare, MEASURES, type Pair, type Results } from "./results.ts";

const HEAD = [
  "load",
  "",
  "other",
  "current",
  "unit",
  "current / other",
  "95 % interval",
  "verdict",
];

/** The table for a terminal, and what it means. */
export function describeResults(results: Results): string {
  const table = new Table({
    head: HEAD,
    colAligns: ["left", "left", "right", "right", "left", "right", "left", "left"],
    style: { head: [], border: [], compact: true },
  });
  table.push(...compare(results).map(toCells));
  return [`other:   ${results.builds.other.name}`, `current: ${results.builds.current.name}`]
    .concat(table.toString(), EXPLANATION)
    .join("\n");
}

/** `summary.md` */
export function summaryMarkdown(results: Results): string {
  const { options, builds } = results;
  const mode = options.disk === undefined ? "in memory" : "on disk";
  const { pairs, rounds, sliceMs, warmUpSeconds, seed } = options;
  return [
    "# Is it faster?",
    "",
    `- current: \`${builds.current.name}\``,
    `- other: \`${builds.other.name}\``,
    ...builds.notes.map((note) => `- ${note}`),
    "",
    ...markdownTable(HEAD, compare(results).map(toCells)),
    "",
    EXPLANATION,
    "",
    "![ratios](ratios.svg)",
    "",
    "## Setting",
    "",
    `- 1 leader, 5 followers, ${mode}, write quorum 3, no delay; ${pairs} pairs of each load in ` +
      `${rounds} ${rounds === 1 ? "start" : "starts"} of both clusters, ` +
      `${sliceMs / 1000} s each slice, warmed up for ${warmUpSeconds} s, ` +
      `order shuffled by seed ${seed}`,
    ...[...results.environment].map(([name, text]) => `- ${name}: ${text}`),
    "",
  ].join("\n");
}

const WITHIN = `±${100 * EQUAL_WITHIN} %`;
const EXPLANATION =
  "Ratio: geometric mean of the pairs' ratios, with Student's interval of their logarithms. " +
  `Equal: the interval lies within ${WITHIN}. Faster or slower: 1 lies outside the interval also ` +
  "when that is widened for the number of lines (Bonferroni). Processor time: user and system, " +
  "for each operation; the followers' is that of all together.";

function toCells({ point, measure, current, other, seen }: Comparison): string[] {
  const { name, unit, digits } = MEASURES[measure];
  const text = (value: number) => {
    const look = { minimumFractionDigits: digits, maximumFractionDigits: digits };
    return value.toLocaleString("en-US", look);
  };
  const interval = `${seen.low.toFixed(3)} – ${seen.high.toFixed(3)}`;
  const ratio = seen.ratio.toFixed(3);
  return [describePoint(point), name, text(other), text(current), unit, ratio, interval].concat(
    describeVerdict(seen),
  );
}

/** `equal`, `not decided (12 more pairs)`, `not decided, likely slower (3 more pairs)` */
export function describeVerdict({ verdict, leaning, morePairs }: RatioSeen): string {
  if (verdict !== "undecided") return verdict;
  const likely = leaning === undefined ? "" : `, likely ${leaning}`;
  const more = Number.isFinite(morePairs) ? `${morePairs} more pairs` : "more than 1,000 pairs";
  return `not decided${likely} (${more})`;
}

/** `ratios.csv` */
export function ratiosCsv(results: Results): string {
  const rows = compare(results).map(({ point, measure, current, other, seen }) => [
    ...[nameOf(point), measure, other, current, seen.pairs, seen.ratio, seen.low, seen.high],
    ...[seen.verdict, seen.leaning ?? "", seen.morePairs],
  ]);
  const head = ["point", "measure", "other", "current", "pairs", "ratio", "low", "high"];
  return stringify([[...head, "verdict", "leaning", "more_pairs"], ...rows]);
}

/** `pairs.csv`: a line for each slice. */
export function pairsCsv({ pairs }: Results): string {
  const rows = pairs.flatMap((pair, index) => [
    toRow(pair, index, "current"),
    toRow(pair, index, "other"),
  ]);
  const head = ["pair", "round", "point", "build", "first", "operations", "per_second", "p50_ms"];
  return stringify([[...head, "p99_ms", "leader_micros", "followers_micros"], ...rows]);
}

function toRow(pair: Pair, index: number, build: "current" | "other") {
  const slice = pair[build];
  const first = pair.currentFirst === (build === "current");
  return [
    ...[index, pair.round, nameOf(pair.point), build, first, slice.operations, slice.perSecond],
    ...[slice.p50Ms, slice.p99Ms, slice.leaderMicros, slice.followersMicros],
  ];
}
