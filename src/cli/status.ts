/** `kvnode status`: one table of all nodes. */
import type { Command } from "commander";
import { addClientOptions, type ClientOptions, clientOf } from "./client-options.ts";
import { findGroup, type Group, type Member, nameOf, type StatusAnswer } from "./group.ts";
import { colors, printJson, printLine, printNote, printTable } from "./output.ts";
import { findPartitioned } from "./partitioned/cluster-status.ts";
import { showCluster } from "./partitioned/show-status.ts";

interface StatusOptions extends ClientOptions {
  readonly partitions?: boolean;
}

/** A node that hangs must not hold up the table of the others. */
const ASK_TIMEOUT_MS = 2_000;

const HEADINGS = ["NODE", "ADDRESS", "ROLE", "EPOCH", "KEYS", "WATERMARK", "LAG", "STATE"];

/** Adds the command to the program. */
export function addStatus(program: Command): void {
  const command = program
    .command("status")
    .summary("a table of all nodes, who leads, in which epoch, and who lags")
    .description(
      "Asks a node who belongs to its group, and then all of them, also where nobody leads. A " +
        "node that does not answer stands in the table as such. In a partitioned cluster, " +
        "whether the controller or a worker is asked: the workers, and how the partitions are.",
    )
    .option("--partitions", "every partition, not only those that are not as they should be")
    .action(status);
  const examples = [
    "kvnode status",
    "kvnode status --node http://127.0.0.1:5003",
    "kvnode status --node 127.0.0.1:8000 --partitions",
    "kvnode status --json",
  ];
  addClientOptions(command, examples, ASK_TIMEOUT_MS);
}

async function status(options: StatusOptions): Promise<void> {
  const cluster = await findPartitioned(clientOf(options));
  if (cluster === undefined) return showGroup(options);
  const { partitions: all = false, json = false } = options;
  showCluster(cluster, { all, json });
}

async function showGroup(options: ClientOptions): Promise<void> {
  const group = await findGroup(options.node, options.timeout);
  if (options.json) {
    const leader = group.leader?.address ?? group.believed;
    return printJson({ leader, nodes: group.members.map(toJson) });
  }
  const leader = group.leader?.status;
  if (leader) {
    printLine(
      `write quorum ${leader.writeQuorum} of ${leader.followers.length}, ` +
        `delay ${asDelay(leader.minDelay)}–${asDelay(leader.maxDelay)}, ` +
        `epoch ${leader.epoch}, committed up to ${leader.commitWatermark}\n`,
    );
  }
  printTable(
    HEADINGS,
    group.members.map((member) => rowOf(member, group)),
  );
  if (!leader) printNote(whyNoLeader(group));
  for (const loss of possibleLosses(group)) printNote(colors.yellow(`warning: ${loss}`));
}

function rowOf(member: Member, group: Group): string[] {
  const { address, status: own, follower } = member;
  const role = own?.role ?? (follower ? "follower" : "?");
  const watermark = own?.watermark ?? follower?.watermark ?? "";
  const lag = follower ? `${follower.lagEntries} entries, ${round(follower.lagMs)} ms` : "";
  const state = own === undefined ? colors.red("no answer") : stateOf(member, own, group);
  const texts = [role, own?.epoch ?? "", own?.keys ?? "", watermark].map(String);
  return [nameOf(member), address, ...texts, lag, state];
}

function stateOf(member: Member, own: StatusAnswer, { leader }: Group): string {
  const { follower } = member;
  if (member === leader) return colors.green("leading");
  if (own.role === "leader") return colors.yellow("leads an older epoch");
  if (own.role === "candidate") return colors.yellow("asks for promises to lead");
  if (own.blank) return colors.yellow("blank: it holds nothing yet");
  if (leader === undefined) return colors.yellow("waits for a leader");
  if (!follower) return colors.yellow("its leader does not know it");
  if (!follower.connected) return colors.yellow("not connected to its leader");
  return follower.synced ? colors.green("synced") : colors.yellow("catching up");
}

function whyNoLeader({ members, believed }: Group): string {
  const why =
    believed === null
      ? "No node that answers knows a leader"
      : `The last leader, ${believed}, does not lead or does not answer`;
  const able = members.find(({ status: own }) => own !== undefined && !own.blank);
  const advice =
    able === undefined
      ? "start it, or wait until it is back."
      : `start it again, or let another one take over: kvnode promote --node ${able.url}`;
  return `${why}: ${advice}`;
}

/** Each sentence once, with the nodes that say it. */
function possibleLosses({ members }: Group): readonly string[] {
  const sayers = new Map<string, string[]>();
  for (const { status: own } of members) {
    for (const sentence of own?.possibleLoss ?? []) {
      sayers.set(sentence, [...(sayers.get(sentence) ?? []), own?.node ?? "?"]);
    }
  }
  return [...sayers].map(([sentence, nodes]) => `${sentence} (says ${nodes.join(", ")})`);
}

function toJson({ address, status: own, problem, follower }: Member): unknown {
  const { node, address: _address, ...asSeenByLeader } = follower ?? { node: null, address };
  return {
    node: own?.node ?? node,
    address,
    reachable: own !== undefined,
    role: own?.role ?? (follower ? "follower" : null),
    leader: own?.leader ?? null,
    epoch: own?.epoch ?? null,
    synced: own?.synced ?? null,
    blank: own?.blank ?? null,
    keys: own?.keys ?? null,
    watermark: own?.watermark ?? null,
    commitWatermark: own?.commitWatermark ?? null,
    possibleLoss: own?.possibleLoss ?? [],
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
