/** The options of `bun run bench:guard`. */
import { tmpdir } from "node:os";
import type { Command } from "commander";
import { parseTimeout } from "../../src/config/setting.ts";
import { commandOf, option, parseOption, parseOptions, wholeNumber } from "../option-parsers.ts";
import { BenchError, EXIT_USAGE } from "../quorum/bench-error.ts";
import { type Point, parsePoints } from "./point.ts";

export interface GuardOptions {
  readonly against: string | undefined;
  readonly againstExecutable: string | undefined;
  readonly executable: string | undefined;
  readonly points: readonly Point[];
  /** Of each point, in all rounds together. */
  readonly pairs: number;
  /** How often both clusters are started anew. */
  readonly rounds: number;
  /** Half of a pair. */
  readonly sliceMs: number;
  /** Of each cluster and kind of load, before the first pair of a round. */
  readonly warmUpSeconds: number;
  /** Where the nodes' directories are made, and removed in the end; undefined: in memory. */
  readonly disk: string | undefined;
  readonly failIfSlower: boolean;
  readonly seed: number;
  readonly out: string;
}

interface Parsed {
  readonly against?: string;
  readonly againstExecutable?: string;
  readonly executable?: string;
  readonly points: readonly Point[];
  readonly pairs?: number;
  readonly rounds?: number;
  readonly slice?: number;
  readonly warmUp?: number;
  readonly disk?: string | true;
  readonly failIfSlower?: boolean;
  readonly quick?: boolean;
  readonly seed?: number;
  readonly out: string;
}

const WHOLE = { pairs: 40, rounds: 2, sliceMs: 1_000, warmUpSeconds: 10 };
const QUICK = { pairs: 20, rounds: 1, sliceMs: 400, warmUpSeconds: 5 };
const SLICE_MS_LEAST = 100;
const SLICE_MS_MOST = 600_000;
const POINTS = "writes-20,writes-100,reads-20";

/** Undefined where help was asked for; throws BenchError for a bad one. */
export function readOptions(args: readonly string[]): GuardOptions | undefined {
  const parsed = parseOptions<Parsed>(describeCommand(), args);
  if (parsed === undefined) return undefined;
  if (parsed.against !== undefined && parsed.againstExecutable !== undefined) {
    throw new BenchError(
      "--against and --against-executable both say what to compare with: give one of them.",
      EXIT_USAGE,
    );
  }
  const usual = parsed.quick ? QUICK : WHOLE;
  const { disk } = parsed;
  return {
    against: parsed.against,
    againstExecutable: parsed.againstExecutable,
    executable: parsed.executable,
    points: parsed.points,
    pairs: parsed.pairs ?? usual.pairs,
    rounds: parsed.rounds ?? usual.rounds,
    sliceMs: parsed.slice ?? usual.sliceMs,
    warmUpSeconds: parsed.warmUp ?? usual.warmUpSeconds,
    disk: disk === true ? tmpdir() : disk,
    failIfSlower: parsed.failIfSlower ?? false,
    seed: parsed.seed ?? Date.now() % 100_000,
    out: parsed.out,
  };
}

function describeCommand(): Command {
  const text =
    "Says whether the working tree is faster or slower than another build: both run at once, " +
    "six nodes each at write quorum 3, and are loaded in turn, in short slices. About six " +
    "minutes.";
  return commandOf("bun run bench:guard", text, [
    option(
      "--against <revision>",
      "what to compare with (default: the last release; without one the last commit, or the " +
        "one before it where nothing has changed since)",
    ),
    option("--against-executable <file>", "the same, already built"),
    option("--executable <file>", "an executable instead of the working tree"),
    option("--points <list>", "loads to compare at", parseOption(parsePoints)).default(
      parsePoints(POINTS),
      POINTS,
    ),
    option("--pairs <count>", "of each load (default: 40)", wholeNumber(2, 1_000)),
    option("--rounds <count>", "starts of both clusters (default: 2)", wholeNumber(1, 100)),
    option(
      "--slice <time>",
      "half of a pair (default: 1s)",
      parseOption(parseTimeout(SLICE_MS_LEAST, SLICE_MS_MOST)),
    ),
    option(
      "--warm-up <seconds>",
      "of each cluster with writes and with reads (default: 10)",
      wholeNumber(0, 600),
    ),
    option("--disk [directory]", "nodes on disk, in this directory"),
    option("--fail-if-slower", "exit with 1 where anything is slower"),
    option("--quick", "fewer pairs, one start, shorter: about two minutes"),
    option("--seed <number>", "for the order", wholeNumber(0, 2 ** 32 - 1)),
    option("--out <directory>", "where the results go").default("bench/out/guard"),
  ]);
}
