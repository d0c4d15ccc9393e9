/** Writes a second by write quorum; etcd's majority is what it is. */
import type { Plot } from "../../plot/render.ts";
import { pointsIn, type Results } from "../results.ts";
import { linesPlot } from "./lines.ts";
import { basePoint, describeBytes, describeConnections, WHERE } from "./subtitles.ts";

export function quorumPlot(results: Results): Plot | undefined {
  const base = basePoint(results);
  const places = pointsIn(results)
    .filter(({ load, connections, valueBytes }) => {
      const same = connections === base.connections && valueBytes === base.valueBytes;
      return load === "writes" && same;
    })
    .map((point) => ({ label: `${point.quorum} of 5`, point }));
  return linesPlot(results, {
    name: "quorum",
    title: "What does it cost to wait for more nodes?",
    subtitle:
      `Writes of ${describeBytes(base.valueBytes)}, ${describeConnections(base.connections)}; ` +
      `kvnode’s write quorum, and k of Redis’s WAIT k.\n${WHERE}`,
    xName: "Nodes beside the leader that confirm",
    yName: "Writes per second",
    places,
    logarithmic: false,
    names: ["kvnode-memory", "kvnode-disk", "redis"],
  });
}
