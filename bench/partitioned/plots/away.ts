/** What a worker that was away fetches, beside what an empty one does: bytes and time. */
import type { Plot } from "../../plot/render.ts";
import { COLORS, frame, INK } from "../../plot/style.ts";
import { count } from "../../quorum/describe.ts";
import type { Away } from "../away.ts";

const MEBIBYTE = 2 ** 20;

export function awayPlot(away: Away): Plot {
  const { changed, whole } = away;
  const base = frame({
    title: "A worker was away: what has it to fetch?",
    subtitle:
      `${count(away.keys)} keys of 100 bytes on 4 workers, 64 partitions × 3 copies on disk; ` +
      `${count(away.written)} keys written\nmeanwhile. Bytes: messages over its links until every` +
      " copy of it counts again, as it says at /metrics.",
    xName: "",
    yName: "",
  });
  const { grid, xAxis, yAxis, ...rest } = base;
  const panels = [
    { name: "MiB over its links", values: [changed.bytes / MEBIBYTE, whole.bytes / MEBIBYTE] },
    { name: "Seconds from its start to synced", values: [changed.ms / 1000, whole.ms / 1000] },
  ];
  const rows = [`away for ${away.seconds} s`, "with an empty\ndirectory"];
  return {
    name: "away",
    width: 960,
    height: 340,
    option: {
      ...rest,
      grid: panels.map((_, panel) => ({
        ...{ left: panel === 0 ? 130 : 560, width: 320, top: 130, height: 130 },
      })),
      xAxis: panels.map(({ name }, panel) => ({
        ...yAxis,
        gridIndex: panel,
        name,
        nameGap: 34,
        min: 0,
      })),
      yAxis: panels.map((_, panel) => ({
        ...xAxis,
        ...{ type: "category" as const, gridIndex: panel, inverse: true, name: "" },
        data: rows,
        axisLabel: { ...xAxis.axisLabel, show: panel === 0 },
      })),
      series: panels.map(({ values }, panel) => ({
        type: "bar" as const,
        ...{ xAxisIndex: panel, yAxisIndex: panel, barWidth: 36 },
        data: values.map((value, row) => ({
          value,
          itemStyle: { color: row === 0 ? COLORS[0] : COLORS[4] },
        })),
        label: {
          ...{ show: true, position: "right" as const, fontSize: 14, color: INK },
          formatter: ({ value }: { value: unknown }) => Number(value).toFixed(1),
        },
      })),
    },
  };
}
