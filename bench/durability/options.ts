/** The options of `bun run bench:durability`. */
import type { Command } from "commander";
import { commandOf, numberList, option, parseOptions, wholeNumber } from "../option-parsers.ts";

export interface DurabilityOptions {
  readonly quorums: readonly number[];
  readonly repeats: number;
  readonly writesPerSecond: number;
  /** Groups of six nodes that run at the same time. */
  readonly groups: number;
  readonly out: string;
  readonly seed: number;
}

interface Parsed {
  quorums: number[];
  repeats?: number;
  rate: number;
  groups: number;
  quick?: boolean;
  out: string;
  seed?: number;
}

const REPEATS = 3;

/** Undefined where help was asked for; throws BenchError for a bad one. */
export function readOptions(args: readonly string[]): DurabilityOptions | undefined {
  const parsed = parseOptions<Parsed>(describeCommand(), args);
  if (parsed === undefined) return undefined;
  const { quorums, rate, groups, out } = parsed;
  const repeats = parsed.repeats ?? (parsed.quick ? 1 : REPEATS);
  const seed = parsed.seed ?? Date.now() % 100_000;
  return { quorums, repeats, writesPerSecond: rate, groups, out, seed };
}

function describeCommand(): Command {
  const text =
    "Draws what survives. For each write quorum it loads six nodes, kills the leader and up to " +
    "five more in the middle of it, promotes one that is left, and counts the acknowledged " +
    "writes that are gone; in memory, and with disks that are lost or kept.";
  return commandOf("bun run bench:durability", text, [
    option("--quorums <list>", "write quorums", numberList(0, 5)).default(
      [0, 1, 2, 3, 4, 5],
      "0,1,2,3,4,5",
    ),
    option("--repeats <count>", `runs of each (default: ${REPEATS})`, wholeNumber(1, 100)),
    option("--quick", "one run of each"),
    option("--rate <count>", "writes a second", wholeNumber(10, 20_000)).default(1_000),
    option("--groups <count>", "groups that run at once", wholeNumber(1, 32)).default(3),
    option("--out <directory>", "where it goes").default("bench/out/durability"),
    option("--seed <number>", "for what is drawn at random", wholeNumber(0, 2 ** 32 - 1)),
  ]);
}
