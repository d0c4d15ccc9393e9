/** What a run has found; a part that was not asked for, or not come to, is not there. */
import { median } from "simple-statistics";
import type { Figure } from "../figures.ts";
import { type AxisName, type AxisPoint, bytesPerKey } from "./axis.ts";
import type { Run } from "./group.ts";
import { PAIR } from "./plan.ts";
import { type RedisMemory, redisAt } from "./redis-memory.ts";

export interface Results {
  /** What was measured and on what, one line each: name and text. */
  readonly environment: ReadonlyMap<string, string>;
  readonly axes: readonly AxisPoint[];
  /** Of the checks that nothing grows faster than its work. */
  readonly checks: readonly Figure[];
  readonly redis: readonly RedisMemory[];
  /** What was left out, a sentence each. */
  readonly leftOut: readonly string[];
}

export const AXIS_NAMES: readonly AxisName[] = ["followers", "data", "values", "connections"];

/** Wanted of writes a second with 15 followers / with 5, and what was hoped for. */
const MORE_FOLLOWERS_MIN = 0.45;
const PER_KEY_TO_REDIS_MAX = 2;
/** Larger values than this fill the queues by design, and writes are refused then. */
const SMALL_VALUE = 65_536;

/** What is told of all of it, and judged where something is wanted. */
export function figuresOf({ axes, checks, redis }: Results): Figure[] {
  return [...pairFigures(axes), ...memoryFigures(axes, redis), ...checks, ...failures(axes)];
}

function pairFigures(axes: readonly AxisPoint[]): Figure[] {
  return PAIR.clients.flatMap((clients) => {
    const ratios = pairRatios(axes, clients, ({ perSecond }) => perSecond);
    if (ratios.length === 0) return [];
    const { more, fewer } = PAIR;
    const part = `followers, ${clients} connections`;
    const name = `writes/s with ${more} / with ${fewer}`;
    const fine = { part, unit: "", digits: 2 };
    // The machine's processors divided by this is what throughput can be, whatever else they do.
    const allMicros = (run: Run, followers: number) =>
      run.leaderMicros + followers * run.followerMicros + run.driverMicros;
    const costs = pairRatios(axes, clients, allMicros);
    return [
      { ...fine, name, value: median(ratios), atLeast: MORE_FOLLOWERS_MIN },
      { ...fine, name: `${name}: lowest round`, value: Math.min(...ratios) },
      { ...fine, name: `${name}: highest round`, value: Math.max(...ratios) },
      {
        ...{ ...fine, value: 1 / median(costs) },
        name: `processor time of all for a write with ${fewer} / with ${more}`,
      },
    ];
  });
}

/** With more followers / with fewer, round by round. */
export function pairRatios(
  axes: readonly AxisPoint[],
  clients: number,
  pick: (run: Run, followers: number) => number,
): number[] {
  const valuesAt = (at: number) =>
    axes
      .find((each) => each.axis === "followers" && each.at === at && each.clients === clients)
      ?.runs.map((run) => pick(run, at)) ?? [];
  const fewer = valuesAt(PAIR.fewer);
  return valuesAt(PAIR.more).flatMap((value, round) => {
    const other = fewer[round];
    return other === undefined ? [] : [value / other];
  });
}

function memoryFigures(axes: readonly AxisPoint[], redis: readonly RedisMemory[]): Figure[] {
  return axes
    .filter((point) => point.axis === "data")
    .flatMap((point) => {
      const perKey = bytesPerKey(point);
      if (perKey === undefined) return [];
      const { keys, valueBytes } = point;
      const part = `memory per key, ${keys.toLocaleString("en-US")} keys of ${valueBytes} bytes`;
      const ofRedis = redisAt(redis, point);
      const own = { part, unit: "bytes" };
      const ratio = { part, name: "leader / Redis", unit: "", digits: 2 };
      return [
        { ...own, name: "leader", value: perKey.leaderBytes },
        { ...own, name: "a follower", value: perKey.followerBytes },
        ...(ofRedis === undefined
          ? []
          : [
              { ...own, name: "Redis", value: ofRedis },
              { ...ratio, value: perKey.leaderBytes / ofRedis, atMost: PER_KEY_TO_REDIS_MAX },
            ]),
      ];
    });
}

function failures(axes: readonly AxisPoint[]): Figure[] {
  if (axes.length === 0) return [];
  const of = (points: readonly AxisPoint[]) =>
    points.flatMap(({ runs }) => runs).reduce((sum, run) => sum + run.failures, 0);
  const large = axes.filter(({ valueBytes }) => valueBytes > SMALL_VALUE);
  const small = axes.filter((point) => !large.includes(point));
  const name = "writes not acknowledged";
  return [
    { part: "all axes", name, value: of(small), unit: "", atMost: 0 },
    ...(large.length === 0
      ? []
      : [{ part: "values above 64 KiB", name, value: of(large), unit: "" }]),
  ];
}
