/** Each pair's ratio, with the mean and its interval: a panel for each measure. */
import type { CustomSeriesOption, SeriesOption } from "echarts";
import type { Plot } from "../plot/render.ts";
import { COLORS, frame, INK, INK_SOFT } from "../plot/style.ts";
import { describePoint } from "./point.ts";
import { EQUAL_WITHIN } from "./ratio.ts";
import { type Comparison, compare, MEASURES, type Measure, type Results } from "./results.ts";
import { describeVerdict } from "./tables.ts";

const WIDTH = 1020;
const LEFT = 210;
const RIGHT = 250;
const TOP = 152;
const ROW_HEIGHT = 46;
const PANEL_GAP = 84;
/** Between two marks of an axis; at most so many of them on each side of 1. */
const INTERVAL_MOST = 0.2;
const INTERVALS = [0.02, 0.05, 0.1, INTERVAL_MOST];
const INTERVALS_MAX = 5;
const VERDICT_COLORS = { faster: COLORS[2], slower: COLORS[4], equal: INK, undecided: INK_SOFT };

/** Undefined while there is no pair. */
export function ratiosPlot(results: Results): Plot | undefined {
  const all = compare(results);
  const measures = (Object.keys(MEASURES) as Measure[]).filter((measure) =>
    all.some((each) => each.measure === measure),
  );
  if (measures.length === 0) return undefined;
  const panels = measures.map((measure) => all.filter((each) => each.measure === measure));
  const tops = panels.map((_, panel) => {
    const rows = panels.slice(0, panel).reduce((sum, each) => sum + each.length, 0);
    return TOP + rows * ROW_HEIGHT + panel * PANEL_GAP;
  });
  const rows = panels.reduce((sum, each) => sum + each.length, 0);
  const { other, current } = results.builds;
  const { grid, xAxis, yAxis, ...rest } = frame({
    title: "Faster or slower than before?",
    subtitle:
      "Current / other for each pair of slices; thick: 95 % interval of their mean. " +
      `Grey: ±${100 * EQUAL_WITHIN} %\n` +
      `Current: ${cut(current.name)}\nOther: ${cut(other.name)}`,
    xName: "",
    yName: "",
  });
  return {
    name: "ratios",
    width: WIDTH,
    height: TOP + rows * ROW_HEIGHT + panels.length * PANEL_GAP,
    option: {
      ...rest,
      grid: panels.map((panel, index) => ({
        ...{ ...grid, left: LEFT, right: RIGHT },
        ...{ top: tops[index] ?? 0, height: panel.length * ROW_HEIGHT },
      })),
      xAxis: panels.map((panel, gridIndex) => ({ ...xAxis, gridIndex, ...rangeOf(panel) })),
      yAxis: panels.map((panel, gridIndex) => ({
        ...{ ...yAxis, gridIndex, type: "category" as const, inverse: true, name: "" },
        data: panel.map(({ point }) => describePoint(point)),
      })),
      graphic: panels.map(([first], index) => ({
        ...{ type: "text" as const, left: 24, top: (tops[index] ?? 0) - 26 },
        style: { text: heading(first), fill: INK, fontSize: 15, fontWeight: "bold" as const },
      })),
      series: panels.flatMap((panel, index) => seriesOf(panel, index)),
    },
  };
}

const NAME_LENGTH_MAX = 90;

function cut(name: string): string {
  return name.length > NAME_LENGTH_MAX ? `${name.slice(0, NAME_LENGTH_MAX)}…` : name;
}

function heading(first: Comparison | undefined): string {
  if (first === undefined) return "";
  const { name, moreIsFaster } = MEASURES[first.measure];
  return `${name}: ${moreIsFaster ? "right of 1 is faster" : "left of 1 is faster"}`;
}

/** As far to the left as to the right, so that 1 is in the middle; a wild pair may lie outside. */
function rangeOf(panel: readonly Comparison[]) {
  const far = panel.flatMap(({ ratios, seen }) => {
    const sorted = ratios.map((ratio) => Math.abs(ratio - 1)).sort((one, two) => one - two);
    const most = sorted[Math.floor(0.95 * (sorted.length - 1))] ?? 0;
    return [
      most,
      ...[seen.low, seen.high].filter(Number.isFinite).map((each) => Math.abs(each - 1)),
    ];
  });
  const farthest = Math.max(...far);
  const interval = INTERVALS.find((each) => INTERVALS_MAX * each >= farthest) ?? INTERVAL_MOST;
  const reach = interval * Math.min(INTERVALS_MAX, Math.max(2, Math.ceil(farthest / interval)));
  const digits = interval < 0.1 ? 2 : 1;
  const axisLabel = { formatter: (value: number) => value.toFixed(digits) };
  return { min: 1 - reach, max: 1 + reach, interval, axisLabel };
}

function seriesOf(panel: readonly Comparison[], index: number): SeriesOption[] {
  const axes = { xAxisIndex: index, yAxisIndex: index };
  const dots = panel.flatMap(({ ratios }, row) => ratios.map((ratio) => [ratio, row]));
  return [
    {
      ...{ type: "scatter", ...axes, data: dots, symbolSize: 8, silent: true, clip: true },
      itemStyle: { color: COLORS[5], opacity: 0.55 },
      markArea: {
        silent: true,
        itemStyle: { color: "#00000012" },
        data: [[{ xAxis: 1 / (1 + EQUAL_WITHIN) }, { xAxis: 1 + EQUAL_WITHIN }]],
      },
      markLine: {
        ...{ silent: true, symbol: "none", label: { show: false }, data: [{ xAxis: 1 }] },
        lineStyle: { color: INK_SOFT, type: "solid", width: 1 },
      },
    },
    { ...axes, ...intervals(panel) },
  ];
}

/** A thick line from low to high with the mean on it, and at the right what it says. */
function intervals(panel: readonly Comparison[]): CustomSeriesOption {
  return {
    type: "custom",
    silent: true,
    z: 4,
    data: panel.map(({ seen }, row) => [seen.low, row, seen.high, seen.ratio]),
    renderItem: (_, api) => {
      const seen = panel[Number(api.value(1))]?.seen;
      const at = (dimension: number) => api.coord([api.value(dimension), api.value(1)]);
      const [low = 0, y = 0] = at(0);
      const [high = 0] = at(2);
      const [middle = 0] = at(3);
      if (seen === undefined) return null;
      const color = VERDICT_COLORS[seen.verdict];
      const clamp = (x: number) => Math.min(WIDTH - RIGHT, Math.max(LEFT, x));
      const text = `${seen.ratio.toFixed(3)}  ${describeVerdict(seen)}`;
      const textStyle = { text, x: WIDTH - RIGHT + 14, y, fill: color, fontSize: 13 };
      return {
        type: "group",
        children: [
          {
            type: "line",
            shape: { x1: clamp(low), y1: y, x2: clamp(high), y2: y },
            style: { stroke: color, lineWidth: 4 },
          },
          { type: "circle", shape: { cx: clamp(middle), cy: y, r: 6 }, style: { fill: color } },
          {
            type: "text",
            style: { ...textStyle, verticalAlign: "middle", width: RIGHT - 24, overflow: "break" },
          },
        ],
      };
    },
  };
}
