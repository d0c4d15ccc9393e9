/** `kvnode get`: reads one key. */
import { type Command, Option } from "commander";
import { memberTexts } from "../base/json-text.ts";
import { addClientOptions, type ClientOptions, clientOf } from "./client-options.ts";
import { CommandError, EXIT } from "./exit-code.ts";
import { pathOfKey, refusal, requestAtLeader } from "./node-client.ts";
import { printable, printLine, printNote, showKey } from "./output.ts";

interface GetOptions extends ClientOptions {
  readonly level?: string;
  readonly raw?: boolean;
}

/** Adds the command to the program. */
export function addGet(program: Command): void {
  const command = program
    .command("get")
    .summary("read a key")
    .description("Reads a key and prints its value as JSON, exactly as it was written.")
    .argument("<key>", "any text of 1 to 1,024 bytes; a key that begins with - comes behind --")
    .addOption(
      new Option(
        "--level <level>",
        "local: what this node holds; linearizable: committed, latest",
      ).choices(["local", "linearizable"]),
    )
    .option("--raw", "print a text value without its quotes")
    .action(get);
  addClientOptions(command, [
    "kvnode get greeting",
    "kvnode get greeting --node http://127.0.0.1:5003",
    "kvnode get greeting --level linearizable",
    "kvnode get greeting --raw",
  ]);
}

async function get(key: string, options: GetOptions): Promise<void> {
  const path = pathOfKey(key);
  const level = options.level === undefined ? "" : `level=${options.level}`;
  const joint = level === "" ? "" : path.includes("?") ? "&" : "?";
  const request = { path: path + joint + level };
  const reply = await requestAtLeader(clientOf(options), request, () => {});
  if (options.json) printLine(reply.text.trim());
  if (reply.status === 404 && reply.body.error === "not_found") {
    throw new CommandError(`There is no key ${showKey(key)} at ${options.node}.`, EXIT.no);
  }
  if (!reply.ok) throw refusal(reply);
  if (options.json) return;
  const { value, version, node } = reply.body;
  const text =
    options.raw && typeof value === "string" ? value : memberTexts(reply.text).get("value");
  // What goes into a file or a pipe stays as it is; a terminal must not obey what a value says.
  printLine(process.stdout.isTTY ? printable(text ?? "null") : (text ?? "null"));
  if (process.stdout.isTTY) printNote(`version ${version} at ${node}`);
}
