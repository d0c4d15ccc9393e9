/** The options of `bun run bench:soak`. */
import type { Command } from "commander";
import { commandOf, option, parseOptions, wholeNumber } from "../option-parsers.ts";

export interface SoakOptions {
  readonly writes: number;
  readonly keys: number;
  readonly valueBytes: number;
  readonly connections: number;
  /** Of all operations. */
  readonly readPercent: number;
  readonly windowSeconds: number;
  readonly warmUpSeconds: number;
  /** Names what the leader did in a long turn, which costs it some percent. */
  readonly profile: boolean;
  readonly seed: number;
  readonly out: string;
}

interface Parsed extends Omit<SoakOptions, "writes" | "windowSeconds" | "warmUpSeconds" | "seed"> {
  readonly writes?: number;
  readonly window?: number;
  readonly warmUp?: number;
  readonly seed?: number;
  readonly quick?: boolean;
}

const WHOLE = { writes: 10_000_000, windowSeconds: 10, warmUpSeconds: 10 };
const QUICK = { writes: 300_000, windowSeconds: 1, warmUpSeconds: 5 };

/** Undefined where help was asked for; throws BenchError for a bad one. */
export function readOptions(args: readonly string[]): SoakOptions | undefined {
  const parsed = parseOptions<Parsed>(describeCommand(), args);
  if (parsed === undefined) return undefined;
  const { quick, window, warmUp, ...given } = parsed;
  const usual = quick ? QUICK : WHOLE;
  return {
    ...given,
    writes: given.writes ?? usual.writes,
    windowSeconds: window ?? usual.windowSeconds,
    warmUpSeconds: warmUp ?? usual.warmUpSeconds,
    seed: given.seed ?? Date.now() % 100_000,
  };
}

function describeCommand(): Command {
  const text =
    "Writes for long over a fixed set of keys, at a cluster of its own (1 leader, 5 followers, " +
    "write quorum 3, in memory): the tail of the latencies, the longest stalls of the leader " +
    "and their causes, and whether memory stays flat. About seven minutes.";
  return commandOf("bun run bench:soak", text, [
    option("--writes <count>", "writes (default: 10000000)", wholeNumber(1_000, 1e9)),
    option("--keys <count>", "keys that they go to", wholeNumber(1, 1e6)).default(100_000),
    option("--value-bytes <count>", "of a value", wholeNumber(1, 65_536)).default(100),
    option("--connections <count>", "clients at once", wholeNumber(1, 1_000)).default(20),
    option("--read-percent <share>", "reads among the operations", wholeNumber(0, 99)).default(0),
    option("--window <seconds>", "of a line in the results (default: 10)", wholeNumber(1, 600)),
    option("--warm-up <seconds>", "before the first (default: 10)", wholeNumber(0, 600)),
    option("--quick", "300000 writes, and a line each second"),
    option("--no-profile", "do not name what the leader did when it stood still"),
    option("--seed <number>", "for keys and reads", wholeNumber(0, 2 ** 32 - 1)),
    option("--out <directory>", "where the results go").default("bench/out/soak"),
  ]);
}
