/** Writes a second by number of workers, at the primary and through any worker. */
import type { Plot } from "../../plot/render.ts";
import { COLORS, frame, INK } from "../../plot/style.ts";
import { count } from "../../quorum/describe.ts";
import { copiesFor, ROUTE_TEXTS, type ThroughputRun } from "../throughput.ts";

const SHOWN = [
  { storage: "memory", route: "direct", color: COLORS[0] },
  { storage: "memory", route: "any", color: COLORS[5] },
  { storage: "disk", route: "direct", color: COLORS[4] },
  { storage: "disk", route: "any", color: COLORS[1] },
] as const;

/** With the most connections that were measured; undefined while nothing is. */
export function throughputPlot(runs: readonly ThroughputRun[]): Plot | undefined {
  if (runs.length === 0) return undefined;
  const clients = Math.max(...runs.map((run) => run.clients));
  const workers = [...new Set(runs.map((run) => run.workers))].sort((one, other) => one - other);
  const base = frame({
    title: "How many writes a second, directly and through any worker?",
    subtitle:
      `Acknowledged writes of 100 bytes, ${clients} connections in a closed loop, 64 partitions; ` +
      "workers and load share the machine’s two cores.\nA client asks each key’s primary, or any " +
      "worker in turn, which sends the write on to the primary.",
    xName: "Workers",
    yName: "Acknowledged writes per second",
  });
  const rateOf = (of: { workers: number; storage: string; route: string }) =>
    runs.find((run) => {
      const { storage, route } = run;
      const same = run.workers === of.workers && run.clients === clients;
      return same && storage === of.storage && route === of.route;
    })?.perSecond ?? 0;
  return {
    name: "throughput",
    width: 960,
    height: 560,
    option: {
      ...base,
      grid: { ...base.grid, left: 92, top: 160 },
      legend: {
        ...{ left: 88, top: 122, itemGap: 20, selectedMode: false },
        textStyle: { fontSize: 14, color: INK },
      },
      xAxis: {
        ...base.xAxis,
        type: "category",
        nameGap: 48,
        data: workers.map((each) => {
          const { replicas, writeQuorum } = copiesFor(each);
          return `${each}\n${replicas} of each key, ${writeQuorum} must confirm`;
        }),
      },
      yAxis: {
        ...base.yAxis,
        min: 0,
        nameGap: 66,
        axisLabel: { fontSize: 14, color: INK, formatter: (value: number) => count(value) },
      },
      series: SHOWN.map(({ storage, route, color }) => ({
        type: "bar" as const,
        name: `${storage}, ${ROUTE_TEXTS[route]}`,
        data: workers.map((each) => rateOf({ workers: each, storage, route })),
        barMaxWidth: 56,
        barGap: "12%",
        itemStyle: { color },
        label: {
          ...{ show: true, position: "top" as const, fontSize: 13, color: INK },
          formatter: ({ value }: { value: unknown }) => count(Number(value)),
        },
      })),
    },
  };
}
