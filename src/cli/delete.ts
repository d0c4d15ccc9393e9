/** `kvnode delete`: removes one key. */
import type { Command } from "commander";
import { addClientOptions, type ClientOptions } from "./client-options.ts";
import { CommandError, EXIT } from "./exit-code.ts";
import { pathOfKey } from "./node-client.ts";
import { printLine, showKey } from "./output.ts";
import { confirmation, sendWrite } from "./write.ts";

/** Adds the command to the program. */
export function addDelete(program: Command): void {
  const command = program
    .command("delete")
    .summary("remove a key")
    .description("Removes a key and says when the write quorum has confirmed it.")
    .argument("<key>", "the key; one that begins with - comes behind --")
    .action(remove);
  addClientOptions(command, ["kvnode delete greeting", "kvnode delete greeting --json"]);
}

async function remove(key: string, options: ClientOptions): Promise<void> {
  const reply = await sendWrite(options, { method: "DELETE", path: pathOfKey(key) });
  if (reply.body.existed === false) {
    throw new CommandError(`There was no key ${showKey(key)}.`, EXIT.no);
  }
  if (options.json) return;
  printLine(`${showKey(key)} deleted  version ${reply.body.version}, ${confirmation(reply)}`);
}
