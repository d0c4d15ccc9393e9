/** The analysis's options, read strictly: a misspelt one must not measure something else. */
import type { Command } from "commander";
import { FOLLOWERS_MAX, parseAddress, parseAddressList } from "../../src/config/address.ts";
import { parseDelay } from "../../src/config/setting.ts";
import { DELAY_MS_MAX } from "../../src/config/table.ts";
import {
  commandOf,
  numberList,
  option,
  parseOption,
  parseOptions,
  wholeNumber,
} from "../option-parsers.ts";
import { BenchError, EXIT_USAGE } from "./bench-error.ts";

export interface BenchOptions {
  readonly writes: number;
  readonly keys: number;
  readonly clients: number;
  /** In rising order, each once. */
  readonly quorums: readonly number[];
  readonly repeats: number;
  /** Stale reads a quorum; 0 leaves the experiment out. */
  readonly staleReads: number;
  /** Undefined where a running cluster's own are to be kept. */
  readonly minDelayMs: number | undefined;
  readonly maxDelayMs: number | undefined;
  readonly out: string;
  /** The leader's address, or undefined for a cluster of the analysis's own. */
  readonly target: string | undefined;
  /** Where the target's followers are reached from here, if not where the leader reaches them. */
  readonly followers: readonly string[] | undefined;
  readonly seed: number;
}

/** A cluster of the analysis's own has this many followers, and the lab's delays. */
export const OWN_FOLLOWERS = 5;
const OWN_DELAY_MS = { min: 0.1, max: 1 };

const DELAY_TEXT = "delay of the simulated network (default: 0.1ms to 1ms, or the target's own)";

interface Parsed {
  writes: number;
  keys: number;
  clients: number;
  quorums: number[];
  repeats: number;
  staleReads?: number;
  minDelay?: number;
  maxDelay?: number;
  out: string;
  target?: string;
  followers?: readonly string[];
  seed?: number;
}

/** Reads `--writes 200 …`; undefined where help was asked for; throws BenchError for a bad one. */
export function readOptions(args: readonly string[]): BenchOptions | undefined {
  const parsed = parseOptions<Parsed>(describeCommand(), args);
  return parsed === undefined ? undefined : check(parsed);
}

function describeCommand(): Command {
  const text =
    "Measures what the write quorum costs and buys: latency, throughput, stale reads. Starts a " +
    "cluster of its own unless --target names one, and leaves tables and plots in --out.";
  return commandOf("bun run bench", text, [
    option("--writes <count>", "writes of one run", wholeNumber(1, 1e7)).default(10_000),
    option("--keys <count>", "keys that they go to", wholeNumber(1, 1e6)).default(100),
    option("--clients <count>", "clients at once", wholeNumber(1, 2_000)).default(15),
    option("--quorums <list>", "write quorums to measure", numberList(0, 30)).default(
      [1, 2, 3, 4, 5],
      "1,2,3,4,5",
    ),
    option("--repeats <count>", "runs of each", wholeNumber(1, 1_000)).default(5),
    option(
      "--stale-reads <count>",
      "reads at a random follower, for each quorum; 0 for none (default: 0.3 of --writes)",
      wholeNumber(0, 1e6),
    ),
    option("--min-delay <time>", `shortest ${DELAY_TEXT}`, delayOption),
    option("--max-delay <time>", `longest ${DELAY_TEXT}`, delayOption),
    option("--out <directory>", "where the results go").default("bench/out/quorum"),
    option("--target <url>", "leader of a running cluster to measure", parseOption(parseAddress)),
    option(
      "--followers <list>",
      "where the target's followers are reached from here (default: as its leader does)",
      parseOption(parseAddressList(FOLLOWERS_MAX)),
    ),
    option("--seed <number>", "for the order of the runs", wholeNumber(0, 2 ** 32 - 1)),
  ]);
}

const delayOption = parseOption(parseDelay(DELAY_MS_MAX));

function check(parsed: Parsed): BenchOptions {
  const { target, followers } = parsed;
  const own = target === undefined;
  if (own && followers !== undefined) {
    throw new BenchError("--followers belongs to --target: name the leader too.", EXIT_USAGE);
  }
  const most = Math.max(...parsed.quorums);
  if (own && most > OWN_FOLLOWERS) {
    throw new BenchError(
      `--quorums asks for ${most}, and there are ${OWN_FOLLOWERS} followers to confirm.`,
      EXIT_USAGE,
    );
  }
  const { minDelayMs, maxDelayMs } = delays(parsed, own);
  if (minDelayMs !== undefined && maxDelayMs !== undefined && minDelayMs > maxDelayMs) {
    throw new BenchError(
      `--min-delay is ${minDelayMs}ms and --max-delay ${maxDelayMs}ms: ` +
        "the first must not be longer.",
      EXIT_USAGE,
    );
  }
  return {
    writes: parsed.writes,
    keys: parsed.keys,
    clients: parsed.clients,
    quorums: parsed.quorums,
    repeats: parsed.repeats,
    staleReads: parsed.staleReads ?? Math.ceil(parsed.writes * 0.3),
    minDelayMs,
    maxDelayMs,
    out: parsed.out,
    target,
    followers,
    seed: parsed.seed ?? Date.now() % 100_000,
  };
}

/** The defaults bend to the one that was given: `--max-delay 0ms` alone means no delay at all. */
function delays(parsed: Parsed, own: boolean) {
  const { minDelay, maxDelay } = parsed;
  if (!own && minDelay === undefined && maxDelay === undefined) {
    return { minDelayMs: undefined, maxDelayMs: undefined };
  }
  const minDelayMs = minDelay ?? Math.min(OWN_DELAY_MS.min, maxDelay ?? OWN_DELAY_MS.min);
  const maxDelayMs = maxDelay ?? Math.max(OWN_DELAY_MS.max, minDelayMs);
  return { minDelayMs, maxDelayMs };
}
