/** The command line: all commands, one way to fail. `src/main.ts` puts the real node in. */
import { Command, CommanderError } from "commander";
import packageJson from "../../package.json" with { type: "json" };
import { KvError } from "../base/errors.ts";
import { SettingError } from "../config/setting.ts";
import { addCheck } from "./check.ts";
import { addCluster } from "./cluster.ts";
import { addDelete } from "./delete.ts";
import { addDrain } from "./drain.ts";
import { CommandError, EXIT, EXIT_HELP } from "./exit-code.ts";
import { addGet } from "./get.ts";
import { addHealth } from "./health.ts";
import { addList } from "./list.ts";
import { endQuietlyOnClosedPipe, printNote } from "./output.ts";
import { addPromote } from "./promote.ts";
import { addPut } from "./put.ts";
import { addServe, type Serve } from "./serve.ts";
import { addStatus } from "./status.ts";

/** What the commands need of the rest of the program. */
export interface ProgramParts {
  readonly serve: Serve;
}

const FIRST_STEPS = `
First steps:
  kvnode cluster              a leader and five followers on this machine
  kvnode put greeting hello
  kvnode status
  kvnode cluster --partitioned    a controller and four workers, and a page to watch them
  kvnode serve --help         every setting of a node
`;

/** The commander program with every command. */
export function createProgram(parts: ProgramParts): Command {
  const program = new Command("kvnode")
    .description("A replicated key-value store in one executable, and a lab for replication.")
    .version(packageJson.version)
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({ outputError: () => {} })
    .addHelpText("after", FIRST_STEPS + EXIT_HELP);
  addServe(program, parts.serve);
  addCluster(program);
  addGet(program);
  addPut(program);
  addDelete(program);
  addList(program);
  addStatus(program);
  addCheck(program);
  addPromote(program);
  addDrain(program);
  addHealth(program);
  return program;
}

/**
 * Runs the arguments (without executable and script) and gives the exit code. Whatever goes wrong
 * is one sentence on stderr.
 */
export async function runProgram(parts: ProgramParts, args: readonly string[]): Promise<number> {
  endQuietlyOnClosedPipe();
  reachNodesDirectly();
  const program = createProgram(parts);
  try {
    refuseUnknownCommand(program, args[0]);
    await program.parseAsync([...args], { from: "user" });
    return EXIT.ok;
  } catch (error) {
    return explain(error);
  }
}

/** Prints why a command failed and gives its exit code. */
function explain(error: unknown): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return EXIT.ok;
    const sentence = error.message.replace(/^error: /, "").replaceAll("\n", " ");
    printNote(`kvnode: ${sentence} (see kvnode --help)`);
    return EXIT.usage;
  }
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof SettingError) {
    printNote(`kvnode: ${message}`);
    return EXIT.usage;
  }
  if (error instanceof CommandError) {
    printNote(`kvnode: ${message}`);
    return error.exitCode;
  }
  const unexpected = error instanceof KvError ? "" : "unexpected fault: ";
  printNote(`kvnode: ${unexpected}${message.split("\n")[0]}`);
  return error instanceof KvError ? EXIT.no : EXIT.fault;
}

/** Without this the default command would call a misspelt command an argument too many. */
function refuseUnknownCommand(program: Command, word: string | undefined): void {
  if (word === undefined || word.startsWith("-") || word === "help") return;
  const names = program.commands.map((command) => command.name());
  if (names.includes(word)) return;
  throw new CommandError(
    `There is no command ${JSON.stringify(word)}; the commands are ${names.join(", ")}.`,
    EXIT.usage,
  );
}

/** Nodes are neighbours: a proxy for the web could not reach them, least of all 127.0.0.1. */
function reachNodesDirectly(): void {
  for (const name of ["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"]) {
    delete process.env[name];
  }
}
