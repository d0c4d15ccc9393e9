/** What the plots of a soak share: an axis of minutes, and lines with their name at the end. */
import type { LineSeriesOption } from "echarts";
import { INK, textColorOf } from "../../plot/style.ts";

export type Point = readonly [minute: number, value: number];

/** A line, named at its right end; thin ones carry no name. */
export function line(of: {
  readonly name: string;
  readonly color: string;
  readonly width: number;
  readonly points: readonly Point[];
  readonly dashed?: boolean;
}): LineSeriesOption {
  const { name, color, width, points, dashed = false } = of;
  return {
    type: "line",
    name,
    symbol: "none",
    data: points.map(([minute, value]) => [minute, value]),
    lineStyle: { color, width, type: dashed ? "dashed" : "solid" },
    itemStyle: { color },
    endLabel: {
      ...{ show: name !== "", formatter: name, color: textColorOf(color), fontSize: 14 },
      distance: 10,
    },
    labelLayout: { moveOverlap: "shiftY" },
  };
}

/** The lines' end is the right edge, without a label of its own: it is no round number. */
export function minuteAxis(last: number) {
  return { min: 0, max: last, axisLabel: { fontSize: 14, color: INK, showMaxLabel: false } };
}
