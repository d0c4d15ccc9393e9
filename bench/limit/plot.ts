/** Where the processor's time goes: for each mode what the parts predict beside what was seen. */
import type { Plot } from "../plot/render.ts";
import { COLORS, colorOf, frame, INK } from "../plot/style.ts";
import type { Compared } from "./results.ts";

const MEASURED = [
  ["driver, measured", "driverMicros"],
  ["leader, measured", "leaderMicros"],
  ["followers, measured", "followersMicros"],
] as const;

/** Undefined where nothing was compared. */
export function limitPlot(compared: readonly Compared[]): Plot | undefined {
  if (compared.length === 0) return undefined;
  const parts = [...new Set(compared.flatMap(({ predicted }) => [...predicted.shares.keys()]))];
  const base = frame({
    title: "Where does the time of one operation go?",
    subtitle:
      "Processor time of driver, leader and five followers together. Left bar: the parts, each " +
      "measured alone and added up.\nRight bar: what the processes took in a real group. " +
      "100-byte values, quorum 3, no delay.",
    xName: "",
    yName: "Processor time for one operation, µs",
  });
  const series = [
    ...parts.map((part, index) => ({
      name: part,
      stack: "predicted",
      color: colorOf(index),
      data: compared.map(({ predicted }) => predicted.shares.get(part) ?? 0),
    })),
    ...MEASURED.map(([name, field], index) => ({
      ...{ name, stack: "measured", color: GREYS[index] ?? COLORS[0] },
      data: compared.map(({ measured }) => measured[field]),
    })),
  ];
  return {
    name: "limit",
    width: 1060,
    height: 640,
    option: {
      ...base,
      grid: { ...base.grid, top: 206, left: 92 },
      legend: {
        ...{ left: 88, right: 40, top: 122, itemGap: 14, selectedMode: false },
        textStyle: { fontSize: 14, color: INK },
      },
      xAxis: {
        ...base.xAxis,
        type: "category",
        data: compared.map(({ mode, clients }) => `${mode}\n${clients} connections`),
      },
      yAxis: { ...base.yAxis, min: 0 },
      series: series.map(({ name, stack, color, data }) => ({
        ...{ type: "bar" as const, name, stack, data, barMaxWidth: 54, barGap: "8%" },
        itemStyle: { color },
      })),
    },
  };
}

const GREYS = ["#bdbdbd", "#8c8c8c", "#5a5a5a"];
