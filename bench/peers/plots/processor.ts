/** What a write costs the processors, all processes of a system together. */
import type { Plot } from "../../plot/render.ts";
import { count } from "../../quorum/describe.ts";
import type { Results } from "../results.ts";
import { dotsPlot } from "./dots.ts";
import { basePoint, describeBytes, describeConnections, WHO } from "./subtitles.ts";

export function processorPlot(results: Results): Plot | undefined {
  const point = basePoint(results);
  return dotsPlot(results, {
    name: "processor",
    title: "What does a write cost the processors?",
    subtitle:
      `User and system time of all processes of a system, the driver’s not included; ` +
      `${describeConnections(point.connections)}, ${describeBytes(point.valueBytes)}, ` +
      `${point.quorum} confirm.\n${WHO}`,
    xName: "Microseconds for each write (logarithmic)",
    point,
    dots: [
      {
        name: "processor time",
        value: ({ systemMicros }) => systemMicros,
        text: (micros) => `${count(micros)} µs`,
      },
    ],
  });
}
