/** The options of `bun run fuzz`, read strictly. */
import { Command, CommanderError, InvalidArgumentError } from "commander";

export interface FuzzOptions {
  readonly requests: number;
  readonly frames: number;
  /** Cases of settings. */
  readonly settings: number;
  readonly seed: number;
  readonly minutes: number;
}

/** Wrong usage; the message is one sentence. */
export class UsageError extends Error {}

/** Reads `--requests 1000 …`; undefined where help was asked for; throws UsageError. */
export function readOptions(args: readonly string[]): FuzzOptions | undefined {
  const command = new Command("bun run fuzz")
    .description(
      "Sends real nodes what nobody should send them: requests, frames at both ends of a link, " +
        "and settings. Exits 1 when something happened that should not, and prints the seed and " +
        "the shrunk case.",
    )
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .option("--requests <count>", "requests to send", whole(0, 1e8), 50_000)
    .option("--frames <count>", "frames to send", whole(0, 1e8), 50_000)
    .option("--settings <count>", "settings to read", whole(0, 1e8), 50_000)
    .option("--seed <number>", "of all that is random", whole(0, 2 ** 31 - 1), randomSeed())
    .option("--minutes <count>", "ends by then, whatever is left to send", whole(1, 10_000), 10);
  try {
    command.parse([...args], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return undefined;
    throw new UsageError(`${error.message.replace(/^error: /, "")} (see bun run fuzz --help)`);
  }
  return command.opts<FuzzOptions>();
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
