/** `kvnode status`: one table of all nodes. */
import type { Command } from "commander";
import { addClientOptions, type ClientOptions } from "./client-options.ts";
import { findGroup, type Group, type Member } from "./group.ts";
import { colors, printJson, printLine, printNote, printTable } from "./output.ts";

/** A node that hangs must not hold up the table of the others. */
const ASK_TIMEOUT_MS = 2_000;

/** Adds the command to the program. */
export function addStatus(program: Command): void {
  const command = program
    .command("status")
    .summary("a table of all nodes, their roles and their lag")
    .description(
      "Asks a node for its leader, then the leader and every follower for their state. A node " +
        "that does not answer stands in the table as such.",
    )
    .action(status);
  const examples = [
    "kvnode status",
    "kvnode status --node http://127.0.0.1:5003",
    "kvnode status --json",
  ];
  addClientOptions(command, examples, ASK_TIMEOUT_MS);
}

async function status(options: ClientOptions): Promise<void> {
  const group = await findGroup(options.node, options.timeout);
  if (options.json) return printJson({ leader: group.leader, nodes: group.members.map(toJson) });
  const leader = group.members.find((member) => member.status?.role === "leader")?.status;
  if (leader) {
    printLine(
      `write quorum ${leader.writeQuorum} of ${leader.followers.length}, ` +
        `delay ${asDelay(leader.minDelay)}–${asDelay(leader.maxDelay)}, ` +
        `epoch ${leader.epoch}, committed up to ${leader.commitWatermark}\n`,
    );
  }
  const headings = ["NODE", "ADDRESS", "ROLE", "KEYS", "WATERMARK", "LAG", "STATE"];
  printTable(headings, group.members.map(rowOf));
  if (!leader) printNote(whyNoLeader(group));
}

function rowOf({ address, status: own, follower }: Member): string[] {
  const name = own?.node ?? follower?.node ?? "?";
  const role = own?.role ?? (follower ? "follower" : "?");
  const watermark = own?.watermark ?? follower?.watermark ?? "";
  const lag = follower ? `${follower.lagEntries} entries, ${round(follower.lagMs)} ms` : "";
  const state = own === undefined ? colors.red("no answer") : stateOf(own.role, follower);
  return [name, address, role, String(own?.keys ?? ""), String(watermark), lag, state];
}

function stateOf(role: string, follower: Member["follower"]): string {
  if (role === "leader") return colors.green("leading");
  if (!follower) return colors.yellow("its leader does not know it");
  if (!follower.connected) return colors.yellow("not connected to its leader");
  return follower.synced ? colors.green("synced") : colors.yellow("catching up");
}

function whyNoLeader({ leader }: Group): string {
  return leader === null
    ? "This node knows no leader at the moment, so the other nodes are not known either."
    : `The leader ${leader} does not answer, so the other nodes are not known.`;
}

function toJson({ address, status: own, problem, follower }: Member): unknown {
  const { node, address: _address, ...asSeenByLeader } = follower ?? { node: null, address };
  return {
    node: own?.node ?? node,
    address,
    reachable: own !== undefined,
    role: own?.role ?? (follower ? "follower" : null),
    epoch: own?.epoch ?? null,
    keys: own?.keys ?? null,
    watermark: own?.watermark ?? null,
    commitWatermark: own?.commitWatermark ?? null,
    ...(follower ? { asSeenByLeader } : {}),
    ...(problem === undefined ? {} : { problem }),
  };
}

function asDelay(delay: number | string): string {
  return typeof delay === "number" ? `${delay}ms` : delay;
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}
