/** Draws the plots of a former run anew, from what it left in `growth.csv`. */
import { join } from "node:path";
import { writePlot } from "../plot/render.ts";
import { BenchError } from "../quorum/bench-error.ts";
import type { AxisPoint } from "./axis.ts";
import type { Run } from "./group.ts";
import { axisPlot } from "./plot.ts";
import type { RedisMemory } from "./redis-memory.ts";
import { AXIS_NAMES } from "./results.ts";

interface Former {
  readonly axes: readonly AxisPoint[];
  readonly redis: readonly RedisMemory[];
}

/** Into the same directory; throws BenchError where there is no run. */
export async function redraw(directory: string): Promise<void> {
  const file = Bun.file(join(directory, "growth.csv"));
  if (!(await file.exists())) {
    throw new BenchError(`There is no growth.csv in ${directory}: measure without --redraw first.`);
  }
  const { axes, redis } = readGrowth(await file.text());
  for (const axis of AXIS_NAMES) {
    const plot = axisPlot(axis, axes, redis);
    if (plot !== undefined) await writePlot(directory, plot);
  }
}

/** Reads the text of a `growth.csv`; memory per key comes back as what a group rose by from 0. */
export function readGrowth(text: string): Former {
  const [head = "", ...lines] = text.trim().split("\n");
  const names = head.split(",");
  const rows = lines.map((line) => {
    const cells = line.split(",");
    return new Map(names.map((name, place) => [name, cells[place] ?? ""]));
  });
  const ofPoint = Map.groupBy(rows, (row) => {
    return ["axis", "at", "connections"].map((name) => row.get(name)).join(",");
  });
  const points = [...ofPoint.values()];
  return { axes: points.flatMap(toPoint), redis: points.flatMap(toRedis) };
}

type Row = ReadonlyMap<string, string>;

/** NaN where nothing stands there. */
function numberIn(row: Row, name: string): number {
  const cell = row.get(name) ?? "";
  return cell === "" ? Number.NaN : Number(cell);
}

function toPoint(rows: readonly Row[]): AxisPoint[] {
  const [first] = rows;
  const axis = AXIS_NAMES.find((each) => each === first?.get("axis"));
  if (first === undefined || axis === undefined) return [];
  const keys = numberIn(first, "keys");
  const filled = {
    leaderBytes: keys * numberIn(first, "leader_bytes_per_key"),
    followerBytes: keys * numberIn(first, "follower_bytes_per_key"),
  };
  const empty = { leaderBytes: 0, followerBytes: 0 };
  return [
    {
      ...{ axis, at: numberIn(first, "at"), clients: numberIn(first, "connections"), keys },
      ...{ valueBytes: numberIn(first, "value_bytes"), runs: rows.map(toRun) },
      ...(Number.isNaN(filled.leaderBytes) ? {} : { memory: { empty, filled } }),
    },
  ];
}

function toRun(row: Row): Run {
  return {
    perSecond: numberIn(row, "writes_per_s"),
    p50Ms: numberIn(row, "p50_ms"),
    p99Ms: numberIn(row, "p99_ms"),
    maxMs: numberIn(row, "max_ms"),
    failures: numberIn(row, "refused"),
    complaint: undefined,
    leaderMicros: numberIn(row, "leader_us_per_write"),
    followerMicros: numberIn(row, "follower_us_per_write"),
    driverMicros: numberIn(row, "driver_us_per_write"),
    leaderBytes: numberIn(row, "leader_rss_bytes"),
    followerBytes: numberIn(row, "follower_rss_bytes"),
  };
}

function toRedis([first]: readonly Row[]): RedisMemory[] {
  if (first === undefined) return [];
  const bytesPerKey = numberIn(first, "redis_bytes_per_key");
  const of = { keys: numberIn(first, "keys"), valueBytes: numberIn(first, "value_bytes") };
  return Number.isNaN(bytesPerKey) ? [] : [{ ...of, bytesPerKey }];
}
