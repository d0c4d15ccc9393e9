/** The axes: what is turned, at which points, and in which unit a slope over it is told. */
import { median } from "simple-statistics";
import type { Memory, Run } from "./group.ts";

export type AxisName = "followers" | "data" | "values" | "connections";

export interface AxisLook {
  /** What is turned, for a table's head. */
  readonly of: string;
  /** The question that its plot answers. */
  readonly question: string;
  /** What stays as it is. */
  readonly still: string;
  /** The unit of a slope: one more of this. */
  readonly per: string;
  /** The place of a point in that unit. */
  readonly place: (at: number) => number;
  readonly logarithmic: boolean;
}

/** What is not turned: as many as the figures of this project are told with. */
export const STILL = { followers: 5, keys: 10_000, valueBytes: 100, clients: 100 };

const KIBIBYTE = 1024;
const LOAD = `${STILL.clients} connections`;
const GROUP = `1 leader, ${STILL.followers} followers, quorum 3`;
const WRITTEN = `${STILL.valueBytes}-byte values, 10,000 keys`;

export const AXES: Readonly<Record<AxisName, AxisLook>> = {
  followers: {
    of: "followers",
    question: "What does one more follower cost?",
    still: `1 leader, quorum 3 (1 of 1, 2 of 2), ${LOAD}, ${WRITTEN}`,
    per: "added follower",
    place: (at) => at,
    logarithmic: false,
  },
  data: {
    of: "keys",
    question: "What do more keys cost?",
    still: `${GROUP}, ${LOAD}, ${STILL.valueBytes}-byte values, all keys written in turn`,
    per: "tenfold number of keys",
    place: Math.log10,
    logarithmic: true,
  },
  values: {
    of: "bytes of a value",
    question: "What do larger values cost?",
    still: `${GROUP}; large values: few connections and keys, one size after the other`,
    per: "added KiB",
    place: (at) => at / KIBIBYTE,
    logarithmic: true,
  },
  connections: {
    of: "connections",
    question: "What do more connections bring, and cost?",
    still: `${GROUP}, ${WRITTEN}`,
    per: "tenfold number of connections",
    place: Math.log10,
    logarithmic: true,
  },
};

/** What was measured at one point of an axis. */
export interface AxisPoint {
  readonly axis: AxisName;
  readonly at: number;
  readonly clients: number;
  readonly keys: number;
  readonly valueBytes: number;
  /** In the order of the rounds. */
  readonly runs: readonly Run[];
  /** Where it was filled: after its first load, and when it held all keys. */
  readonly memory?: { readonly empty: Memory; readonly filled: Memory };
}

/** The median of all rounds. */
export function middleOf(point: AxisPoint, pick: (run: Run) => number): number {
  return point.runs.length === 0 ? Number.NaN : median(point.runs.map(pick));
}

/** Lowest and highest round. */
export function spreadOf(point: AxisPoint, pick: (run: Run) => number): [number, number] {
  const values = point.runs.map(pick);
  return [Math.min(...values), Math.max(...values)];
}

/** With less than this what a process takes anyhow, more or less, hides what its keys take. */
const SEEN_FROM_BYTES = 8e6;

/** Whether there is so much in these keys that what one takes can be told. */
export function isSeen({ keys, valueBytes }: { keys: number; valueBytes: number }): boolean {
  return keys * valueBytes >= SEEN_FROM_BYTES;
}

/**
 * What one key takes of leader and follower, in bytes; undefined where none was filled, or too
 * little.
 */
export function bytesPerKey(point: AxisPoint): Memory | undefined {
  const { memory, keys } = point;
  if (memory === undefined || !isSeen(point)) return undefined;
  const { empty, filled } = memory;
  return {
    leaderBytes: (filled.leaderBytes - empty.leaderBytes) / keys,
    followerBytes: (filled.followerBytes - empty.followerBytes) / keys,
  };
}

/** The points of the axis, in rising order, of the number of clients that its plot shows. */
export function shownPoints(points: readonly AxisPoint[], axis: AxisName): AxisPoint[] {
  return points
    .filter((point) => point.axis === axis)
    .filter((point) => axis !== "followers" || point.clients === STILL.clients)
    .sort((one, other) => one.at - other.at);
}
