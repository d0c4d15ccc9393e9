/** The tail of the writes' latencies over time, and the stalls of the leader with their causes. */

import { summarize } from "../../load/statistics.ts";
import type { Plot } from "../../plot/render.ts";
import { COLORS, frame, INK, INK_SOFT } from "../../plot/style.ts";
import { type Cause, causeOf } from "../leader-log.ts";
import { longestTurns, minuteOf, type Results } from "../results.ts";
import { line, minuteAxis } from "./lines.ts";

const TOP = { latency: 128, stalls: 540 };
const HEIGHT = { latency: 300, stalls: 200 };
const STALLS_SHOWN = 400;
/** Shorter ones are the usual turns of a loaded loop. */
const STALL_MS_LEAST = 8;
const CAUSES: Readonly<Record<Cause, { text: string; color: string; symbol: string }>> = {
  garbage: { text: "collection of garbage", color: COLORS[4], symbol: "circle" },
  waiting: { text: "no processor", color: COLORS[5], symbol: "triangle" },
  work: { text: "its own work", color: COLORS[2], symbol: "rect" },
};

/** Undefined while nothing is measured. */
export function latencyPlot(results: Results): Plot | undefined {
  const windows = results.windows.filter(({ writesMs }) => writesMs.length > 0);
  const last = windows.at(-1);
  if (last === undefined) return undefined;
  const { writes, connections, windowSeconds } = results.options;
  const base = frame({
    title: "How long do the slowest writes take?",
    subtitle:
      `Latency of writes, ${windowSeconds} s each point, logarithmic; ` +
      `${writes.toLocaleString("en-US")} writes from ${connections} connections.\n` +
      "1 leader, 5 followers, write quorum 3, in memory, no delay, all on one machine",
    xName: "Minutes",
    yName: "Latency (ms)",
    right: 90,
  });
  const seen = windows.map((window) => ({
    minute: minuteOf(results, window.startedAtMs + window.durationMs / 2),
    ...summarize(window.writesMs),
  }));
  const over = (name: string, pick: (of: (typeof seen)[number]) => number, look: Look) =>
    line({ name, ...look, points: seen.map((each) => [each.minute, pick(each)]) });
  const minutes = minuteAxis(minuteOf(results, last.startedAtMs + last.durationMs));
  const { grid, xAxis, yAxis, ...rest } = base;
  const panel = (index: number) => ({ xAxisIndex: index, yAxisIndex: index });
  const heights = [
    { top: TOP.latency, height: HEIGHT.latency },
    { top: TOP.stalls, height: HEIGHT.stalls },
  ];
  return {
    name: "latency",
    width: 1000,
    height: TOP.stalls + HEIGHT.stalls + 80,
    option: {
      ...rest,
      grid: heights.map((place) => ({ ...grid, ...place })),
      xAxis: heights.map((_, gridIndex) => ({
        ...{ ...xAxis, ...minutes, gridIndex, name: gridIndex === 1 ? "Minutes" : "" },
      })),
      yAxis: [
        { ...yAxis, gridIndex: 0, type: "log" },
        { ...yAxis, gridIndex: 1, name: "Stall (ms)", type: "log" },
      ],
      graphic: [
        {
          ...{ type: "text" as const, left: 76, top: TOP.stalls - 56 },
          style: {
            ...{ text: "The leader's event loop stood still", fill: INK, fontSize: 15 },
            fontWeight: "bold" as const,
          },
        },
        ...causeLegend(),
      ],
      series: [
        { ...over("longest", ({ max }) => max, { color: COLORS[4], width: 1.5 }), ...panel(0) },
        { ...over("p99.9", ({ p999 }) => p999, { color: COLORS[0], width: 3 }), ...panel(0) },
        { ...over("p99", ({ p99 }) => p99, { color: COLORS[1], width: 2 }), ...panel(0) },
        { ...over("p50", ({ p50 }) => p50, { color: INK_SOFT, width: 2 }), ...panel(0) },
        ...stallSeries(results).map((series) => ({ ...series, ...panel(1) })),
      ],
    },
  };
}

interface Look {
  readonly color: string;
  readonly width: number;
}

function stallSeries(results: Results) {
  const turns = longestTurns(results, STALLS_SHOWN).filter(({ ms }) => ms >= STALL_MS_LEAST);
  return (Object.keys(CAUSES) as Cause[]).map((cause) => ({
    type: "scatter" as const,
    ...{ symbol: CAUSES[cause].symbol, symbolSize: 8, silent: true },
    itemStyle: { color: CAUSES[cause].color, opacity: 0.75 },
    data: turns
      .filter((turn) => causeOf(turn) === cause)
      .map((turn) => [minuteOf(results, turn.endedAtMs), turn.ms]),
  }));
}

function causeLegend() {
  return Object.values(CAUSES).map(({ text, color, symbol }, place) => ({
    type: "text" as const,
    left: 76 + place * 190,
    top: TOP.stalls - 30,
    style: { text: `${MARKS[symbol] ?? ""} ${text}`, fill: color, fontSize: 14 },
  }));
}

const MARKS: Readonly<Record<string, string>> = { circle: "●", triangle: "▲", rect: "■" };
