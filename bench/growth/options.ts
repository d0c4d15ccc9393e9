/** The options of `bun run bench:growth`. */
import { tmpdir } from "node:os";
import type { Command } from "commander";
import {
  commandOf,
  nameList,
  numberList,
  oneOf,
  option,
  parseOptions,
  wholeNumber,
} from "../option-parsers.ts";

export const PARTS = ["followers", "data", "checks", "values", "connections"] as const;
export type Part = (typeof PARTS)[number];

const STORAGES = ["memory", "disk"] as const;
export type StorageKind = (typeof STORAGES)[number];

/** How much is measured. */
export interface Extent {
  /** The points of the axes. */
  readonly followers: readonly number[];
  readonly keys: readonly number[];
  readonly valueBytes: readonly number[];
  readonly connections: readonly number[];
  readonly rounds: number;
  /** Of each run, and of the load before a group's first one. */
  readonly seconds: number;
  readonly warmUpSeconds: number;
}

export interface GrowthOptions extends Extent {
  readonly only: readonly Part[];
  /** With 10,000,000 small keys too. */
  readonly large: boolean;
  readonly storage: StorageKind;
  /** Only draws the plots of the run in `out` anew. */
  readonly redraw: boolean;
  /** The nodes' directories are made in here, and removed in the end. */
  readonly disk: string;
  readonly out: string;
}

interface Parsed extends Partial<Extent> {
  readonly only: readonly Part[];
  readonly large?: boolean;
  readonly redraw?: boolean;
  readonly storage: StorageKind;
  readonly disk: string;
  readonly out: string;
  readonly quick?: boolean;
}

/** More than 30 followers a group can't have. */
const FOLLOWERS_MAX = 30;
/** A value's JSON text has two quotes around it, and MAX_VALUE_BYTES is 1 MiB. */
export const VALUE_BYTES_MAX = 1_048_576;

const WHOLE: Extent = {
  followers: [1, 2, 3, 5, 7, 10, 15],
  keys: [1_000, 10_000, 100_000, 1_000_000],
  valueBytes: [16, 100, 1_024, 4_096, 16_384, 65_536, 262_144, VALUE_BYTES_MAX],
  connections: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000],
  rounds: 4,
  seconds: 2,
  // Before that the runtime still compiles: a node that is new is three times slower.
  warmUpSeconds: 8,
};

const QUICK: Extent = {
  followers: [1, 5, 15],
  keys: [1_000, 100_000],
  valueBytes: [100, 4_096, 65_536],
  connections: [1, 20, 500],
  rounds: 1,
  seconds: 1,
  warmUpSeconds: 2,
};

/** Undefined where help was asked for; throws BenchError for a bad one. */
export function readOptions(args: readonly string[]): GrowthOptions | undefined {
  const parsed = parseOptions<Parsed>(describeCommand(), args);
  if (parsed === undefined) return undefined;
  const extent = parsed.quick ? QUICK : WHOLE;
  return { large: false, redraw: false, ...extent, ...parsed };
}

function describeCommand(): Command {
  const text =
    "Measures what grows with the number of followers, of keys, with the size of a value and the " +
    "number of connections: writes a second, latency, processor time per write, memory per " +
    "key. One leader and its followers as processes, write quorum 3 (fewer where there are " +
    "fewer followers), no delay. About a quarter of an hour.";
  return commandOf("bun run bench:growth", text, [
    option("--only <list>", `of ${PARTS.join(", ")}`, nameList(PARTS)).default(PARTS, "all"),
    option("--followers <list>", "numbers of followers", numberList(1, FOLLOWERS_MAX)),
    option("--keys <list>", "numbers of keys", numberList(100, 10_000_000)),
    option("--value-bytes <list>", "sizes of a value", numberList(1, VALUE_BYTES_MAX)),
    option("--connections <list>", "numbers of connections", numberList(1, 2_000)),
    option(
      "--rounds <count>",
      "of all points of an axis, shuffled (default: 4)",
      wholeNumber(1, 100),
    ),
    option("--seconds <count>", "of each run (default: 2)", wholeNumber(1, 600)),
    option("--warm-up-seconds <count>", "of load before them (default: 8)", wholeNumber(0, 600)),
    option("--large", "with 10,000,000 small keys too: ten minutes more, and 16 GiB"),
    option("--storage <kind>", "memory or disk", oneOf(STORAGES)).default("memory"),
    option("--quick", "fewer points, rounds and seconds: about three minutes"),
    option("--redraw", "measure nothing: draw the plots in --out anew from its growth.csv"),
    option("--disk <directory>", "where the nodes' disks lie").default(tmpdir()),
    option("--out <directory>", "where figures and plots go").default("bench/out/growth"),
  ]);
}
