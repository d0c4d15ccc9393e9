/** The distribution of latencies: for each quorum, the share of writes answered by a time. */
import type { LineSeriesOption } from "echarts";
import type { Plot } from "../../plot/render.ts";
import { colorOf, frame, INK } from "../../plot/style.ts";
import { describeSetting } from "../describe.ts";
import { pooledLatenciesMs, quorumRows, type Results, type Setting } from "../results.ts";
import { latencyShareBy } from "../theory.ts";

const STEPS = 400;

/** Undefined while nothing is measured. */
export function distributionPlot(results: Results): Plot | undefined {
  const rows = quorumRows(results, "quorum").filter((row) => row.pooled.count > 0);
  if (rows.length === 0) return undefined;
  // The slowest writes would press all the rest into a corner; the table has them.
  const p99Ms = Math.max(...rows.map((row) => row.pooled.p99));
  const p50Ms = Math.max(...rows.map((row) => row.pooled.p50));
  const endMs = Math.ceil(Math.min(p99Ms, 2.5 * p50Ms) * 5) / 5;
  const base = frame({
    title: "What share of the writes is answered by when?",
    subtitle:
      `Share of writes acknowledged by a time. ${describeSetting(results.setting)}\n` +
      "Solid: measured. Dashed: theory, the k-th of n uniform delays, the network alone",
    xName: "Time since the write was sent (ms)",
    yName: "Writes acknowledged (%)",
  });
  return {
    name: "distribution",
    width: 960,
    height: 620,
    option: {
      ...base,
      legend: {
        data: rows.map((row) => `quorum ${row.quorum}`),
        right: 60,
        bottom: 90,
        orient: "vertical",
        textStyle: { fontSize: 15, color: INK },
        icon: "roundRect",
        itemWidth: 30,
        itemHeight: 5,
        backgroundColor: "#ffffff",
        padding: 10,
      },
      xAxis: { ...base.xAxis, min: 0, max: endMs },
      yAxis: { ...base.yAxis, min: 0, max: 100, interval: 10 },
      series: rows.flatMap((row, place) => {
        // Labels at rising heights never lie on one another, even where the curves do.
        const labelAt = 20 + (60 * (place + 0.5)) / rows.length;
        const latenciesMs = pooledLatenciesMs(results, { series: "quorum", quorum: row.quorum });
        return [
          theory(results.setting, { quorum: row.quorum, color: colorOf(row.quorum - 1), endMs }),
          measured(latenciesMs, {
            quorum: row.quorum,
            color: colorOf(row.quorum - 1),
            endMs,
            labelAt,
          }),
        ];
      }),
    },
  };
}

interface Look {
  readonly quorum: number;
  readonly color: string;
  readonly endMs: number;
}

function measured(latenciesMs: Float64Array, look: Look & { labelAt: number }): LineSeriesOption {
  const sorted = latenciesMs.slice().sort();
  const points: [number, number][] = [];
  let below = 0;
  for (let step = 0; step <= STEPS; step++) {
    const timeMs = (look.endMs * step) / STEPS;
    while (below < sorted.length && (sorted[below] ?? 0) <= timeMs) below += 1;
    points.push([timeMs, (100 * below) / sorted.length]);
  }
  const labelled = points.find(([, share]) => share >= look.labelAt) ?? [look.endMs, 100];
  return {
    type: "line",
    name: `quorum ${look.quorum}`,
    data: points,
    symbol: "none",
    lineStyle: { width: 2.6, color: look.color },
    itemStyle: { color: look.color },
    markPoint: {
      silent: true,
      symbol: "circle",
      symbolSize: 22,
      data: [{ name: String(look.quorum), coord: [...labelled] }],
      itemStyle: { color: look.color },
      label: { formatter: String(look.quorum), fontSize: 14, fontWeight: "bold", color: "#ffffff" },
    },
    z: 3,
  };
}

function theory(setting: Setting, look: Look): LineSeriesOption {
  const points = Array.from({ length: STEPS + 1 }, (_, step) => {
    const timeMs = (look.endMs * step) / STEPS;
    return [timeMs, 100 * latencyShareBy(setting, look.quorum, timeMs)];
  });
  return {
    type: "line",
    name: `theory ${look.quorum}`,
    data: points,
    symbol: "none",
    lineStyle: { width: 1.4, color: look.color, type: "dashed" },
    z: 2,
  };
}
