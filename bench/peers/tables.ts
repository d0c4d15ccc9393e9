/** The results as tables, for a terminal and for a page. */
import { count } from "../quorum/describe.ts";
import { terminalTable } from "../terminal-table.ts";
import { CONTESTANTS } from "./contestants.ts";
import { describePoint, type Point } from "./plan.ts";
import { medianAt, type Pair, type Ratio, ratioAt } from "./ratios.ts";
import {
  failuresOf,
  isAtLimit,
  percentilesOf,
  pointsIn,
  type Results,
  type Run,
  runsAt,
} from "./results.ts";
import { isWithin, type Judged, judge } from "./wanted.ts";

/** A table as it is shown: on a terminal, and in Markdown. */
export interface Section {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Pairs that somebody would want to compare. */
export const PAIRS: readonly Pair[] = [
  { ours: "kvnode-memory", theirs: "redis" },
  { ours: "kvnode-disk", theirs: "etcd-5-grpc" },
  { ours: "kvnode-disk", theirs: "etcd-5-json" },
  { ours: "kvnode-disk", theirs: "etcd-3-grpc" },
  { ours: "kvnode-disk", theirs: "etcd-3-json" },
  { ours: "kvnode-disk", theirs: "redis" },
  { ours: "kvnode-memory", theirs: "report-002" },
  { ours: "kvnode-memory", theirs: "report-000" },
];

/** What is wanted, then everything that was measured; empty ones are left out. */
export function sectionsOf(results: Results): Section[] {
  const sections = [
    wantedSection(judge(results)),
    ratiosSection(results),
    ratesSection(results),
    memorySection(results),
    limitsSection(results),
  ];
  return sections.filter(({ rows }) => rows.length > 0);
}

function wantedSection(judged: readonly Judged[]): Section {
  return {
    title: "What is wanted: the median of the rounds’ ratios",
    columns: ["figure", "at least", "aim", "measured", "min–max", "met"],
    rows: judged.map((each) => {
      const { name, bound, aim, ratio, moreIsBetter, atLimit } = each;
      const sign = moreIsBetter ? "≥" : "≤";
      const verdict = isWithin(each, aim) ? "yes, and the aim" : isWithin(each, bound) ? "yes" : "";
      return [
        ...[name, `${sign} ${short(bound)}`, `${sign} ${short(aim)}`],
        `${short(ratio.median)}${atLimit ? " (driver’s limit)" : ""}`,
        ...[spread(ratio), verdict || "MISSED"],
      ];
    }),
  };
}

function ratiosSection(results: Results): Section {
  const rows = PAIRS.flatMap((pair) =>
    pointsIn(results).flatMap((point) => {
      const rate = ratioAt(results, pair, point, "rate");
      if (rate === undefined) return [];
      const p99 = ratioAt(results, pair, point, "p99");
      const processor = ratioAt(results, pair, point, "processor");
      return [
        [
          ...[`${pair.ours} / ${pair.theirs}`, describePoint(point)],
          ...[rate, p99, processor].map(withSpread),
        ],
      ];
    }),
  );
  return {
    title: "Ratios: median of the rounds (min–max)",
    columns: ["pair", "point", "operations/s", "p99", "processor time per operation"],
    rows,
  };
}

function ratesSection(results: Results): Section {
  const rows = pointsIn(results).flatMap((point) =>
    CONTESTANTS.flatMap(({ name }) => rateRow(results, name, point)),
  );
  return {
    title: "Everything that was measured: medians of the rounds",
    columns: [
      ...["point", "system", "operations/s", "min–max", "p50", "p99"],
      ...["processor time per operation", "driver’s"],
    ],
    rows,
  };
}

function rateRow(results: Results, name: string, point: Point): string[][] {
  const runs = runsAt(results, name, point);
  const rate = medianAt(results, name, point, (run) => run.load.servedPerSecond);
  if (rate === undefined) return [];
  const ms = (value: (run: Run) => number) =>
    `${(medianAt(results, name, point, value)?.median ?? Number.NaN).toFixed(2)} ms`;
  const micros = (value: (run: Run) => number) =>
    `${(medianAt(results, name, point, value)?.median ?? Number.NaN).toFixed(1)} µs`;
  const failures = runs.reduce((sum, run) => sum + failuresOf(run), 0);
  const marks = [
    ...(runs.some(isAtLimit) ? ["driver’s limit"] : []),
    ...(failures > 0 ? [`${count(failures)} not served`] : []),
  ];
  return [
    [
      ...[describePoint(point), name],
      `${count(rate.median)}${marks.length > 0 ? ` (${marks.join(", ")})` : ""}`,
      `${count(rate.min)}–${count(rate.max)}`,
      ...[ms((run) => percentilesOf(run).p50), ms((run) => percentilesOf(run).p99)],
      ...[micros((run) => run.systemMicros), micros((run) => run.driverMicros)],
    ],
  ];
}

function memorySection({ memory }: Results): Section {
  return {
    title: "Memory per key: what resident memory grew by",
    columns: ["system", "keys", "leader", "follower (median)"],
    rows: memory.map(({ system, keys, leaderBytes, followerBytes }) => {
      const bytes = (value: number) => `${Math.round(value)} bytes`;
      return [system, count(keys), bytes(leaderBytes), bytes(followerBytes)];
    }),
  };
}

function limitsSection({ limits }: Results): Section {
  return {
    title: "The driver’s own limit: against a server that answers at once",
    columns: ["protocol", "load", "connections", "driver", "of its processor time", "wrk"],
    rows: limits.map(({ protocol, load, connections, perSecond, driverMicros, wrkPerSecond }) => [
      ...[
        protocol,
        load,
        String(connections),
        `${count(perSecond)}/s`,
        `${driverMicros.toFixed(1)} µs`,
      ],
      wrkPerSecond === undefined ? "–" : `${count(wrkPerSecond)}/s`,
    ]),
  };
}

/** The tables for a terminal; everything that was measured would be too long for it. */
export function describeResults(results: Results): string {
  const sections = [
    wantedSection(judge(results)),
    ratiosSection(results),
    memorySection(results),
    limitsSection(results),
  ];
  return sections
    .filter(({ rows }) => rows.length > 0)
    .map(({ title, columns, rows }) => `${title}\n${terminalTable(columns, rows, "left")}`)
    .join("\n\n");
}

function withSpread(ratio: Ratio | undefined): string {
  if (ratio === undefined) return "–";
  return ratio.rounds === 1 ? short(ratio.median) : `${short(ratio.median)} (${spread(ratio)})`;
}

function spread({ min, max }: Ratio): string {
  return `${short(min)}–${short(max)}`;
}

/** Three digits that count. */
function short(value: number): string {
  return value >= 100 ? count(value) : String(Number(value.toPrecision(3)));
}
