/** The options of `bun run bench:disk`. */
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

export const PARTS = ["throughput", "stopped", "catch-up", "start"] as const;
export type Part = (typeof PARTS)[number];

export interface DiskOptions {
  readonly only: readonly Part[];
  readonly keys: number;
  readonly pairs: number;
  readonly seconds: number;
  readonly stopSeconds: number;
  /** The nodes' directories are made in here, and removed in the end. */
  readonly disk: string;
  readonly out: string;
}

interface Parsed extends Omit<DiskOptions, "keys" | "pairs" | "stopSeconds"> {
  readonly keys?: number;
  readonly pairs?: number;
  readonly stopSeconds?: number;
  readonly quick?: boolean;
}

const WHOLE = { keys: 1_000_000, pairs: 5, stopSeconds: 60 };
const QUICK = { keys: 100_000, pairs: 2, stopSeconds: 10 };

/** Undefined where help was asked for; throws BenchError for a bad one. */
export function readOptions(args: readonly string[]): DiskOptions | undefined {
  const parsed = parseOptions<Parsed>(describeCommand(), args);
  return parsed === undefined ? undefined : { ...(parsed.quick ? QUICK : WHOLE), ...parsed };
}

function describeCommand(): Command {
  const whole = (least: number, most: number) => parseOption(wholeNumber(least, most));
  return strict(new Command("bun run bench:disk"))
    .description(
      "Measures what a disk costs, with six nodes of its own at write quorum 3 and no delay: " +
        "writes a second beside memory mode, an empty follower that catches up, a follower that " +
        "is stopped, and the start with many keys.",
    )
    .addOption(
      option("--only <list>", `of ${PARTS.join(", ")}`, parseOption(nameList(PARTS))).default(
        PARTS,
        "all",
      ),
    )
    .addOption(option("--keys <count>", "keys (default: 1000000)", whole(1_000, 1e7)))
    .addOption(option("--pairs <count>", "runs on disk and in memory (default: 5)", whole(1, 100)))
    .addOption(option("--seconds <count>", "of each run", whole(1, 600)).default(5))
    .addOption(
      option("--stop-seconds <count>", "a follower is stopped (default: 60)", whole(1, 600)),
    )
    .addOption(option("--quick", "fewer keys, runs and seconds"))
    .addOption(option("--disk <directory>", "where the nodes' disks lie").default(tmpdir()))
    .addOption(option("--out <directory>", "where the figures go").default("bench/out/disk"));
}
