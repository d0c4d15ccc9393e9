/** The options that every command shares which talks to a node. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { durationMs, formatDuration, readDuration } from "../base/duration.ts";
import { EXIT_HELP } from "./exit-code.ts";
import { NodeClient } from "./node-client.ts";

export interface ClientOptions {
  readonly node: string;
  readonly timeout: number;
  readonly json?: boolean;
}

export const DEFAULT_NODE = "http://127.0.0.1:5000";

/** Adds --node, --timeout and --json, the examples and the meaning of the exit codes. */
export function addClientOptions(
  command: Command,
  examples: readonly string[],
  timeoutMs = 10_000,
  defaultNode = DEFAULT_NODE,
): Command {
  const timeout = new Option("--timeout <duration>", "how long to wait for an answer")
    .argParser(parseWait)
    .default(timeoutMs, formatDuration(timeoutMs));
  const node = new Option("--node <url>", "the node to ask").env("KVNODE_URL").argParser(parseNode);
  command
    .addOption(node.default(defaultNode))
    .addOption(timeout)
    .option("--json", "print JSON for programs");
  return addExamples(command, examples);
}

/** Adds the examples and the meaning of the exit codes to the help. */
export function addExamples(command: Command, examples: readonly string[]): Command {
  return command.addHelpText("after", exampleHelp(examples) + EXIT_HELP);
}

/** A client as the options say. */
export function clientOf(options: ClientOptions): NodeClient {
  return new NodeClient(options.node, options.timeout);
}

/** `host:port`, `http://host:port/` → `http://host:port`. */
export function parseNode(text: string): string {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase();
  const withScheme = scheme === undefined ? `http://${text}` : text;
  const known = scheme === undefined || scheme === "http" || scheme === "https";
  const url = known && URL.canParse(withScheme) ? new URL(withScheme) : undefined;
  if (url === undefined || url.search !== "" || url.hash !== "" || /\s/.test(text)) {
    throw new InvalidArgumentError(`Allowed is a node's URL, such as ${DEFAULT_NODE}.`);
  }
  return (url.origin + url.pathname).replace(/\/+$/, "");
}

/** A time to wait in ms; a bare number is seconds. */
export function parseWait(text: string): number {
  const read = readDuration(text);
  const ms = read === undefined ? Number.NaN : durationMs(read.amount, read.unit ?? "s");
  if (ms >= 0 && ms <= 3_600_000) return ms;
  throw new InvalidArgumentError(
    `Allowed is a duration up to ${formatDuration(3_600_000)}, such as 500ms or 5s.`,
  );
}

/** A whole number from `least` to `most`. */
export function parseCount(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Allowed is a whole number from ${least} to ${most}.`);
  };
}

/** The help's paragraph of examples. */
export function exampleHelp(examples: readonly string[]): string {
  return `\nExamples:\n${examples.map((example) => `  ${example}`).join("\n")}\n`;
}
