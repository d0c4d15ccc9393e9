/** How long a write takes: median and 99th percentile of each contestant. */
import type { Plot } from "../../plot/render.ts";
import { count } from "../../quorum/describe.ts";
import type { Results } from "../results.ts";
import { dotsPlot } from "./dots.ts";
import { basePoint, describeBytes, describeConnections, WHO } from "./subtitles.ts";

export function latencyPlot(results: Results): Plot | undefined {
  const point = basePoint(results);
  const text = (ms: number) => `${ms >= 10 ? count(ms) : ms.toPrecision(2)} ms`;
  return dotsPlot(results, {
    name: "latency",
    title: "How long does a write take?",
    subtitle:
      `${describeConnections(point.connections)}, ${describeBytes(point.valueBytes)}, ` +
      `${point.quorum} confirm; medians of the rounds.\n${WHO}`,
    xName: "Milliseconds (logarithmic)",
    point,
    dots: [
      { name: "median", value: ({ load }) => load.writes.p50, text },
      { name: "99th percentile", value: ({ load }) => load.writes.p99, text },
    ],
  });
}
