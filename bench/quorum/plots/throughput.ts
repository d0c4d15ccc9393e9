/** Throughput by quorum. */
import type { Plot } from "../../plot/render.ts";
import { COLORS, frame, INK } from "../../plot/style.ts";
import { whiskers } from "../../plot/whiskers.ts";
import { count, describeSetting } from "../describe.ts";
import { quorumRows, type Results } from "../results.ts";
import { quorumAxis } from "./quorum-axis.ts";

/** Undefined while nothing is measured. */
export function throughputPlot(results: Results): Plot | undefined {
  const rows = quorumRows(results, "quorum").filter((row) => row.success > 0);
  if (rows.length === 0) return undefined;
  const base = frame({
    title: "How many writes a second does a quorum leave?",
    subtitle:
      `Acknowledged writes in a closed loop. ${describeSetting(results.setting)}\n` +
      "Whiskers: standard deviation of the repeats",
    xName: "Write quorum: followers that must confirm",
    yName: "Acknowledged writes per second",
  });
  const quorums = rows.map((row) => row.quorum);
  return {
    name: "throughput",
    width: 960,
    height: 560,
    option: {
      ...base,
      grid: { ...base.grid, left: 92 },
      xAxis: { ...base.xAxis, ...quorumAxis(quorums) },
      yAxis: {
        ...base.yAxis,
        min: 0,
        nameGap: 66,
        axisLabel: { fontSize: 14, color: INK, formatter: (value: number) => count(value) },
      },
      series: [
        {
          type: "bar",
          data: rows.map((row) => [row.quorum, row.throughputPerSecond]),
          barWidth: Math.min(90, 420 / rows.length),
          itemStyle: { color: COLORS[0] },
          label: {
            show: true,
            position: "insideBottom",
            distance: 14,
            fontSize: 16,
            fontWeight: "bold",
            color: "#ffffff",
            formatter: ({ value }) => count(Number(Array.isArray(value) ? value[1] : value)),
          },
        },
        whiskers(
          rows.map((row) => ({
            x: row.quorum,
            low: row.throughputPerSecond - row.throughputSpread,
            high: row.throughputPerSecond + row.throughputSpread,
          })),
          { color: INK, halfWidth: 10 },
        ),
      ],
    },
  };
}
