/** Operations a second of several contestants along one axis, a line each, with its spread. */
import type { SeriesOption } from "echarts";
import type { Plot } from "../../plot/render.ts";
import { frame, INK } from "../../plot/style.ts";
import { whiskers } from "../../plot/whiskers.ts";
import { count } from "../../quorum/describe.ts";
import { CONTESTANTS, type Contestant, type Name } from "../contestants.ts";
import type { Point } from "../plan.ts";
import { medianAt, type Ratio } from "../ratios.ts";
import type { Results } from "../results.ts";

/** A place on the axis. */
export interface Place {
  readonly label: string;
  readonly point: Point;
}

export interface Lines {
  /** The files' name. */
  readonly name: string;
  readonly title: string;
  readonly subtitle: string;
  readonly xName: string;
  readonly yName: string;
  readonly places: readonly Place[];
  /** Where the slowest would lie on the axis otherwise. */
  readonly logarithmic: boolean;
  /** Default: all. */
  readonly names?: readonly Name[];
}

/** More kinds than the plots' own: there are nine contestants. */
const SYMBOLS = [
  ...["circle", "rect", "triangle", "diamond", "emptyDiamond"],
  ...["roundRect", "emptyRect", "emptyTriangle", "emptyCircle"],
];

/** Undefined where no contestant has two places. */
export function linesPlot(results: Results, lines: Lines): Plot | undefined {
  const { places, names, logarithmic } = lines;
  const asked = CONTESTANTS.filter(({ name }) => names === undefined || names.includes(name));
  const found = asked
    .map((contestant) => ({ contestant, rates: ratesOf(results, contestant, places) }))
    .filter(({ rates }) => rates.filter((rate) => rate !== undefined).length > 1);
  if (found.length === 0) return undefined;
  const base = frame({ ...lines, right: 190 });
  return {
    name: lines.name,
    width: 960,
    height: 600,
    option: {
      ...base,
      grid: { ...base.grid, left: 98 },
      legend: {
        ...{ right: 24, top: 130, orient: "vertical", itemGap: 14, selectedMode: false },
        textStyle: { fontSize: 14, color: INK },
        data: found.map(({ contestant }) => contestant.title),
      },
      xAxis: { ...base.xAxis, type: "category", data: places.map(({ label }) => label) },
      yAxis: {
        ...base.yAxis,
        ...(logarithmic ? { type: "log" as const } : { min: 0 }),
        nameGap: 72,
        axisLabel: { fontSize: 14, color: INK, formatter: (value: number) => count(value) },
      },
      series: found.flatMap(({ contestant, rates }, index) => seriesOf(contestant, rates, index)),
    },
  };
}

function ratesOf(results: Results, { name }: Contestant, places: readonly Place[]) {
  return places.map(({ point }) =>
    medianAt(results, name, point, (run) => run.load.servedPerSecond),
  );
}

function seriesOf(
  { title, color, way }: Contestant,
  rates: readonly (Ratio | undefined)[],
  index: number,
): SeriesOption[] {
  const spreads = rates.flatMap((rate, x) =>
    rate === undefined ? [] : [{ x, low: rate.min, high: rate.max }],
  );
  return [
    {
      type: "line",
      name: title,
      data: rates.map((rate) => rate?.median ?? null),
      symbol: SYMBOLS[index % SYMBOLS.length] ?? "circle",
      symbolSize: 9,
      connectNulls: true,
      itemStyle: { color },
      lineStyle: { color, width: 2.5, type: way === "etcd-gateway" ? "dashed" : "solid" },
    },
    whiskers(spreads, { color, halfWidth: 5 }),
  ];
}
