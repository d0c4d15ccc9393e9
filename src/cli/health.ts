/** `kvnode health`: one bit, for container health checks (an image needs no curl). */
import { type Command, Option } from "commander";
import { defaultAddress } from "../config/address.ts";
import { exampleHelp, parseNode, parseWait } from "./client-options.ts";
import { CommandError, EXIT } from "./exit-code.ts";
import { NodeClient } from "./node-client.ts";
import { printJson, printLine } from "./output.ts";

interface HealthOptions {
  readonly node?: string;
  readonly ready?: boolean;
  readonly timeout: number;
  readonly json?: boolean;
}

/** Adds the command to the program. */
export function addHealth(program: Command): void {
  program
    .command("health")
    .summary("is a node alive, and is it ready?")
    .description(
      "Asks a node whether it is alive, or with --ready whether it is fit to serve. Without " +
        "--node it asks KVNODE_URL, else the node on this machine whose PORT (and HOST) the " +
        "environment names, as in a container.",
    )
    .option("--node <url>", "the node to ask", parseNode)
    .option("--ready", "fit to serve: a leader with enough followers, a follower that is synced")
    .addOption(
      new Option("--timeout <duration>", "how long to wait for an answer")
        .argParser(parseWait)
        .default(2_000, "2s"),
    )
    .option("--json", "print JSON for programs")
    .addHelpText(
      "after",
      `${exampleHelp([
        "kvnode health",
        "kvnode health --ready --node http://127.0.0.1:5003",
      ])}\nExit codes: 0 yes, 1 no or no answer, 2 wrong usage.\n`,
    )
    .action(health);
}

async function health(options: HealthOptions): Promise<void> {
  const node = options.node ?? ownNode(process.env);
  const client = new NodeClient(node, options.timeout);
  const path = options.ready ? "/ready" : "/health";
  try {
    const { ok, body, text } = await client.request({ path });
    if (options.json) printLine(text.trim());
    if (!ok) {
      const reason = body.reason ?? body.message ?? "it does not say why";
      throw new CommandError(
        `${node} is not ${options.ready ? "ready" : "healthy"}: ${reason}`,
        EXIT.no,
      );
    }
    if (!options.json) printLine(`${node} is ${options.ready ? "ready" : "healthy"}`);
  } catch (error) {
    // For a health check no answer is an answer: docker takes 1 for unhealthy and reserves 2.
    if (!(error instanceof CommandError)) throw error;
    if (options.json && error.exitCode !== EXIT.no) printJson({ error: "unreachable" });
    throw new CommandError(error.message, EXIT.no);
  }
}

function ownNode(env: Readonly<Record<string, string | undefined>>): string {
  if (env.KVNODE_URL) return parseNode(env.KVNODE_URL);
  const port = env.PORT?.trim() || "5000";
  if (!/^\d{1,5}$/.test(port)) {
    throw new CommandError(`PORT=${JSON.stringify(port)} is no port.`, EXIT.usage);
  }
  return defaultAddress(env.HOST?.trim() || "0.0.0.0", Number(port));
}
