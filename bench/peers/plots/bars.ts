/** Groups of bars with a number on each. */
import type { Plot } from "../../plot/render.ts";
import { frame, INK } from "../../plot/style.ts";
import { count } from "../../quorum/describe.ts";

export interface Bars {
  /** The files' name. */
  readonly name: string;
  readonly title: string;
  readonly subtitle: string;
  readonly xName: string;
  readonly yName: string;
  readonly groups: readonly string[];
  /** A value for each group; undefined where nothing was measured. */
  readonly series: readonly {
    readonly title: string;
    readonly color: string;
    readonly values: readonly (number | undefined)[];
    /** The same colour as another, but lighter. */
    readonly light?: boolean;
  }[];
}

const LIGHT = 0.5;
const LEGEND_HEIGHT = 40;

export function barsPlot({ groups, series, ...rest }: Bars): Plot {
  const base = frame(rest);
  return {
    name: rest.name,
    width: 960,
    height: 560,
    option: {
      ...base,
      grid: { ...base.grid, left: 98, top: base.grid.top + LEGEND_HEIGHT },
      legend: {
        ...{ left: 94, top: base.grid.top + 2, itemGap: 20, selectedMode: false },
        textStyle: { fontSize: 14, color: INK },
      },
      xAxis: {
        ...base.xAxis,
        type: "category",
        data: [...groups],
        axisLabel: { ...base.xAxis.axisLabel, interval: 0 },
      },
      yAxis: {
        ...base.yAxis,
        ...{ min: 0, nameGap: 72 },
        axisLabel: { fontSize: 14, color: INK, formatter: (value: number) => count(value) },
      },
      series: series.map(({ title, color, values, light = false }) => ({
        type: "bar" as const,
        name: title,
        data: values.map((value) => value ?? null),
        barMaxWidth: 56,
        barGap: "12%",
        itemStyle: { color, opacity: light ? LIGHT : 1 },
        label: {
          ...{ show: true, position: "top" as const, fontSize: 13, color: INK },
          formatter: ({ value }: { value: unknown }) =>
            value === null ? "" : count(Number(value)),
        },
      })),
    },
  };
}
