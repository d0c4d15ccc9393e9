/** Acknowledged writes around a kill: of the partitions that lost their primary, and the others. */

import type { LineSeriesOption } from "echarts";
import { mean } from "simple-statistics";
import type { Plot } from "../../plot/render.ts";
import { COLORS, frame, INK, INK_SOFT } from "../../plot/style.ts";
import { type FailoverRound, SLICE_MS } from "../failover.ts";

const AFFECTED_COLOR = COLORS[4];
const OTHERS_COLOR = COLORS[0];
const PANEL_HEIGHT = 236;
const PANEL_TOP = 112;
/** Rates are shown over so many slices, since one alone holds few writes. */
const SLICES_TOGETHER = 2;
/** After a pause the clients of a partition do not catch up; more than this is chance. */
const PERCENT_MAX = 150;

/** One panel for each case that has other partitions too; undefined without one. */
export function failoverPlot(failovers: readonly (readonly FailoverRound[])[]): Plot | undefined {
  const panels = failovers.filter(([first]) => (first?.otherGapsMs.length ?? 0) > 0);
  if (panels.length === 0) return undefined;
  const base = frame({
    title: "A primary is killed: who can still write?",
    subtitle:
      "Acknowledged writes, as a share of those before the kill -9 at 0. 4 workers on disk, 64 " +
      "partitions × 3 copies.\nOrange: partitions whose primary was killed, a line for each kill." +
      " Blue: all others, mean. Dashed: how long it may take at most.",
    xName: "Seconds since the kill",
    yName: "",
  });
  const { grid, xAxis, yAxis, ...rest } = base;
  const height = PANEL_TOP + panels.length * PANEL_HEIGHT + 24;
  const lastSeconds =
    Math.max(...panels.map((rounds) => (rounds[0]?.case.boundMs ?? 0) / 1000)) + 2;
  const top = (panel: number) => PANEL_TOP + panel * PANEL_HEIGHT;
  return {
    name: "failover",
    width: 960,
    height,
    option: {
      ...rest,
      grid: panels.map((_, panel) => ({ ...grid, top: top(panel) + 24, height: 160 })),
      xAxis: panels.map((_, panel) => ({
        ...xAxis,
        ...{ gridIndex: panel, min: -2, max: lastSeconds, interval: 1 },
        name: panel === panels.length - 1 ? xAxis.name : "",
      })),
      yAxis: panels.map((_, panel) => ({
        ...yAxis,
        ...{ gridIndex: panel, min: 0, max: PERCENT_MAX, interval: 50 },
        axisLabel: { ...yAxis.axisLabel, formatter: "{value} %" },
      })),
      graphic: panels.map(([first], panel) => ({
        type: "text" as const,
        left: 76,
        top: top(panel),
        style: { text: heading(first), fill: INK, fontSize: 15, fontWeight: "bold" as const },
      })),
      series: panels.flatMap((rounds, panel) => [
        ...rounds.map(({ timeline }) =>
          line(panel, {
            points: shares(timeline, timeline.affected),
            color: AFFECTED_COLOR,
            width: 1.6,
          }),
        ),
        line(panel, { points: meanOf(rounds), color: OTHERS_COLOR, width: 2.5 }),
        bound(panel, rounds),
      ]),
    },
  };
}

function heading(first: FailoverRound | undefined): string {
  const { intervalMs = 0, timeoutMs = 0, checkMs = 0 } = first?.case.heartbeats ?? {};
  const down = `down after ${timeoutMs} ms, looked at every ${checkMs} ms`;
  return `Heartbeat every ${intervalMs} ms, ${down}`;
}

type Point = readonly [seconds: number, percent: number];

/** Rates in percent of the mean before the kill. */
function shares({ fromMs }: { fromMs: number }, counts: readonly number[]): Point[] {
  const calm = -fromMs / SLICE_MS;
  const usual = mean(counts.slice(1, calm));
  const points: Point[] = [];
  for (let at = 0; at + SLICES_TOGETHER <= counts.length; at += SLICES_TOGETHER) {
    const rate = mean(counts.slice(at, at + SLICES_TOGETHER));
    const middleMs = fromMs + (at + SLICES_TOGETHER / 2) * SLICE_MS;
    points.push([middleMs / 1000, Math.min(PERCENT_MAX, (100 * rate) / usual)]);
  }
  return points;
}

function meanOf(rounds: readonly FailoverRound[]): Point[] {
  const all = rounds.map(({ timeline }) => shares(timeline, timeline.others));
  const count = Math.min(...all.map((points) => points.length));
  return Array.from({ length: count }, (_, at) => {
    return [all[0]?.[at]?.[0] ?? 0, mean(all.map((points) => points[at]?.[1] ?? 0))];
  });
}

function line(
  panel: number,
  { points, color, width }: { points: readonly Point[]; color: string; width: number },
): LineSeriesOption {
  return {
    type: "line",
    ...{ xAxisIndex: panel, yAxisIndex: panel, symbol: "none", clip: true },
    data: points.map(([seconds, percent]) => [seconds, percent]),
    lineStyle: { color, width },
  };
}

function bound(panel: number, [first]: readonly FailoverRound[]): LineSeriesOption {
  const seconds = (first?.case.boundMs ?? 0) / 1000;
  return {
    type: "line",
    ...{ xAxisIndex: panel, yAxisIndex: panel, symbol: "none", silent: true },
    data: [
      [seconds, 0],
      [seconds, 0.92 * PERCENT_MAX],
    ],
    lineStyle: { color: INK_SOFT, width: 1.5, type: "dashed" },
    endLabel: { show: true, formatter: `≤ ${seconds} s`, color: INK_SOFT, fontSize: 14 },
  };
}
