/** The options of `bun run bench:partitioned`. */
import { tmpdir } from "node:os";
import type { Command } from "commander";
import { commandOf, nameList, option, parseOptions, wholeNumber } from "../option-parsers.ts";

export const PARTS = [
  ...["failover", "auto-failover", "rebalance", "throughput", "forwarding", "away", "idle"],
  "placement",
] as const;
export type Part = (typeof PARTS)[number];

/** How much is measured. */
export interface Extent {
  /** Workers killed one after the other: with default heartbeats, and with short ones. */
  readonly rounds: number;
  readonly shortRounds: number;
  /** The same of one group's leaders. */
  readonly groupRounds: number;
  readonly groupShortRounds: number;
  /** Numbers of connections of the runs of throughput. */
  readonly connections: readonly number[];
  /** Of a run of throughput; of a run of forwarding. */
  readonly seconds: number;
  readonly forwardSeconds: number;
  readonly pairs: number;
  /** Before a worker joins; before one is away. */
  readonly joinKeys: number;
  readonly keys: number;
  readonly awaySeconds: number;
  readonly idleSeconds: number;
  /** Of the plan that is computed without processes. */
  readonly planWorkers: number;
  readonly planPartitions: number;
}

export interface PartitionedOptions extends Extent {
  readonly only: readonly Part[];
  /** The nodes' directories are made in here, and removed in the end. */
  readonly disk: string;
  readonly out: string;
}

interface Parsed extends Partial<Extent> {
  readonly only: readonly Part[];
  readonly disk: string;
  readonly out: string;
  readonly quick?: boolean;
}

const WHOLE: Extent = {
  rounds: 3,
  shortRounds: 5,
  groupRounds: 2,
  groupShortRounds: 3,
  connections: [20, 100],
  seconds: 3,
  forwardSeconds: 2,
  pairs: 2,
  joinKeys: 100_000,
  keys: 1_000_000,
  awaySeconds: 30,
  idleSeconds: 30,
  planWorkers: 1_000,
  planPartitions: 100_000,
};

const QUICK: Extent = {
  rounds: 1,
  shortRounds: 1,
  groupRounds: 0,
  groupShortRounds: 1,
  connections: [100],
  seconds: 1,
  forwardSeconds: 1,
  pairs: 1,
  joinKeys: 10_000,
  keys: 50_000,
  awaySeconds: 10,
  idleSeconds: 5,
  planWorkers: 100,
  planPartitions: 10_000,
};

/** Undefined where help was asked for; throws BenchError for a bad one. */
export function readOptions(args: readonly string[]): PartitionedOptions | undefined {
  const parsed = parseOptions<Parsed>(describeCommand(), args);
  return parsed === undefined ? undefined : { ...(parsed.quick ? QUICK : WHOLE), ...parsed };
}

function describeCommand(): Command {
  const text =
    "Measures a partitioned cluster of its own, a controller and workers as processes: " +
    "killed primaries, a worker that joins, writes a second at a key's primary and through " +
    "any worker, a worker that was away, an idle cluster, the plan of a large one. About " +
    "eleven minutes.";
  return commandOf("bun run bench:partitioned", text, [
    option("--only <list>", `of ${PARTS.join(", ")}`, nameList(PARTS)).default(PARTS, "all"),
    option("--keys <count>", "keys of the part away (default: 1000000)", wholeNumber(1_000, 1e7)),
    option(
      "--rounds <count>",
      "workers killed with default heartbeats (default: 3)",
      wholeNumber(1, 100),
    ),
    option(
      "--short-rounds <count>",
      "workers killed with short ones (default: 5)",
      wholeNumber(1, 100),
    ),
    option("--seconds <count>", "of each load (default: 3)", wholeNumber(1, 600)),
    option("--away-seconds <count>", "a worker is away (default: 30)", wholeNumber(1, 600)),
    option("--idle-seconds <count>", "a cluster is idle (default: 30)", wholeNumber(1, 600)),
    option("--quick", "fewer rounds, keys and seconds: about two minutes"),
    option("--disk <directory>", "where the nodes' disks lie").default(tmpdir()),
    option("--out <directory>", "where figures and plots go").default("bench/out/partitioned"),
  ]);
}
