/** Writes a second by the size of a value. */
import type { Plot } from "../../plot/render.ts";
import { pointsIn, type Results } from "../results.ts";
import { linesPlot } from "./lines.ts";
import { basePoint, describeBytes, describeConnections, WHERE, WHO } from "./subtitles.ts";

export function valuesPlot(results: Results): Plot | undefined {
  const base = basePoint(results);
  const places = pointsIn(results)
    .filter(({ load, connections, quorum }) => {
      return load === "writes" && connections === base.connections && quorum === base.quorum;
    })
    .map((point) => ({ label: describeBytes(point.valueBytes), point }));
  return linesPlot(results, {
    name: "values",
    title: "What do larger values cost?",
    subtitle: `${describeConnections(base.connections)}, ${base.quorum} confirm. ${WHO}\n${WHERE}`,
    xName: "Size of a value",
    yName: "Writes per second (logarithmic)",
    places,
    logarithmic: true,
  });
}
