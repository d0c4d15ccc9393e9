/** The options of `bun run bench:soak`. */
import { Command } from "commander";
import { option, parseOption, parseOptions, strict, wholeNumber } from "../option-parsers.ts";

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
  const whole = (least: number, most: number) => parseOption(wholeNumber(least, most));
  return strict(new Command("bun run bench:soak"))
    .description(
      "Writes for long over a fixed set of keys, at a cluster of its own (1 leader, 5 followers, " +
        "write quorum 3, in memory): the tail of the latencies, the longest stalls of the leader " +
        "and their causes, and whether memory stays flat. About seven minutes.",
    )
    .addOption(option("--writes <count>", "writes (default: 10000000)", whole(1_000, 1e9)))
    .addOption(option("--keys <count>", "keys that they go to", whole(1, 1e6)).default(100_000))
    .addOption(option("--value-bytes <count>", "of a value", whole(1, 65_536)).default(100))
    .addOption(option("--connections <count>", "clients at once", whole(1, 1_000)).default(20))
    .addOption(
      option("--read-percent <share>", "reads among the operations", whole(0, 99)).default(0),
    )
    .addOption(
      option("--window <seconds>", "of a line in the results (default: 10)", whole(1, 600)),
    )
    .addOption(option("--warm-up <seconds>", "before the first (default: 10)", whole(0, 600)))
    .addOption(option("--quick", "300000 writes, and a line each second"))
    .addOption(option("--no-profile", "do not name what the leader did when it stood still"))
    .addOption(option("--seed <number>", "for keys and reads", whole(0, 2 ** 32 - 1)))
    .addOption(option("--out <directory>", "where the results go").default("bench/out/soak"));
}
