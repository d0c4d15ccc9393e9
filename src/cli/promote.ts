/** `kvnode promote`: makes a node the leader of its group. */
import type { Command } from "commander";
import { addClientOptions, type ClientOptions } from "./client-options.ts";
import { CommandError, EXIT } from "./exit-code.ts";
import { NodeClient, type Reply, refusal } from "./node-client.ts";
import { colors, printJson, printLine, printNote } from "./output.ts";

interface PromoteOptions extends ClientOptions {
  readonly forceUnclean?: boolean;
}

interface Leading {
  readonly node: string;
  readonly role: string;
  readonly epoch: number;
  readonly leader: string | null;
}

/** A takeover takes a moment; where state is copied from another node first, some more. */
const PROMOTE_TIMEOUT_MS = 30_000;
const ASK_TIMEOUT_MS = 2_000;
const ASK_EVERY_MS = 100;

const WARNING =
  "warning: with --force-unclean the node takes over without those that do not answer, and what " +
  "only they hold of the acknowledged writes is lost for good.";

/** Adds the command to the program. */
export function addPromote(program: Command): void {
  const command = program
    .command("promote")
    .summary("make a node the leader")
    .description(
      "The node takes over its group: it asks the others for their promises, takes the newest " +
        "state from them, and leads in a new epoch. Where too few answer for that to be safe " +
        "nothing is changed, and the command says who is missing. A leader that comes back " +
        "becomes a follower by itself.",
    )
    .option("--force-unclean", "take over without those who are missing: may lose writes")
    .action(promote);
  addClientOptions(
    command,
    [
      "kvnode promote --node http://127.0.0.1:5001",
      "kvnode promote --node http://127.0.0.1:5001 --force-unclean",
    ],
    PROMOTE_TIMEOUT_MS,
  );
}

async function promote(options: PromoteOptions): Promise<void> {
  const force = options.forceUnclean ?? false;
  if (force) printNote(colors.yellow(WARNING));
  const leading = await takeOver(options, force);
  if (options.json) return printJson(leading);
  printLine(`${leading.node} (${leading.leader ?? options.node}) leads in epoch ${leading.epoch}.`);
}

async function takeOver(options: PromoteOptions, force: boolean): Promise<Leading> {
  const deadlineMs = performance.now() + options.timeout;
  let reply: Reply;
  try {
    reply = await new NodeClient(options.node, options.timeout).request({
      method: "POST",
      path: "/admin/promote",
      body: JSON.stringify({ force }),
    });
  } catch (error) {
    // The answer was lost, not the takeover: the node itself knows what became of it.
    if (!(error instanceof CommandError) || error.exitCode !== EXIT.indeterminate) throw error;
    return waitUntilItLeads(options.node, deadlineMs);
  }
  if (reply.ok) return reply.body as unknown as Leading;
  if (options.json) printLine(reply.text.trim());
  throw reply.body.error === "unsafe" ? unsafe(options.node, reply) : refusal(reply);
}

async function waitUntilItLeads(node: string, deadlineMs: number): Promise<Leading> {
  do {
    const leftMs = Math.max(ASK_EVERY_MS, deadlineMs - performance.now());
    const client = new NodeClient(node, Math.min(ASK_TIMEOUT_MS, leftMs));
    try {
      const now = (await client.get("/status?data=false")) as unknown as Leading;
      if (now.role === "leader") {
        return { node: now.node, role: now.role, epoch: now.epoch, leader: now.leader };
      }
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
    }
    await Bun.sleep(ASK_EVERY_MS);
  } while (performance.now() < deadlineMs);
  throw new CommandError(
    `${node} did not say in time that it leads; it may go on trying: see kvnode status.`,
    EXIT.indeterminate,
  );
}

function unsafe(node: string, reply: Reply): CommandError {
  const { missing, blank } = reply.body;
  // To start nodes that answer and hold nothing would be of no use.
  const isOnlySilent = !Array.isArray(blank) || blank.length === 0;
  if (!Array.isArray(missing) || missing.length === 0 || !isOnlySilent) return refusal(reply);
  return new CommandError(
    `${node} can't take over safely without ${missing.join(", ")}: start them and try again, or ` +
      "add --force-unclean and lose what only they hold of the acknowledged writes.",
    EXIT.no,
  );
}
