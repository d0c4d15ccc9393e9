/** The options of `bun run bench:disk`. */
import { tmpdir } from "node:os";
import type { Command } from "commander";
import { commandOf, nameList, option, parseOptions, wholeNumber } from "../option-parsers.ts";

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
  const text =
    "Measures what a disk costs, with six nodes of its own at write quorum 3 and no delay: " +
    "writes a second beside memory mode, an empty follower that catches up, a follower that " +
    "is stopped, and the start with many keys.";
  return commandOf("bun run bench:disk", text, [
    option("--only <list>", `of ${PARTS.join(", ")}`, nameList(PARTS)).default(PARTS, "all"),
    option("--keys <count>", "keys (default: 1000000)", wholeNumber(1_000, 1e7)),
    option("--pairs <count>", "runs on disk and in memory (default: 5)", wholeNumber(1, 100)),
    option("--seconds <count>", "of each run", wholeNumber(1, 600)).default(5),
    option("--stop-seconds <count>", "a follower is stopped (default: 60)", wholeNumber(1, 600)),
    option("--quick", "fewer keys, runs and seconds"),
    option("--disk <directory>", "where the nodes' disks lie").default(tmpdir()),
    option("--out <directory>", "where the figures go").default("bench/out/disk"),
  ]);
}
