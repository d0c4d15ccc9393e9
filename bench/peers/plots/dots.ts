/** One or two numbers for each contestant, as dots on a logarithmic axis: they lie far apart. */
import type { Plot } from "../../plot/render.ts";
import { COLORS, frame, INK, INK_SOFT } from "../../plot/style.ts";
import { CONTESTANTS } from "../contestants.ts";
import type { Point } from "../plan.ts";
import { medianAt } from "../ratios.ts";
import type { Results, Run } from "../results.ts";

/** What a kind of dot shows. */
export interface Dot {
  readonly name: string;
  readonly value: (run: Run) => number;
  /** Beside the dot. */
  readonly text: (value: number) => string;
}

export interface Dots {
  /** The files' name. */
  readonly name: string;
  readonly title: string;
  readonly subtitle: string;
  readonly xName: string;
  readonly point: Point;
  readonly dots: readonly Dot[];
}

const ROW_HEIGHT = 46;
const HEAD_HEIGHT = 118;
const LEGEND_HEIGHT = 32;
const FOOT_HEIGHT = 76;
const DOT_COLORS = [COLORS[0], COLORS[4]] as const;

/** Undefined where nothing was measured at the point. */
export function dotsPlot(results: Results, of: Dots): Plot | undefined {
  const { point, dots } = of;
  const rows = CONTESTANTS.flatMap(({ name, title }) => {
    const values = dots.map(({ value }) => medianAt(results, name, point, value)?.median);
    return values[0] === undefined ? [] : [{ title, values }];
  }).sort((one, other) => (one.values[0] ?? 0) - (other.values[0] ?? 0));
  if (rows.length === 0) return undefined;
  const { xAxis, yAxis, grid, ...rest } = frame({ ...of, yName: "", right: 110 });
  const several = dots.length > 1;
  const top = several ? HEAD_HEIGHT + LEGEND_HEIGHT : HEAD_HEIGHT;
  return {
    name: of.name,
    width: 960,
    height: top + rows.length * ROW_HEIGHT + FOOT_HEIGHT,
    option: {
      ...rest,
      grid: { ...grid, left: 150, top },
      ...(several ? { legend: LEGEND } : {}),
      // The frame's horizontal grid becomes a vertical one.
      xAxis: { ...yAxis, type: "log", min: lowest(rows), name: of.xName, nameGap: 36 },
      yAxis: {
        ...xAxis,
        ...{ type: "category" as const, inverse: true, name: "" },
        data: rows.map(({ title }) => title),
      },
      series: dots.map(({ name, text }, index) => {
        const color = DOT_COLORS[index] ?? INK_SOFT;
        return {
          type: "scatter" as const,
          name,
          data: rows.map(({ values }, row) => [values[index] ?? 0, row]),
          symbol: index === 0 ? "circle" : "diamond",
          symbolSize: index === 0 ? 13 : 15,
          itemStyle: { color, opacity: 1 },
          label: {
            ...{ show: true, fontSize: 13, color: INK },
            // Two dots of a row lie close: one says its value at its left, the other at its right.
            position: several && index === 0 ? ("left" as const) : ("right" as const),
            formatter: ({ value }: { value: unknown }) =>
              text(Number(Array.isArray(value) ? value[0] : value)),
          },
        };
      }),
    },
  };
}

/** The power of ten at the left, with room for the first dot's text. */
function lowest(rows: readonly { readonly values: readonly (number | undefined)[] }[]): number {
  const least = Math.min(
    ...rows.flatMap(({ values }) => values.filter((each) => each !== undefined)),
  );
  return 10 ** Math.floor(Math.log10(least / 1.7));
}

const LEGEND = {
  ...{ left: 148, top: 112, itemGap: 24, selectedMode: false, itemWidth: 14, itemHeight: 14 },
  textStyle: { fontSize: 14, color: INK },
};
