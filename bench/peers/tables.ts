/** The results as text: for a terminal, as CSV, and as a page beside the plots. */
import Table from "cli-table3";
import { stringify } from "csv-stringify/sync";
import { count } from "../quorum/describe.ts";
import { CONTESTANTS } from "./contestants.ts";
import type { Point } from "./plan.ts";
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
import { describePoint } from "./rounds.ts";
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
    .map(({ title, columns, rows }) => {
      const table = new Table({
        head: [...columns],
        style: { head: [], border: [], compact: true },
      });
      for (const row of rows) table.push([...row]);
      return `${title}\n${table.toString()}`;
    })
    .join("\n\n");
}

/** `measurements.csv` */
export function measurementsCsv({ runs }: Results): string {
  return stringify([
    [
      ...["round", "system", "load", "quorum", "connections", "value_bytes", "served", "seconds"],
      ...["operations_per_s", "write_p50_ms", "write_p99_ms", "write_p999_ms", "write_max_ms"],
      ...["read_p50_ms", "read_p99_ms", "read_p999_ms", "read_max_ms", "not_served"],
      ...["system_cpu_us_per_operation", "driver_cpu_us_per_operation", "driver_core_share"],
      ...["other_systems_core_share", "driver_limit_share", "at_driver_limit"],
    ],
    ...runs.map((run) => {
      const { point, load } = run;
      const times = [load.writes, load.reads].flatMap(({ p50, p99, p999, max }) =>
        [p50, p99, p999, max].map((ms) => (Number.isFinite(ms) ? ms.toFixed(4) : "")),
      );
      return [
        ...[run.round + 1, run.contestant.name, point.load, point.quorum, point.connections],
        ...[point.valueBytes, load.served, (load.durationMs / 1000).toFixed(4)],
        ...[load.servedPerSecond.toFixed(1), ...times, failuresOf(run)],
        ...[run.systemMicros.toFixed(3), run.driverMicros.toFixed(3), run.driverShare.toFixed(3)],
        ...[run.idleShare.toFixed(3), run.limitShare?.toFixed(3) ?? "", String(isAtLimit(run))],
      ];
    }),
  ]);
}

/** `ratios.csv` */
export function ratiosCsv(results: Results): string {
  const measures = ["rate", "p99", "processor"] as const;
  const rows = PAIRS.flatMap((pair) =>
    pointsIn(results).flatMap((point) =>
      measures.flatMap((measure) => {
        const ratio = ratioAt(results, pair, point, measure);
        if (ratio === undefined) return [];
        const { load, quorum, connections, valueBytes } = point;
        return [
          [
            ...[pair.ours, pair.theirs, load, quorum, connections, valueBytes, measure],
            ...[ratio.median, ratio.min, ratio.max].map((value) => value.toFixed(4)),
            ratio.rounds,
          ],
        ];
      }),
    ),
  );
  const head = [
    ...["ours", "theirs", "load", "quorum", "connections", "value_bytes", "measure"],
    ...["ratio_median", "ratio_min", "ratio_max", "rounds"],
  ];
  return stringify([head, ...rows]);
}

/** `figures.csv` */
export function figuresCsv(results: Results): string {
  const head = ["figure", "more_is_better", "at_least", "aim", "median", "min", "max", "met"];
  const rows = judge(results).map((each) => [
    ...[each.name, String(each.moreIsBetter), each.bound, each.aim],
    ...[each.ratio.median, each.ratio.min, each.ratio.max].map((value) => value.toFixed(4)),
    String(isWithin(each, each.bound)),
  ]);
  return stringify([head, ...rows]);
}

/** `driver.csv` */
export function driverCsv({ limits }: Results): string {
  return stringify([
    [
      "protocol",
      "load",
      "connections",
      "operations_per_s",
      "driver_cpu_us_per_operation",
      "wrk_per_s",
    ],
    ...limits.map((each) => [
      ...[each.protocol, each.load, each.connections, each.perSecond.toFixed(1)],
      ...[each.driverMicros.toFixed(3), each.wrkPerSecond?.toFixed(1) ?? ""],
    ]),
  ]);
}

/** `memory.csv` */
export function memoryCsv({ memory }: Results): string {
  return stringify([
    [
      ...["system", "keys", "leader_bytes_per_key", "follower_bytes_per_key"],
      ...["resident_bytes_before", "resident_bytes_after"],
    ],
    ...memory.map(({ system, keys, leaderBytes, followerBytes, before, after }) => [
      ...[system, keys, leaderBytes.toFixed(1), followerBytes.toFixed(1)],
      ...[before.join(" "), after.join(" ")],
    ]),
  ]);
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
