/** `kvnode serve`, also plain `kvnode`: runs one node by its settings. */
import { type Command, Option } from "commander";
import { flagOf, SETTINGS, type SettingName, settingNames } from "../config/table.ts";
import { type ReadSettings, readSettings } from "../config.ts";
import { exampleHelp } from "./client-options.ts";
import { stopWithStdin } from "./stop-with-stdin.ts";

/** Runs a node until it is stopped; errors that a person can cause are thrown as CommandError. */
export type Serve = (read: ReadSettings) => Promise<void>;

/** Adds the command to the program. */
export function addServe(program: Command, serve: Serve): void {
  const command = program
    .command("serve", { isDefault: true })
    .summary("run one node by the environment and flags (what `kvnode` alone does)")
    .description(
      "Runs one node. Every setting is an environment variable or the flag of the same name; the " +
        "flag wins. SIGTERM or Ctrl-C finishes what is under way and stops.",
    )
    .action(async () => {
      const flags = flagsOf(command.opts());
      const terminal = Boolean(process.stdout.isTTY);
      const read = readSettings({ env: process.env, flags, terminal });
      const release = stopWithStdin(() => process.kill(process.pid, "SIGTERM"));
      try {
        await serve(read);
      } finally {
        release();
      }
    });
  for (const name of settingNames()) addSetting(command, name);
  const examples = exampleHelp([
    "kvnode serve --role follower --port 5001",
    "kvnode serve --followers 127.0.0.1:5001,127.0.0.1:5002 --write-quorum 2",
    "ROLE=leader FOLLOWERS=follower1:5000 WRITE_QUORUM=1 DATA_DIR=data/leader kvnode",
  ]);
  command.addHelpText(
    "after",
    `${examples}
Exit codes:
  0   stopped as asked
  2   wrong usage or setting, the port is taken, or the data directory can't be used
  70  a fault in kvnode itself
`,
  );
}

function addSetting(command: Command, name: SettingName): void {
  const { aliases, placeholder, meaning, defaultText } = SETTINGS[name];
  const variables = [name, ...aliases].join(", ");
  const text = `${meaning} (${variables}; default: ${defaultText})`;
  command.addOption(new Option(`${flagOf(name)} <${placeholder}>`, text));
  for (const alias of aliases) {
    command.addOption(new Option(`${flagOf(alias)} <${placeholder}>`).hideHelp());
  }
}

/** `{ writeQuorum: "3" }` as the option parser names it → `{ WRITE_QUORUM: "3" }`. */
function flagsOf(options: Readonly<Record<string, string>>): Record<string, string> {
  const flags: Record<string, string> = {};
  for (const [name, text] of Object.entries(options)) {
    flags[name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()] = text;
  }
  return flags;
}
