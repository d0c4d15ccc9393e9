/** What a guard's run has seen, and the ratios that it says. */
import { median } from "simple-statistics";
import type { Builds } from "./builds.ts";
import type { GuardOptions } from "./options.ts";
import { nameOf, type Point } from "./point.ts";
import { judgeRatios, type RatioSeen } from "./ratio.ts";
import type { Slice } from "./slice.ts";

/** Two slices of the same load, one after the other. */
export interface Pair {
  readonly round: number;
  readonly point: Point;
  readonly currentFirst: boolean;
  readonly current: Slice;
  readonly other: Slice;
}

export interface Results {
  readonly options: GuardOptions;
  readonly environment: ReadonlyMap<string, string>;
  readonly builds: Builds;
  readonly pairs: readonly Pair[];
}

export type Measure = "perSecond" | "p99Ms" | "leaderMicros" | "followersMicros";

interface MeasureFacts {
  readonly name: string;
  readonly unit: string;
  readonly digits: number;
  readonly moreIsFaster: boolean;
}

export const MEASURES: Readonly<Record<Measure, MeasureFacts>> = {
  perSecond: { name: "throughput", unit: "/s", digits: 0, moreIsFaster: true },
  p99Ms: { name: "p99", unit: "ms", digits: 2, moreIsFaster: false },
  leaderMicros: {
    ...{ name: "processor time, leader", unit: "µs", digits: 1, moreIsFaster: false },
  },
  followersMicros: {
    ...{ name: "processor time, followers", unit: "µs", digits: 1, moreIsFaster: false },
  },
};

/** One line of the result. */
export interface Comparison {
  readonly point: Point;
  readonly measure: Measure;
  /** Medians of the slices. */
  readonly current: number;
  readonly other: number;
  readonly ratios: readonly number[];
  readonly seen: RatioSeen;
}

/** Every measure at every point that has pairs. */
export function compare({ options, pairs }: Results): Comparison[] {
  const wanted = options.points.flatMap((point) =>
    measuresOf(point).map((measure) => ({ point, measure })),
  );
  return wanted.flatMap(({ point, measure }) => {
    const own = pairs.filter((pair) => nameOf(pair.point) === nameOf(point));
    if (own.length === 0) return [];
    const ratios = own.map((pair) => pair.current[measure] / pair.other[measure]);
    const { moreIsFaster } = MEASURES[measure];
    return {
      ...{ point, measure, ratios },
      current: median(own.map((pair) => pair.current[measure])),
      other: median(own.map((pair) => pair.other[measure])),
      seen: judgeRatios(ratios, { moreIsFaster, together: wanted.length }),
    };
  });
}

/** A read at the leader takes nothing of the followers. */
function measuresOf({ kind }: Point): Measure[] {
  const all: Measure[] = ["perSecond", "p99Ms", "leaderMicros"];
  return kind === "reads" ? all : [...all, "followersMicros"];
}
