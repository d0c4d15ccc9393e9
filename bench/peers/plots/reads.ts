/** Reads a second: at the leader, over all nodes, and mixed with writes. */
import type { Plot } from "../../plot/render.ts";
import { CONTESTANTS } from "../contestants.ts";
import type { Load } from "../plan.ts";
import { medianAt } from "../ratios.ts";
import type { Results } from "../results.ts";
import { barsPlot } from "./bars.ts";
import { basePoint, describeBytes, describeConnections } from "./subtitles.ts";

const GROUPS: readonly (readonly [load: Load, label: string])[] = [
  ["reads", "reads at the leader"],
  ["spread-reads", "reads over all nodes"],
  ["mix", "nine reads for each write"],
];

/** Undefined where nobody was asked to read. */
export function readsPlot(results: Results): Plot | undefined {
  const point = basePoint(results);
  const groups = GROUPS.filter(([load]) => results.runs.some((run) => run.point.load === load));
  const series = CONTESTANTS.map(({ name, title, color, way }) => ({
    title,
    color,
    light: way === "etcd-gateway",
    values: groups.map(([load]) => {
      const rate = medianAt(results, name, { ...point, load }, (run) => run.load.servedPerSecond);
      return rate?.median;
    }),
  })).filter(({ values }) => values.some((value) => value !== undefined));
  if (series.length === 0) return undefined;
  return barsPlot({
    name: "reads",
    title: "How many reads a second?",
    subtitle:
      `${describeConnections(point.connections)}, values of ${describeBytes(point.valueBytes)}; ` +
      "medians of the rounds. Every read is answered by the node that is asked, from\nwhat it " +
      "holds (etcd: serializable). All processes and the driver share the machine’s cores.",
    xName: "",
    yName: "Operations per second",
    groups: groups.map(([, label]) => label),
    series,
  });
}
