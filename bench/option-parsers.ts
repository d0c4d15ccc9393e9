/** Options of a measurement, read strictly: a misspelt one must not measure something else. */
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { NotAllowed } from "../src/config/setting.ts";
import { BenchError, EXIT_USAGE } from "./quorum/bench-error.ts";

/** A command that takes these options and no arguments, and throws instead of exiting. */
export function commandOf(name: string, description: string, options: readonly Option[]): Command {
  const command = new Command(name)
    .description(description)
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  for (const each of options) command.addOption(each);
  return command;
}

/** Reads the arguments; undefined where help was asked for; throws BenchError for a bad one. */
export function parseOptions<Parsed extends object>(
  command: Command,
  args: readonly string[],
): Parsed | undefined {
  try {
    command.parse(args, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return undefined;
    throw new BenchError(sentenceOf(error.message), EXIT_USAGE);
  }
  return command.opts<Parsed>();
}

/** Commander's message as one line that names the option, the value and what is allowed. */
function sentenceOf(message: string): string {
  const line = message.replace(/^error: /, "").replaceAll("\n", " ");
  const bad = /^option '(--[a-z-]+)[^']*' argument '(.*)' is invalid\. (.*)$/.exec(line);
  const sentence = bad === null ? line : `${bad[1]} "${bad[2]}": ${bad[3]}`;
  return sentence.endsWith(".") ? sentence : `${sentence}.`;
}

/** An option with its text, and how its value is read. */
export function option(flags: string, text: string, parse?: (text: string) => unknown): Option {
  const made = new Option(flags, text);
  return parse === undefined ? made : made.argParser(parse);
}

/** A parser that throws NotAllowed as one of options: its sentence stands behind the option. */
export function parseOption<Value>(parse: (text: string) => Value): (text: string) => Value {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      if (!(error instanceof NotAllowed)) throw error;
      throw new InvalidArgumentError(error.message);
    }
  };
}

/** Reads a whole number in this range. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return parseOption((text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    throw new NotAllowed(`allowed is a whole number from ${least} to ${most}`);
  });
}

/** Reads `0,1,5` as numbers in rising order, each once. */
export function numberList(least: number, most: number): (text: string) => number[] {
  const parse = wholeNumber(least, most);
  return (text) => {
    const numbers = text.split(",").map((part) => parse(part.trim()));
    return [...new Set(numbers)].sort((one, other) => one - other);
  };
}

/** Reads some of these names as `one,other`. */
export function nameList<Name extends string>(names: readonly Name[]): (text: string) => Name[] {
  return parseOption((text) =>
    text.split(",").map((part) => {
      const name = names.find((each) => each === part.trim());
      if (name === undefined) throw new NotAllowed(`allowed is a list of ${names.join(", ")}`);
      return name;
    }),
  );
}

/** Reads one of these names. */
export function oneOf<Name extends string>(names: readonly Name[]): (text: string) => Name {
  return parseOption((text) => {
    const name = names.find((each) => each === text);
    if (name === undefined) throw new NotAllowed(`allowed is ${names.join(" or ")}`);
    return name;
  });
}
