/** Which points are measured, with which groups, and about how long that takes. */
import { type AxisName, type AxisPoint, isSeen, STILL } from "./axis.ts";
import { type Extent, type GrowthOptions, type Part, VALUE_BYTES_MAX } from "./options.ts";

export type PlannedPoint = Pick<AxisPoint, "axis" | "at" | "clients" | "keys" | "valueBytes">;

export interface PlannedGroup {
  readonly name: string;
  readonly followers: number;
  /** It is filled first, and what that takes of its memory is a figure. */
  readonly filled: boolean;
  readonly points: readonly PlannedPoint[];
}

/** The numbers of followers that are compared, and with how many connections beside the axis's. */
export const PAIR = { fewer: 5, more: 15, clients: [20, STILL.clients] };
/** What is written in turn, and what is under way, hold at most this where values are large. */
const WRITTEN_BYTES_MAX = 64 * 2 ** 20;
const UNDER_WAY_BYTES_MAX = 4 * 2 ** 20;
const KEYS_MIN = 64;
/** Groups with values of this size or less run together. */
export const TOGETHER_BYTES_MAX = 4_096;
/** 10,000,000 keys with a leader and one follower fit where six nodes of them would not. */
const LARGE = { keys: 10_000_000, valueBytes: 16, followers: 1 };

/** About as much as a group writes in this time, and what a start takes; for the time left only. */
const FILLED_PER_MS = 20;
const START_MS = 2_000;
export const SETTLE_MS = 15_000;
/** Around a run: connections, and the requests that are made ahead. */
const AROUND_MS = 200;

/** The groups of an axis with the points that each of them is measured at. */
export function planAxis(axis: AxisName, extent: Extent): PlannedGroup[] {
  const point = (at: number, turned: Partial<PlannedPoint>): PlannedPoint => {
    const { clients, keys, valueBytes } = STILL;
    return { axis, at, clients, keys, valueBytes, ...turned };
  };
  const alone = (name: string, of: PlannedPoint): PlannedGroup => {
    return { name, followers: STILL.followers, filled: true, points: [of] };
  };
  switch (axis) {
    case "followers":
      return extent.followers.map((at) => ({
        ...{ name: `followers-${at}`, followers: at, filled: false },
        points: clientsAt(at, extent).map((clients) => point(at, { clients })),
      }));
    case "data":
      return extent.keys.map((at) => alone(`keys-${at}`, point(at, { keys: at })));
    case "values":
      return extent.valueBytes.map((at) => alone(`values-${at}`, point(at, loadOf(at))));
    case "connections": {
      const points = extent.connections.map((at) => point(at, { clients: at }));
      return [{ name: "connections", followers: STILL.followers, filled: false, points }];
    }
  }
}

/**
 * The groups of an axis that run at the same time. Large values go one group after the other, since
 * what they leave behind would fill the machine's memory.
 */
export function batchesOf(axis: AxisName, extent: Extent): PlannedGroup[][] {
  const groups = planAxis(axis, extent);
  if (axis !== "values") return [groups];
  const isLarge = ({ points }: PlannedGroup) =>
    points.some(({ valueBytes }) => valueBytes > TOGETHER_BYTES_MAX);
  const [small, large] = [groups.filter((each) => !isLarge(each)), groups.filter(isLarge)];
  return [small, ...large.map((group) => [group])].filter((batch) => batch.length > 0);
}

/** The group with more keys than six nodes can hold. */
export function planLarge(): PlannedGroup {
  const { keys, valueBytes, followers } = LARGE;
  const point = { axis: "data", at: keys, clients: STILL.clients, keys, valueBytes } as const;
  return { name: `keys-${keys}`, followers, filled: true, points: [point] };
}

/** Few enough clients and keys that large values fit the queues and the memory. */
export function loadOf(valueBytes: number): Omit<PlannedPoint, "axis" | "at"> {
  const clients = Math.floor(UNDER_WAY_BYTES_MAX / valueBytes);
  const keys = Math.floor(WRITTEN_BYTES_MAX / valueBytes);
  return {
    clients: Math.max(1, Math.min(STILL.clients, clients)),
    keys: Math.max(KEYS_MIN, Math.min(STILL.keys, keys)),
    // Two quotes stand around the text, and a value's JSON text has a bound.
    valueBytes: Math.min(valueBytes, VALUE_BYTES_MAX - 2),
  };
}

function clientsAt(followers: number, extent: Extent): readonly number[] {
  const compared = [PAIR.fewer, PAIR.more];
  const both = compared.every((each) => extent.followers.includes(each));
  return both && compared.includes(followers) ? PAIR.clients : [STILL.clients];
}

/** What the progress reckons with for the part, in ms. */
export function expectedMs(part: Part, options: GrowthOptions): number {
  const { rounds, seconds, large } = options;
  // Six checks, each with and without something, or at few keys and at many.
  if (part === "checks") return 6 * 2 * rounds * seconds * 1000;
  const batches = batchesOf(part, options);
  const all = part === "data" && large ? [...batches, [planLarge()]] : batches;
  return all.reduce((sum, batch) => sum + batchMs(batch, options), 0);
}

/** Start and first load of a group. */
export function startMs({ warmUpSeconds }: Pick<GrowthOptions, "warmUpSeconds">): number {
  return START_MS + 1000 * warmUpSeconds;
}

/** Of all keys of a point. */
export function fillMs({ keys }: Pick<PlannedPoint, "keys">): number {
  return keys / FILLED_PER_MS;
}

/** One run. */
export function runMs({ seconds }: Pick<GrowthOptions, "seconds">): number {
  return 1000 * seconds + AROUND_MS;
}

/** Start, first load, fill and runs of groups that run at the same time. */
function batchMs(groups: readonly PlannedGroup[], options: GrowthOptions): number {
  const filled = groups.filter((group) => group.filled);
  const points = groups.flatMap((group) => group.points);
  const fills = filled
    .flatMap((group) => group.points)
    .reduce((sum, each) => sum + fillMs(each), 0);
  const settlesMs = filled.some((group) => group.points.some(isSeen)) ? 2 * SETTLE_MS : 0;
  const runsMs = points.length * options.rounds * runMs(options);
  return groups.length * startMs(options) + fills + settlesMs + runsMs;
}
