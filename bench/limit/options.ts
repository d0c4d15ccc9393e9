/** The options of `bun run bench:limit`. */
import { tmpdir } from "node:os";
import type { Command } from "commander";
import { commandOf, numberList, option, parseOptions, wholeNumber } from "../option-parsers.ts";

export interface LimitOptions {
  /** Numbers of connections at which the model is held against a real group. */
  readonly connections: readonly number[];
  readonly rounds: number;
  /** Of each measurement. */
  readonly seconds: number;
  readonly warmUpSeconds: number;
  /** What is synced lies in here, and is removed in the end. */
  readonly disk: string;
  readonly out: string;
}

interface Parsed extends Partial<LimitOptions> {
  readonly disk: string;
  readonly out: string;
  readonly quick?: boolean;
}

const WHOLE = { connections: [20, 100], rounds: 3, seconds: 3, warmUpSeconds: 10 };
const QUICK = { connections: [20], rounds: 1, seconds: 1, warmUpSeconds: 2 };

/** Undefined where help was asked for; throws BenchError for a bad one. */
export function readOptions(args: readonly string[]): LimitOptions | undefined {
  const parsed = parseOptions<Parsed>(describeCommand(), args);
  return parsed === undefined ? undefined : { ...(parsed.quick ? QUICK : WHOLE), ...parsed };
}

function describeCommand(): Command {
  const text =
    "Measures what the parts of a write cost alone on this machine (fsync, round trip, HTTP, " +
    "WebSocket message, entry), adds them up to what a group can reach at most, and holds that " +
    "against a real group, in memory and on disk. About four minutes.";
  return commandOf("bun run bench:limit", text, [
    option("--connections <list>", "default: 20,100", numberList(1, 2_000)),
    option("--rounds <count>", "of each run with a real group (default: 3)", wholeNumber(1, 100)),
    option("--seconds <count>", "of each measurement (default: 3)", wholeNumber(1, 600)),
    option("--warm-up-seconds <count>", "of load before them (default: 10)", wholeNumber(0, 600)),
    option("--quick", "fewer rounds and seconds: about a minute"),
    option("--disk <directory>", "what is synced lies here").default(tmpdir()),
    option("--out <directory>", "where the figures go").default("bench/out/limit"),
  ]);
}
