/** How what a write costs grows along an axis: over all points, and from each point to the next. */
import { linearRegression } from "simple-statistics";
import { AXES, type AxisName, type AxisPoint, middleOf, shownPoints } from "./axis.ts";
import type { Run } from "./group.ts";

/** Microseconds of processor time per write for each unit of the axis. */
export interface Slope {
  readonly leader: number;
  readonly follower: number;
  readonly driver: number;
}

export interface Step extends Slope {
  readonly from: number;
  readonly to: number;
  /** Writes a second there / here. */
  readonly rateRatio: number;
}

export interface AxisSlopes {
  readonly axis: AxisName;
  /** The straight line through all points (least squares). */
  readonly overall: Slope;
  readonly steps: readonly Step[];
}

const PICKS = {
  leader: (run: Run) => run.leaderMicros,
  follower: (run: Run) => run.followerMicros,
  driver: (run: Run) => run.driverMicros,
};

/** Undefined where there are fewer than two points. */
export function slopesOf(points: readonly AxisPoint[], axis: AxisName): AxisSlopes | undefined {
  const shown = shownPoints(points, axis).filter(({ runs }) => runs.length > 0);
  if (shown.length < 2) return undefined;
  const { place } = AXES[axis];
  const through = (among: readonly AxisPoint[], pick: (run: Run) => number) =>
    linearRegression(among.map((point) => [place(point.at), middleOf(point, pick)])).m;
  const slope = (among: readonly AxisPoint[]): Slope => ({
    leader: through(among, PICKS.leader),
    follower: through(among, PICKS.follower),
    driver: through(among, PICKS.driver),
  });
  const steps = shown.slice(1).map((to, index) => {
    const from = shown[index] ?? to;
    const rate = (run: Run) => run.perSecond;
    const rateRatio = middleOf(to, rate) / middleOf(from, rate);
    return { from: from.at, to: to.at, rateRatio, ...slope([from, to]) };
  });
  return { axis, overall: slope(shown), steps };
}
