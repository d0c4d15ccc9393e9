/** The options of `bun run bench:partitioned`. */
import { tmpdir } from "node:os";
import { Command } from "commander";
import {
  nameList,
  option,
  parseOption,
  parseOptions,
  strict,
  wholeNumber,
} from "../option-parsers.ts";

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
  const whole = (least: number, most: number) => parseOption(wholeNumber(least, most));
  return strict(new Command("bun run bench:partitioned"))
    .description(
      "Measures a partitioned cluster of its own, a controller and workers as processes: " +
        "killed primaries, a worker that joins, writes a second at a key's primary and through " +
        "any worker, a worker that was away, an idle cluster, the plan of a large one. About " +
        "eleven minutes.",
    )
    .addOption(
      option("--only <list>", `of ${PARTS.join(", ")}`, parseOption(nameList(PARTS))).default(
        PARTS,
        "all",
      ),
    )
    .addOption(
      option("--keys <count>", "keys of the part away (default: 1000000)", whole(1_000, 1e7)),
    )
    .addOption(
      option(
        "--rounds <count>",
        "workers killed with default heartbeats (default: 3)",
        whole(1, 100),
      ),
    )
    .addOption(
      option(
        "--short-rounds <count>",
        "workers killed with short ones (default: 5)",
        whole(1, 100),
      ),
    )
    .addOption(option("--seconds <count>", "of each load (default: 3)", whole(1, 600)))
    .addOption(option("--away-seconds <count>", "a worker is away (default: 30)", whole(1, 600)))
    .addOption(option("--idle-seconds <count>", "a cluster is idle (default: 30)", whole(1, 600)))
    .addOption(option("--quick", "fewer rounds, keys and seconds: about two minutes"))
    .addOption(option("--disk <directory>", "where the nodes' disks lie").default(tmpdir()))
    .addOption(
      option("--out <directory>", "where figures and plots go").default("bench/out/partitioned"),
    );
}
