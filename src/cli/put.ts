/** `kvnode put`: writes one key. */
import type { Command } from "commander";
import { addClientOptions, type ClientOptions } from "./client-options.ts";
import { CommandError, EXIT } from "./exit-code.ts";
import { pathOfKey } from "./node-client.ts";
import { printable, printLine, showKey } from "./output.ts";
import { confirmation, sendWrite } from "./write.ts";

interface PutOptions extends ClientOptions {
  readonly string?: boolean;
  readonly jsonValue?: boolean;
}

/** Adds the command to the program. */
export function addPut(program: Command): void {
  const command = program
    .command("put")
    .summary("write a key")
    .description(
      "Writes a key and says when the write quorum has confirmed it. VALUE is taken as JSON " +
        'where it is JSON (7, true, null, [1,2], "text"), else as a text; what begins like an ' +
        "object, an array or a quoted text but is no JSON is refused. It is sent as it was " +
        "typed, digit by digit.",
    )
    .argument("<key>", "any text of 1 to 1,024 bytes; a key that begins with - comes behind --")
    .argument("<value>", "the value, or - to read it from the standard input")
    .option("--string", "VALUE is a text, whatever it looks like")
    .option("--json-value", "VALUE must be JSON")
    .action(put);
  addClientOptions(command, [
    "kvnode put greeting hello",
    'kvnode put user/7 \'{"name":"Ada"}\'',
    "kvnode put zip 01234 --string",
    "kvnode put report - < report.json",
    "kvnode put -- -dash 1",
  ]);
}

async function put(key: string, value: string, options: PutOptions): Promise<void> {
  const path = pathOfKey(key);
  const text = toJsonText(value === "-" ? await readInput() : value, options);
  const reply = await sendWrite(options, { method: "PUT", path, body: `{"value":${text}}` });
  if (options.json) return;
  const shown = text.length > 60 ? `${text.slice(0, 60)}…` : text;
  printLine(
    `${showKey(key)} = ${printable(shown)}  version ${reply.body.version}, ${confirmation(reply)}`,
  );
}

/** The JSON text to store for what was typed. */
export function toJsonText(
  typed: string,
  options: { readonly string?: boolean; readonly jsonValue?: boolean },
): string {
  if (options.string && options.jsonValue) {
    throw new CommandError("--string and --json-value exclude each other: give one.", EXIT.usage);
  }
  if (options.string) return JSON.stringify(typed);
  const problem = whyNotJson(typed);
  if (problem === undefined) return typed.trim();
  if (options.jsonValue || /^\s*[[{"]/.test(typed)) {
    const advice = options.jsonValue ? "" : " (to store it as a text, add --string)";
    throw new CommandError(`The value is not JSON: ${problem}${advice}.`, EXIT.usage);
  }
  return JSON.stringify(typed);
}

function whyNotJson(text: string): string | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    return (error as Error).message.replace(/^JSON Parse error: /, "");
  }
}

/** The whole standard input as UTF-8, without the one line break that ends most inputs. */
async function readInput(): Promise<string> {
  const bytes = await Bun.stdin.bytes();
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes).replace(/\r?\n$/, "");
  } catch {
    throw new CommandError("The standard input is not UTF-8 text.", EXIT.usage);
  }
}
