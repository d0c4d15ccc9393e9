/** Writes a second by number of connections. */
import type { Plot } from "../../plot/render.ts";
import { pointsIn, type Results } from "../results.ts";
import { linesPlot } from "./lines.ts";
import { basePoint, describeBytes, WHERE, WHO } from "./subtitles.ts";

export function throughputPlot(results: Results): Plot | undefined {
  const base = basePoint(results);
  const places = pointsIn(results)
    .filter(({ load, quorum, valueBytes }) => {
      return load === "writes" && quorum === base.quorum && valueBytes === base.valueBytes;
    })
    .map((point) => ({ label: String(point.connections), point }));
  return linesPlot(results, {
    name: "throughput",
    title: "How many writes a second?",
    subtitle: `${describeBytes(base.valueBytes)}, ${base.quorum} confirm. ${WHO}\n${WHERE}`,
    xName: "Connections, each with one write under way",
    yName: "Writes per second (logarithmic)",
    places,
    logarithmic: true,
  });
}
