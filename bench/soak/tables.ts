/** A soak's results as CSV and Markdown. */
import { stringify } from "csv-stringify/sync";
import { max } from "simple-statistics";
import { figuresMarkdown } from "../figures.ts";
import { summarize } from "../load/statistics.ts";
import { markdownTable } from "../markdown.ts";
import { describeCause, type Turn } from "./leader-log.ts";
import {
  describeStall,
  FLAT_PERCENT_MAX,
  figuresOf,
  longestTurns,
  minuteOf,
  type Results,
} from "./results.ts";
import { joinWindows, type Window } from "./window.ts";

const MINUTE_MS = 60_000;
const MEBIBYTE = 2 ** 20;
const STALLS_SHOWN = 10;

/** `windows.csv`: a line for each window. */
export function windowsCsv(results: Results): string {
  const head = ["minute", "seconds", "writes", "writes_per_second", "p50_ms", "p99_ms", "p999_ms"];
  const more = ["max_ms", "reads", "read_p50_ms", "read_p99_ms", "read_max_ms", "failures"];
  const rows = results.windows.map((window) => {
    const writes = summarize(window.writesMs);
    const reads = summarize(window.readsMs);
    return [
      ...[minuteOf(results, window.startedAtMs), window.durationMs / 1000, writes.count],
      ...[(1000 * writes.count) / window.durationMs, writes.p50, writes.p99, writes.p999],
      ...[writes.max, reads.count, reads.p50, reads.p99, reads.max, window.failures],
      longestStall(results, window)?.ms ?? "",
    ];
  });
  return stringify([[...head, ...more, "leader_stall_max_ms"], ...rows]);
}

/** `memory.csv`: a line for each second. */
export function memoryCsv(results: Results): string {
  const followers = (results.memory[0]?.nodes.length ?? 1) - 1;
  const names = Array.from({ length: followers }, (_, place) => `follower${place + 1}_bytes`);
  const rows = results.memory.map(({ atMs, writes, nodes }) => [
    ...[minuteOf(results, atMs), writes, ...nodes],
  ]);
  return stringify([["minute", "writes", "leader_bytes", ...names], ...rows]);
}

/** `stalls.csv`: the leader's longest turns. */
export function stallsCsv(results: Results): string {
  const rows = longestTurns(results, 1_000).map((turn) => [
    ...[minuteOf(results, turn.endedAtMs), turn.ms, turn.pausedMs, turn.collection ?? ""],
    ...[turn.processorMs, describeCause(turn)],
  ]);
  return stringify([["minute", "ms", "paused_ms", "collection", "processor_ms", "cause"], ...rows]);
}

/** `summary.md` */
export function summaryMarkdown(results: Results, plots: readonly string[]): string {
  const { options, environment } = results;
  const { writes, keys, valueBytes, connections, readPercent, seed, warmUpSeconds } = options;
  const count = (value: number) => value.toLocaleString("en-US");
  return [
    "# A long load",
    "",
    ...(results.ended === undefined ? [] : [`It ended early: ${results.ended}`, ""]),
    describeStall(results),
    "",
    ...figuresMarkdown(figuresOf(results)),
    "",
    "Flat memory: the line of least squares through the resident memory of each second of the " +
      `last half rises by at most ${FLAT_PERCENT_MAX} % of its mean in 10,000,000 writes. A ` +
      "stall is the time between two ticks of a clock in the leader that ticks every 5 ms. " +
      "Collection of garbage: the collector held the thread for at least half of it. No " +
      "processor: the thread had one for less than half of it. What stands behind it: in how " +
      "many of the profiler's samples of that turn it was found there, the innermost function " +
      "first.",
    "",
    "Latencies are those of a closed loop: while the leader stands still, each client has one " +
      "request under way, so a stall counts once for each client and not for everything that " +
      "would have come meanwhile. How long one would wait who comes at a time of his own, the " +
      "stalls say.",
    "",
    "## By minute",
    "",
    ...markdownTable(MINUTE_HEAD, minutes(results)),
    "",
    "## The leader's longest stalls",
    "",
    ...markdownTable(
      ["minute", "ms", "cause"],
      longestTurns(results, STALLS_SHOWN).map(stallCells(results)),
    ),
    "",
    ...plots.flatMap((plot) => [`![${plot}](${plot}.svg)`, ""]),
    "## Setting",
    "",
    `- 1 leader, 5 followers, in memory, write quorum 3, no delay; ${count(writes)} writes over ` +
      `${count(keys)} keys with values of ${valueBytes} bytes from ${connections} connections, ` +
      `${readPercent} % reads among the operations, warmed up for ${warmUpSeconds} s, seed ${seed}`,
    ...[...environment].map(([name, text]) => `- ${name}: ${text}`),
    "",
  ].join("\n");
}

const MINUTE_HEAD = ["minute", "writes/s", "p50 ms", "p99 ms", "p99.9 ms", "longest ms"].concat([
  "leader's longest stall ms",
  "leader MiB",
  "a follower MiB",
]);

/** The windows of each minute as one line; the last minute may be a short one. */
function minutes(results: Results): string[][] {
  const groups = Map.groupBy(results.windows, ({ startedAtMs }) =>
    Math.floor(minuteOf(results, startedAtMs) + 1e-9),
  );
  return [...groups].map(([minute, windows]) => {
    const window = joinWindows(windows);
    const seen = summarize(window.writesMs);
    const memory = results.memory.findLast(({ atMs }) => atMs <= window.startedAtMs + MINUTE_MS);
    const [leader = Number.NaN, ...followers] = memory?.nodes ?? [];
    return [
      ...[
        String(minute),
        Math.round((1000 * seen.count) / window.durationMs).toLocaleString("en-US"),
      ],
      ...[seen.p50, seen.p99, seen.p999].map((ms) => ms.toFixed(2)),
      ...[seen.max, longestStall(results, window)?.ms ?? Number.NaN].map((ms) => ms.toFixed(1)),
      ...[leader, max([0, ...followers])].map((bytes) => (bytes / MEBIBYTE).toFixed(0)),
    ];
  });
}

function longestStall(results: Results, { startedAtMs, durationMs }: Window): Turn | undefined {
  const own = results.turns.filter(
    ({ endedAtMs }) => endedAtMs >= startedAtMs && endedAtMs < startedAtMs + durationMs,
  );
  return own.reduce<Turn | undefined>(
    (most, turn) => (most === undefined || turn.ms > most.ms ? turn : most),
    undefined,
  );
}

function stallCells(results: Results): (turn: Turn) => string[] {
  return (turn) => [
    minuteOf(results, turn.endedAtMs).toFixed(2),
    turn.ms.toFixed(1),
    describeCause(turn),
  ];
}
