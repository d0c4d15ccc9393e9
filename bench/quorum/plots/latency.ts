/** Latency by quorum: means with their spread, percentiles, and the line that theory draws. */
import type { LineSeriesOption } from "echarts";
import type { Plot } from "../../plot/render.ts";
import { COLORS, frame, INK, textColorOf } from "../../plot/style.ts";
import { whiskers } from "../../plot/whiskers.ts";
import { describeSetting } from "../describe.ts";
import { type QuorumRow, quorumRows, type Results } from "../results.ts";
import { meanLatencyMs } from "../theory.ts";
import { quorumAxis } from "./quorum-axis.ts";

const MEAN_COLOR = COLORS[0];
const FEW_COLOR = COLORS[5];

/** Undefined while nothing is measured. */
export function latencyPlot(results: Results): Plot | undefined {
  const rows = quorumRows(results, "quorum").filter((row) => row.pooled.count > 0);
  if (rows.length === 0) return undefined;
  const few = quorumRows(results, "few-clients").filter((row) => row.pooled.count > 0);
  const fewClients = results.runs.find((run) => run.series === "few-clients")?.clients ?? 0;
  const quorums = rows.map((row) => row.quorum);
  const base = frame({
    title: "What does it cost to wait for one follower more?",
    subtitle:
      `Latency of a write by write quorum. ${describeSetting(results.setting)}\n` +
      "Whiskers: standard deviation of the repeats’ means. " +
      "Theory: min + (max − min) · k / (n + 1), the network alone",
    xName: "Write quorum k: followers that must confirm",
    yName: "Latency (ms)",
    right: 160,
  });
  const percentile = (name: "p50" | "p95" | "p99", color: string) =>
    line({
      name: `${name}, ${results.setting.clients} clients`,
      color,
      points: rows.map((row) => [row.quorum, row.pooled[name]]),
      width: name === "p50" ? 0 : 1.5,
    });
  const mean = (of: { rows: QuorumRow[]; clients: number; color: string }) => [
    line({
      name: `mean, ${of.clients} clients`,
      color: of.color,
      points: of.rows.map((row) => [row.quorum, row.meanMs]),
      width: 3,
    }),
    whiskers(
      of.rows.map((row) => ({
        x: row.quorum,
        low: row.meanMs - row.meanSpreadMs,
        high: row.meanMs + row.meanSpreadMs,
      })),
      { color: of.color },
    ),
  ];
  return {
    name: "latency",
    width: 960,
    height: 620,
    option: {
      ...base,
      xAxis: { ...base.xAxis, ...quorumAxis(quorums) },
      yAxis: { ...base.yAxis, min: 0 },
      series: [
        percentile("p99", COLORS[4]),
        percentile("p95", COLORS[1]),
        ...mean({ rows, clients: results.setting.clients, color: MEAN_COLOR }),
        percentile("p50", COLORS[2]),
        ...(few.length === 0 ? [] : mean({ rows: few, clients: fewClients, color: FEW_COLOR })),
        theoryLine(results, quorums),
      ],
    },
  };
}

function theoryLine(results: Results, quorums: readonly number[]): LineSeriesOption {
  const points = quorums.map((quorum) => [quorum, meanLatencyMs(results.setting, quorum)]);
  const plain = line({ name: "theory: mean", color: INK, points, width: 2 });
  return {
    ...plain,
    symbol: "none",
    lineStyle: { ...plain.lineStyle, type: "dashed" },
  };
}

interface Line {
  readonly name: string;
  readonly color: string;
  readonly points: readonly (readonly number[])[];
  /** 0 shows the points alone. */
  readonly width: number;
}

function line(look: Line): LineSeriesOption {
  const bold = look.width >= 3;
  return {
    type: "line",
    name: look.name,
    data: look.points.map((point) => [...point]),
    symbol: bold ? "circle" : "emptyCircle",
    symbolSize: 8,
    showSymbol: true,
    lineStyle: { width: look.width, color: look.color },
    itemStyle: { color: look.color },
    endLabel: {
      show: true,
      formatter: look.name,
      color: textColorOf(look.color),
      fontSize: 14,
      fontWeight: bold ? "bold" : "normal",
      distance: 12,
    },
    labelLayout: { moveOverlap: "shiftY" },
  };
}
