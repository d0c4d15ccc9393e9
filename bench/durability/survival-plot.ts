/** The promise as a picture: for each quorum and number of lost nodes, what was lost. */
import type { CustomSeriesOption, LineSeriesOption } from "echarts";
import type { Plot } from "../plot/render.ts";
import { COLORS, frame, INK, INK_SOFT } from "../plot/style.ts";
import { count, describeDelay, plural } from "../quorum/describe.ts";
import { MODES, type Mode } from "./experiment.ts";
import { type Cell, cellsOf, type Results } from "./results.ts";

const CELL = 54;
const PANEL_TOP = 182;
const PANEL_LEFT = 78;
const PANEL_GAP = 42;
const BELOW = 70;

const SAFE_COLOR = "#bfe3d6";
const SAFE_TEXT = "#00553e";
const LUCKY_COLOR = "#f4ece0";
const LOSS_COLORS = ["#f9d3b4", "#f2a874", "#e57c3b", "#d55e00"] as const;
/** From here on a darker colour and a white number. */
const LOSS_STEPS = [5, 15, 50] as const;

const PANEL_TEXTS: Readonly<Record<Mode, readonly [string, string]>> = {
  memory: ["Memory mode", "lost nodes never come back"],
  "disk-lost": ["With DATA_DIR, disks lost", "the directory is gone too"],
  "disk-kept": ["With DATA_DIR, disks kept", "killed nodes start again"],
};

interface Panel {
  readonly mode: Mode;
  readonly cells: readonly Cell[];
  readonly left: number;
  readonly columns: number;
}

/** Undefined while nothing is measured. */
export function survivalPlot(results: Results): Plot | undefined {
  const panels = placePanels(results);
  const last = panels.at(-1);
  if (last === undefined) return undefined;
  const rows = Math.max(...results.setting.quorums) + 1;
  const { grid: _, xAxis, yAxis, ...base } = frame({ ...texts(results), xName: "", yName: "" });
  const common = { interval: 1, min: -0.5, axisTick: { show: false }, splitLine: { show: false } };
  return {
    name: "survival",
    width: last.left + last.columns * CELL + 30,
    height: PANEL_TOP + rows * CELL + BELOW,
    option: {
      ...base,
      title: [base.title, ...panels.map(panelTitle)],
      grid: panels.map(({ left, columns }) => ({
        ...{ left, top: PANEL_TOP, width: columns * CELL, height: rows * CELL },
      })),
      xAxis: panels.map(({ mode, columns }, gridIndex) => ({
        ...{ ...xAxis, ...common, gridIndex, max: columns - 0.5, nameGap: 32 },
        name: mode === "disk-kept" ? "Nodes killed" : "Nodes lost, the leader first",
        axisLine: { show: false },
        axisLabel: { ...xAxis.axisLabel, fontSize: 16, customValues: numbersTo(columns) },
      })),
      yAxis: panels.map((_, gridIndex) => ({
        ...{ ...yAxis, ...common, gridIndex, max: rows - 0.5, nameGap: 34 },
        name: gridIndex === 0 ? "Write quorum W" : "",
        axisLabel: { ...yAxis.axisLabel, fontSize: 16, customValues: numbersTo(rows) },
      })),
      series: panels.flatMap((panel, index) => [
        cellSeries(panel, index),
        ...(panel.mode === "disk-kept" ? [] : [promiseLine(index, rows)]),
      ]),
    },
  };
}

function texts({ setting, outcomes }: Results): { title: string; subtitle: string } {
  const most = Math.max(0, ...outcomes.map(({ nodesLost }) => nodesLost));
  const runs = outcomes.length;
  return {
    title: "Which acknowledged writes survive?",
    subtitle:
      `Acknowledged writes lost, mean of ${plural(setting.repeats, "run")}, when up to ` +
      `${most} of ${setting.followers + 1} nodes are killed at once in the middle of a load of ` +
      `${count(setting.writesPerSecond)} writes/s (network ${describeDelay(setting)}).\n` +
      "Theory: left of the line (nodes lost ≤ W) nothing; right of it the small numbers. There " +
      `promote refused, and was forced. ${plural(runs, "run")} in all.`,
  };
}

function placePanels(results: Results): Panel[] {
  let left = PANEL_LEFT;
  const panels: Panel[] = [];
  for (const mode of MODES) {
    const cells = cellsOf(results, mode);
    if (cells.length === 0) continue;
    const columns = Math.max(...cells.map(({ nodesLost }) => nodesLost)) + 1;
    panels.push({ mode, cells, left, columns });
    left += columns * CELL + PANEL_GAP;
  }
  return panels;
}

function panelTitle({ mode, left }: Panel) {
  const [text, subtext] = PANEL_TEXTS[mode];
  return {
    ...{ text, subtext, left: left - 5, top: PANEL_TOP - 60, itemGap: 4 },
    textStyle: { fontSize: 17, color: INK },
    subtextStyle: { fontSize: 14, color: INK_SOFT },
  };
}

function cellSeries({ cells }: Panel, index: number): CustomSeriesOption {
  return {
    type: "custom",
    silent: true,
    ...{ xAxisIndex: index, yAxisIndex: index },
    data: cells.map(({ nodesLost, writeQuorum }) => [nodesLost, writeQuorum]),
    renderItem: ({ dataIndex }, api) => {
      const cell = cells[dataIndex];
      const [x = 0, y = 0] = api.coord([api.value(0), api.value(1)]);
      if (cell === undefined) return null;
      const { fill, ink } = lookOf(cell);
      const half = CELL / 2;
      return {
        type: "group",
        children: [
          {
            type: "rect",
            shape: { x: x - half + 1, y: y - half + 1, width: CELL - 2, height: CELL - 2, r: 4 },
            style: { fill },
          },
          {
            type: "text",
            style: {
              ...{ x, y: cell.promised ? y : y - 7, text: numberOf(cell), fill: ink },
              ...{ align: "center", verticalAlign: "middle", fontSize: 20, fontWeight: "bold" },
            },
          },
          {
            type: "text",
            style: {
              ...{ x, y: y + 14, text: cell.promised ? "" : cell.expected.toFixed(0), fill: ink },
              ...{ align: "center", verticalAlign: "middle", fontSize: 13 },
            },
          },
        ],
      };
    },
  };
}

/** `0` means that no run lost anything. */
function numberOf({ lostMean }: Cell): string {
  return lostMean > 0 && lostMean < 1 ? "<1" : count(lostMean);
}

function lookOf({ promised, lostMean }: Cell): { fill: string; ink: string } {
  // A broken promise is the one thing that nobody may overlook.
  if (promised) return lostMean > 0 ? { fill: INK, ink: "#ffffff" } : SAFE_LOOK;
  if (lostMean === 0) return { fill: LUCKY_COLOR, ink: INK_SOFT };
  const step = LOSS_STEPS.filter((from) => lostMean >= from).length;
  return { fill: LOSS_COLORS[step] ?? COLORS[4], ink: step >= 2 ? "#ffffff" : "#6b2d00" };
}

const SAFE_LOOK = { fill: SAFE_COLOR, ink: SAFE_TEXT };

/** The staircase between nodes lost = W and nodes lost = W + 1. */
function promiseLine(index: number, rows: number): LineSeriesOption {
  const steps = Array.from({ length: rows - 1 }, (_, quorum) => [
    [quorum + 0.5, quorum - 0.5],
    [quorum + 0.5, quorum + 0.5],
  ]);
  return {
    type: "line",
    silent: true,
    ...{ xAxisIndex: index, yAxisIndex: index, symbol: "none", z: 5 },
    data: [...steps.flat(), [rows - 0.5, rows - 1.5]],
    lineStyle: { width: 4, color: INK, cap: "round", join: "round" },
  };
}

function numbersTo(end: number): number[] {
  return Array.from({ length: end }, (_, number) => number);
}
