/** A worker that joins: copies moved, and what the writes take meanwhile. */
import type { LineSeriesOption } from "echarts";
import type { Plot } from "../../plot/render.ts";
import { COLORS, frame, INK, textColorOf } from "../../plot/style.ts";
import { count } from "../../quorum/describe.ts";
import { CALM_MS, type Rebalance, slicesOf } from "../rebalance.ts";

export function rebalancePlot(rebalance: Rebalance): Plot {
  const slices = slicesOf(rebalance);
  const progress = [
    ...rebalance.progress,
    { atMs: rebalance.tookMs + CALM_MS, moved: rebalance.moved },
  ];
  const seconds = (fromMs: number) => fromMs / 1000 + 0.25;
  const base = frame({
    title: "A fifth worker joins four: what moves, and who waits?",
    subtitle:
      `${count(rebalance.keys)} keys of 100 bytes on disk, 64 partitions × 3 copies, and ` +
      "64 clients that write a key of each partition.\n" +
      `${rebalance.moved} of ${rebalance.copies} copies moved; writes by half seconds; shaded: ` +
      "from its start until all is moved.",
    xName: "Seconds since the fifth worker’s start",
    yName: "Latency of a write (ms)",
    right: 92,
  });
  return {
    name: "rebalance",
    width: 960,
    height: 560,
    option: {
      ...base,
      xAxis: {
        ...base.xAxis,
        ...{ min: -4, max: 2 * Math.ceil(rebalance.tookMs / 2000) + 4, interval: 2 },
      },
      yAxis: [
        { ...base.yAxis, type: "log", min: 1 },
        {
          ...base.yAxis,
          ...{ name: "Copies moved", position: "right", min: 0, nameGap: 44 },
          nameTextStyle: { fontSize: 15, color: textColorOf(COLORS[2]) },
          splitLine: { show: false },
        },
      ],
      series: [
        {
          ...line("copies moved", COLORS[2], 2.5),
          ...{ yAxisIndex: 1, step: "end" },
          data: [[-4, 0], ...progress.map(({ atMs, moved }) => [atMs / 1000, moved])],
          markArea: {
            silent: true,
            itemStyle: { color: "rgba(0,158,115,0.08)" },
            data: [[{ xAxis: 0 }, { xAxis: rebalance.tookMs / 1000 }]],
          },
        },
        {
          ...line("slowest", COLORS[4], 1.5),
          data: slices.map(({ fromMs, max }) => [seconds(fromMs), max]),
        },
        {
          ...line("p99", COLORS[1], 2),
          data: slices.map(({ fromMs, p99 }) => [seconds(fromMs), p99]),
        },
        {
          ...line("median", COLORS[0], 2.5),
          data: slices.map(({ fromMs, p50 }) => [seconds(fromMs), p50]),
        },
      ],
      legend: {
        ...{ left: 72, top: 122, itemGap: 20, selectedMode: false },
        textStyle: { fontSize: 14, color: INK },
      },
      grid: { ...base.grid, top: 160 },
    },
  };
}

function line(name: string, color: string, width: number): LineSeriesOption {
  return {
    ...{ type: "line", name, symbol: "none" },
    itemStyle: { color },
    lineStyle: { color, width },
  };
}
