/** The tables of a run, for a terminal, for files and for a page. */
import { figuresMarkdown, figuresTable } from "../figures.ts";
import { markdownTable } from "../markdown.ts";
import { count } from "../quorum/describe.ts";
import { terminalTable } from "../terminal-table.ts";
import { AXES, type AxisName, type AxisPoint, bytesPerKey, middleOf, spreadOf } from "./axis.ts";
import type { Run } from "./group.ts";
import { labelOf } from "./plot.ts";
import { type RedisMemory, redisAt } from "./redis-memory.ts";
import { AXIS_NAMES, figuresOf, type Results } from "./results.ts";
import { type AxisSlopes, type Slope, slopesOf } from "./slopes.ts";

const MEBIBYTE = 2 ** 20;

const COLUMNS = [
  ...["connections", "keys", "value", "writes/s", "lowest–highest", "p50 ms", "p99 ms"],
  ...["leader µs", "follower µs", "driver µs", "leader MiB", "follower MiB", "bytes/key"],
  "refused",
];

/** For these a terminal has no room. */
const FOR_PAGES = new Set(["keys", "value", "lowest–highest", "driver µs", "follower MiB"]);

/** All of it. */
export function describeResults(results: Results): string {
  const axes = AXIS_NAMES.flatMap((axis) => {
    const { head, rows } = tableOf(results.axes, axis, FOR_PAGES);
    return rows.length === 0 ? [] : [terminalTable(head, rows, "right")];
  });
  const slopes = slopeSentences(results.axes);
  return [...axes, ...slopes, figuresTable(figuresOf(results)), ...results.leftOut].join("\n\n");
}

export interface BesideSummary {
  /** Names of those that were drawn. */
  readonly plots: readonly string[];
  /** A text by hand on where the bends come from stands in `bends.md`. */
  readonly bends: boolean;
}

/** `summary.md` */
export function summaryMarkdown(results: Results, { plots, bends }: BesideSummary): string {
  const { environment, axes, leftOut } = results;
  return [
    "# What grows with what",
    "",
    "Made by `npm run bench:growth -- --out docs/growth`; `bench/DESIGN.md` says how." +
      (bends ? " Where the bends come from: [bends.md](bends.md)." : ""),
    "",
    ...[...environment].map(([name, text]) => `- ${name}: ${text}`),
    ...leftOut.map((sentence) => `- ${sentence}`),
    "",
    ...["## Figures", "", ...figuresMarkdown(figuresOf(results)), ""],
    ...AXIS_NAMES.flatMap((axis) => {
      const { head, rows } = tableOf(axes, axis);
      if (rows.length === 0) return [];
      const { question, of, still } = AXES[axis];
      const plot = plots.includes(axis) ? [`![${of}](${axis}.png)`, ""] : [];
      const slopes = slopesOf(axes, axis);
      return [
        ...[`## ${question}`, "", `${still}.`, "", ...plot],
        ...markdownTable(head, rows),
        "",
        ...(slopes === undefined ? [] : slopeLines(slopes)),
      ];
    }),
  ].join("\n");
}

/** The line through all points, and the way from each point to the next. */
function slopeLines({ axis, overall, steps }: AxisSlopes): string[] {
  const { per } = AXES[axis];
  const rows = steps.map((step) => {
    const way = `${labelOf(axis, step.from)} → ${labelOf(axis, step.to)}`;
    return [way, `× ${step.rateRatio.toFixed(2)}`, ...slopeTexts(step)];
  });
  const head = ["from → to", "writes/s", `leader, per ${per}`, "a follower", "driver"];
  return [`Through all points: ${slopeText(overall, per)}.`, "", ...markdownTable(head, rows), ""];
}

/** One for each axis. */
function slopeSentences(axes: readonly AxisPoint[]): string[] {
  return AXIS_NAMES.flatMap((axis) => {
    const slopes = slopesOf(axes, axis);
    const { per, of } = AXES[axis];
    return slopes === undefined ? [] : [`${of}: ${slopeText(slopes.overall, per)}`];
  });
}

function slopeText(slope: Slope, per: string): string {
  const [leader, follower, driver] = slopeTexts(slope);
  return (
    `per ${per} ${leader} of processor time per write at the leader, ${follower} at each ` +
    `follower, ${driver} at the driver`
  );
}

function slopeTexts({ leader, follower, driver }: Slope): string[] {
  return [leader, follower, driver].map((micros) => {
    return `${micros < 0 ? "−" : "+"}${Math.abs(micros).toFixed(2)} µs`;
  });
}

/** The first column is what is turned, and none says the same again. */
function tableOf(
  found: readonly AxisPoint[],
  axis: AxisName,
  without: ReadonlySet<string> = new Set(),
): { head: string[]; rows: string[][] } {
  const { of } = AXES[axis];
  const all = [of, ...COLUMNS];
  const kept = (_: string, place: number) => {
    const name = all[place] ?? "";
    return place === 0 || (name !== of && !without.has(name));
  };
  return { head: all.filter(kept), rows: rowsOf(found, axis).map((row) => row.filter(kept)) };
}

function rowsOf(found: readonly AxisPoint[], axis: AxisName): string[][] {
  return pointsOf(found, axis).map((point) => {
    const fixed = (digits: number, pick: (run: Run) => number) =>
      middleOf(point, pick).toFixed(digits);
    const perKey = bytesPerKey(point);
    const [low, high] = spreadOf(point, (run) => run.perSecond);
    const refused = point.runs.reduce((sum, run) => sum + run.failures, 0);
    return [
      ...[labelOf(axis, point.at), count(point.clients), count(point.keys)],
      ...[count(point.valueBytes), count(middleOf(point, (run) => run.perSecond))],
      `${count(low)}–${count(high)}`,
      ...[fixed(2, (run) => run.p50Ms), fixed(2, (run) => run.p99Ms)],
      ...[fixed(1, (run) => run.leaderMicros), fixed(1, (run) => run.followerMicros)],
      fixed(1, (run) => run.driverMicros),
      fixed(0, (run) => run.leaderBytes / MEBIBYTE),
      fixed(0, (run) => run.followerBytes / MEBIBYTE),
      perKey === undefined ? "–" : count(perKey.leaderBytes),
      count(refused),
    ];
  });
}

/** In the order of the axis, those of other numbers of connections too. */
function pointsOf(found: readonly AxisPoint[], axis: AxisName): AxisPoint[] {
  return found
    .filter((point) => point.axis === axis && point.runs.length > 0)
    .sort((one, other) => one.at - other.at || one.clients - other.clients);
}

/** The rows of `growth.csv`, head first: one for each run. */
export function growthRows(
  found: readonly AxisPoint[],
  redis: readonly RedisMemory[],
): (string | number)[][] {
  return [
    [
      ...["axis", "at", "round", "connections", "keys", "value_bytes", "writes_per_s", "p50_ms"],
      ...["p99_ms", "max_ms", "refused", "leader_us_per_write", "follower_us_per_write"],
      ...["driver_us_per_write", "leader_rss_bytes", "follower_rss_bytes"],
      ...["leader_bytes_per_key", "follower_bytes_per_key", "redis_bytes_per_key"],
    ],
    ...found.flatMap((point) =>
      point.runs.map((run, round) => {
        const perKey = bytesPerKey(point);
        const ofRedis = redisAt(redis, point);
        return [
          ...[point.axis, point.at, round + 1, point.clients, point.keys, point.valueBytes],
          ...[run.perSecond.toFixed(1), run.p50Ms.toFixed(3), run.p99Ms.toFixed(3)],
          ...[run.maxMs.toFixed(3), run.failures, run.leaderMicros.toFixed(2)],
          ...[run.followerMicros.toFixed(2), run.driverMicros.toFixed(2)],
          ...[Math.round(run.leaderBytes), Math.round(run.followerBytes)],
          ...[perKey?.leaderBytes.toFixed(1) ?? "", perKey?.followerBytes.toFixed(1) ?? ""],
          ofRedis?.toFixed(1) ?? "",
        ];
      }),
    ),
  ];
}
