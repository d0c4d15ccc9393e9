/** What `bun run simulate` is asked, and its help. */
import { availableParallelism } from "node:os";
import { Command, InvalidArgumentError, Option } from "commander";
import { CLUSTER_SHORTCUTS } from "../../../src/core/shortcut.ts";

export interface SimulateOptions {
  readonly seed: number;
  /** How many seeds from there on; Infinity where only the time ends it. */
  readonly runs: number;
  readonly minutes: number;
  readonly workers: number;
  /** One run was asked for by its number: show it. */
  readonly replays: boolean;
  /** Every message stands in a printed trace. */
  readonly detail: boolean;
  /** Whole clusters with controller and workers, instead of single groups. */
  readonly partitioned: boolean;
  readonly listsShortcuts: boolean;
  readonly shortcut: string | undefined;
  /** This process runs the seeds that another one deals. */
  readonly isWorker: boolean;
}

const RUNS_UNASKED = 1_000;

interface Flags {
  seed?: number;
  runs?: number;
  minutes?: number;
  workers: number;
  detail?: boolean;
  partitioned?: boolean;
  shortcuts?: boolean;
  shortcut?: string;
  worker?: boolean;
}

/** Exits with 2 on a wrong option. */
export function readOptions(args: readonly string[]): SimulateOptions {
  const flags = createCommand().parse(args, { from: "user" }).opts<Flags>();
  const isTimed = flags.minutes !== undefined;
  const replays = flags.seed !== undefined && flags.runs === undefined && !isTimed;
  const unasked = replays ? 1 : isTimed ? Number.POSITIVE_INFINITY : RUNS_UNASKED;
  return {
    seed: flags.seed ?? 1,
    runs: flags.runs ?? (flags.shortcut === undefined ? unasked : SHORTCUT_RUNS),
    minutes: flags.minutes ?? Number.POSITIVE_INFINITY,
    workers: flags.workers,
    replays: replays && flags.shortcut === undefined,
    detail: flags.detail === true,
    partitioned:
      flags.partitioned === true || Object.hasOwn(CLUSTER_SHORTCUTS, flags.shortcut ?? ""),
    listsShortcuts: flags.shortcuts === true,
    shortcut: flags.shortcut,
    isWorker: flags.worker === true,
  };
}

/** So many seeds are tried for a shortcut unless told. */
const SHORTCUT_RUNS = 100_000;

function createCommand(): Command {
  return new Command("simulate")
    .description("Runs whole groups through bad luck, each run repeatable by its number.")
    .option("--seed <number>", "the first run; alone: this run, with its trace", toWhole)
    .option("--runs <number>", `how many runs; ${RUNS_UNASKED} unless told`, toWhole)
    .option("--minutes <minutes>", "stop after so long", toMinutes)
    .option("--workers <number>", "processes that share the runs", toWhole, availableParallelism())
    .option("--partitioned", "whole clusters: a controller, workers, and many groups")
    .option("--detail", "print every message of a trace")
    .option("--shortcuts", "list the mistakes that can be switched on")
    .option("--shortcut <name>", "switch one on and look for it; 1 if it is not found")
    .addOption(new Option("--worker", "take seeds from another process").hideHelp())
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2));
}

function toWhole(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new InvalidArgumentError("It must be a whole number from 1.");
  }
  return value;
}

function toMinutes(text: string): number {
  const value = Number(text);
  if (!(value > 0)) {
    throw new InvalidArgumentError("It must be a number above 0.");
  }
  return value;
}
