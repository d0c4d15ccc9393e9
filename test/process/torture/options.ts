/** The options of `bun run torture`, read strictly. */
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";

export type Mode = "disk" | "memory" | "both";

export interface TortureOptions {
  readonly rounds: number;
  readonly seed: number;
  /** Of the groups. */
  readonly mode: Mode;
  /** Partitioned clusters and no groups. */
  readonly partitioned: boolean;
}

/** Wrong usage; the message is one sentence. */
export class UsageError extends Error {}

/** Reads `--rounds 200 …`; undefined where help was asked for; throws UsageError. */
export function readOptions(args: readonly string[]): TortureOptions | undefined {
  const command = new Command("bun run torture")
    .description(
      "Kills nodes of real groups of six under load, the leader in half of the rounds, stops " +
        "them, fills a disk, promotes others and turns the quorum. After each round no " +
        "acknowledged write may be lost, no refused one visible, all nodes must be equal and the " +
        "history linearizable; else it exits with 1 and keeps the nodes' directories and logs. " +
        "With --partitioned it does so to a controller and four or five workers, who are killed, " +
        "stopped, robbed of their directory, drained and told to stop while partitions move.",
    )
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .option("--rounds <count>", "rounds", whole(1, 1e6), 200)
    .option("--seed <number>", "of what happens in each round", whole(0, 2 ** 31 - 1), randomSeed())
    .addOption(
      new Option("--mode <mode>", "nodes with a disk, in memory, or every fourth group in memory")
        .choices(["disk", "memory", "both"])
        .default("both")
        .conflicts("partitioned"),
    )
    .option("--partitioned", "clusters of a controller and its workers, not groups", false);
  try {
    command.parse([...args], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return undefined;
    throw new UsageError(`${error.message.replace(/^error: /, "")} (see bun run torture --help)`);
  }
  return command.opts<TortureOptions>();
}

function whole(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Allowed is a whole number from ${least} to ${most}.`);
  };
}

function randomSeed(): number {
  return Math.floor(Math.random() * 2 ** 31);
}
