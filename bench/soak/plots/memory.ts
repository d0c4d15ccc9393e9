/** Resident memory of each node over time, with the line that says whether it is flat. */
import type { Plot } from "../../plot/render.ts";
import { COLORS, frame, INK } from "../../plot/style.ts";
import { minuteOf, type Results, slopes } from "../results.ts";
import { line, minuteAxis, type Point } from "./lines.ts";

const MEBIBYTE = 2 ** 20;
const SLOPE_TEXT =
  "Dashed: line of least squares through the leader's last half, with its rise in 10M writes";

/** Undefined while nothing is measured. */
export function memoryPlot(results: Results): Plot | undefined {
  const { memory, options } = results;
  const last = memory.at(-1);
  if (last === undefined || memory.length < 3) return undefined;
  const count = (value: number) => value.toLocaleString("en-US");
  const slope = leaderSlope(results);
  const base = frame({
    title: "Does memory stay flat?",
    subtitle:
      `Resident memory of each node, ${count(options.writes)} writes over ` +
      `${count(options.keys)} keys with values of ${options.valueBytes} bytes.` +
      (slope.length === 0 ? "" : `\n${SLOPE_TEXT}`),
    xName: "Minutes",
    yName: "Resident memory (MiB)",
    right: 150,
  });
  const nodes = last.nodes.map((_, node) => node);
  const points = (node: number): Point[] =>
    memory.map((sample) => [minuteOf(results, sample.atMs), (sample.nodes[node] ?? 0) / MEBIBYTE]);
  const followers = nodes.slice(1);
  return {
    name: "memory",
    width: 1000,
    height: 560,
    option: {
      ...base,
      xAxis: { ...base.xAxis, ...minuteAxis(minuteOf(results, last.atMs)) },
      yAxis: { ...base.yAxis, min: 0 },
      series: [
        ...followers.map((node) =>
          line({
            name: node === followers.at(-1) ? "followers" : "",
            ...{ color: COLORS[5], width: 1.2, points: points(node) },
          }),
        ),
        line({ name: "leader", color: COLORS[0], width: 2.5, points: points(0) }),
        ...slope,
      ],
    },
  };
}

function leaderSlope(results: Results) {
  const [slope] = slopes(results);
  if (slope === undefined || !Number.isFinite(slope.percent)) return [];
  const from = results.memory.find(({ writes }) => writes >= slope.fromWrites);
  const to = results.memory.at(-1);
  const points: Point[] = [
    [minuteOf(results, from?.atMs ?? 0), slope.fromBytes / MEBIBYTE],
    [minuteOf(results, to?.atMs ?? 0), slope.toBytes / MEBIBYTE],
  ];
  const rise = `${slope.percent < 0 ? "−" : "+"}${Math.abs(slope.percent).toFixed(1)} %`;
  return [line({ name: rise, color: INK, width: 1.5, dashed: true, points })];
}
