/** What a key takes at the leader and at a follower. */
import type { Plot } from "../../plot/render.ts";
import { count } from "../../quorum/describe.ts";
import { CONTESTANTS } from "../contestants.ts";
import type { Results } from "../results.ts";
import { barsPlot } from "./bars.ts";

/** Undefined where it was not measured. */
export function memoryPlot({ memory }: Results): Plot | undefined {
  const [first] = memory;
  if (first === undefined) return undefined;
  return barsPlot({
    name: "memory",
    title: "What does a key take of memory?",
    subtitle:
      `Growth of resident memory by ${count(first.keys)} keys with different values of 100 ` +
      "bytes, divided by their number.",
    xName: "",
    yName: "Bytes for each key",
    groups: ["leader", "follower (median of five)"],
    series: memory.map(({ system, leaderBytes, followerBytes }) => {
      const contestant = CONTESTANTS.find((each) => each.system === system);
      return {
        title: contestant?.title ?? system,
        color: contestant?.color ?? "",
        values: [leaderBytes, followerBytes],
      };
    }),
  });
}
