/** The plot of an axis: throughput, latency, processor time and memory, one panel each. */
import type { EChartsOption, SeriesOption } from "echarts";
import type { Plot } from "../plot/render.ts";
import { COLORS, frame, INK, INK_SOFT, symbolOf, textColorOf } from "../plot/style.ts";
import { whiskers } from "../plot/whiskers.ts";
import { count } from "../quorum/describe.ts";
import {
  AXES,
  type AxisName,
  type AxisPoint,
  bytesPerKey,
  middleOf,
  shownPoints,
  spreadOf,
} from "./axis.ts";
import type { Run } from "./group.ts";
import { type RedisMemory, redisAt } from "./redis-memory.ts";

const WIDTH = 1120;
const HEIGHT = 860;
const TOP = 130;
const LEFT = 84;
const PANEL = { width: 390, height: 270 };
const GAP = { x: 150, y: 90 };
const MEBIBYTE = 2 ** 20;
const KIBIBYTE = 1024;

interface Line {
  readonly name: string;
  readonly color: string;
  readonly values: readonly (number | undefined)[];
  readonly spreads?: readonly (readonly [number, number])[];
}

interface Panel {
  readonly name: string;
  readonly lines: readonly Line[];
  readonly logarithmic?: boolean;
}

/** Undefined while nothing was measured on it. */
export function axisPlot(
  axis: AxisName,
  found: readonly AxisPoint[],
  redis: readonly RedisMemory[],
): Plot | undefined {
  const points = shownPoints(found, axis).filter(({ runs }) => runs.length > 0);
  if (points.length === 0) return undefined;
  const look = AXES[axis];
  const rounds = Math.max(...points.map(({ runs }) => runs.length));
  const base = frame({
    title: look.question,
    subtitle:
      `${look.still}. Acknowledged writes in a closed loop, no delay;\nmedian of ${rounds} ` +
      "shuffled rounds, whiskers: lowest and highest. Nodes and load share the machine.",
    xName: look.of,
    yName: "",
  });
  const panels = panelsOf(axis, points, redis);
  const { grid: _, xAxis: x, yAxis: y, ...rest } = base;
  const option: EChartsOption = {
    ...rest,
    grid: panels.map((_panel, index) => ({ ...placeOf(index), ...PANEL, containLabel: false })),
    xAxis: panels.map((_panel, index) => ({
      ...x,
      // The last point stands at the axis's end, so that the lines' names stand behind it.
      ...{ gridIndex: index, type: "category" as const, boundaryGap: false },
      data: points.map(({ at }) => labelOf(axis, at)),
      nameGap: 30,
      axisLabel: { fontSize: 12, color: INK, interval: 0 },
    })),
    yAxis: panels.map(({ name, logarithmic = false }, index) => ({
      ...y,
      ...{ gridIndex: index, name, nameLocation: "end" as const, nameGap: 14 },
      nameTextStyle: { fontSize: 15, color: INK, align: "left" as const, padding: [0, 0, 0, -40] },
      type: logarithmic ? ("log" as const) : ("value" as const),
      ...(logarithmic ? {} : { min: 0 }),
      axisLabel: { fontSize: 13, color: INK_SOFT, formatter: (value: number) => short(value) },
    })),
    series: panels.flatMap(({ lines }, index) => lines.flatMap((line) => seriesOf(line, index))),
  };
  return { name: axis, width: WIDTH, height: HEIGHT, option };
}

function placeOf(index: number): { left: number; top: number } {
  const column = index % 2;
  const row = Math.floor(index / 2);
  return {
    left: LEFT + column * (PANEL.width + GAP.x),
    top: TOP + 20 + row * (PANEL.height + GAP.y),
  };
}

function panelsOf(
  axis: AxisName,
  points: readonly AxisPoint[],
  redis: readonly RedisMemory[],
): Panel[] {
  const line = (name: string, color: string, pick: (run: Run) => number): Line => ({
    ...{ name, color },
    values: points.map((point) => middleOf(point, pick)),
    spreads: points.map((point) => spreadOf(point, pick)),
  });
  const [blue, orange, green, , red] = COLORS;
  // From the smallest value to the largest these change a thousandfold.
  const logarithmic = axis === "values";
  return [
    {
      ...{ name: "Acknowledged writes per second", logarithmic },
      lines: [line("", blue, (run) => run.perSecond)],
    },
    {
      name: "Latency, ms",
      logarithmic: true,
      lines: [line("p50", blue, (run) => run.p50Ms), line("p99", red, (run) => run.p99Ms)],
    },
    {
      ...{ name: "Processor time per write, µs", logarithmic },
      lines: [
        line("leader", blue, (run) => run.leaderMicros),
        line("a follower", orange, (run) => run.followerMicros),
        line("driver", green, (run) => run.driverMicros),
      ],
    },
    axis === "data"
      ? perKeyPanel(points, redis)
      : {
          name: "Resident memory after a run, MiB",
          lines: [
            line("leader", blue, (run) => run.leaderBytes / MEBIBYTE),
            line("a follower", orange, (run) => run.followerBytes / MEBIBYTE),
          ],
        },
  ];
}

function perKeyPanel(points: readonly AxisPoint[], redis: readonly RedisMemory[]): Panel {
  const [blue, orange, , pink] = COLORS;
  const perKey = points.map(bytesPerKey);
  const ofRedis = points.map((point) => redisAt(redis, point));
  const lines = [
    { name: "leader", color: blue, values: perKey.map((each) => each?.leaderBytes) },
    { name: "a follower", color: orange, values: perKey.map((each) => each?.followerBytes) },
    { name: "Redis", color: pink, values: ofRedis },
  ];
  return {
    name: "Memory per key, bytes (of 8 MB of values and more)",
    lines: lines.filter(({ values }) => values.some((value) => value !== undefined)),
  };
}

function seriesOf({ name, color, values, spreads }: Line, index: number): SeriesOption[] {
  const at = { xAxisIndex: index, yAxisIndex: index };
  const spread = (spreads ?? []).map(([low, high], x) => ({ x, low, high }));
  return [
    {
      ...{ type: "line", name, ...at, data: values.map((value) => value ?? null) },
      ...{ symbol: symbolOf(index), symbolSize: 8, lineStyle: { width: 2.2, color } },
      itemStyle: { color },
      endLabel: { show: name !== "", formatter: name, fontSize: 14, color: textColorOf(color) },
      labelLayout: { moveOverlap: "shiftY" },
    },
    { ...whiskers(spread, { color, halfWidth: 4 }), ...at },
  ];
}

/** A point's place in words: `1,000`, `4 KiB`. */
export function labelOf(axis: AxisName, at: number): string {
  if (axis !== "values") return count(at);
  if (at >= MEBIBYTE) return `${Math.round(at / MEBIBYTE)} MiB`;
  return at >= KIBIBYTE ? `${Math.round(at / KIBIBYTE)} KiB` : `${at} B`;
}

function short(value: number): string {
  return value > 0 && value < 1 ? String(Number(value.toPrecision(2))) : count(value);
}
