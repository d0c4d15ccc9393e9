/** `kvnode check`: do all nodes hold the same keys, values and versions? */
import { type Command, Option } from "commander";
import { addClientOptions, type ClientOptions, clientOf, parseWait } from "./client-options.ts";
import { compareDumps, countDifferences, type Differences, type Dump } from "./compare-dumps.ts";
import { CommandError, EXIT } from "./exit-code.ts";
import { findGroup, type Group, type Member, nameOf } from "./group.ts";
import { NodeClient } from "./node-client.ts";
import { colors, count, printable, printJson, printLine, printTable, showKey } from "./output.ts";
import { checkCluster } from "./partitioned/check-cluster.ts";
import { findPartitioned } from "./partitioned/cluster-status.ts";

interface CheckOptions extends ClientOptions {
  readonly wait: number;
}

/** One node's digest, or why there is none. */
interface Digested {
  readonly node: string;
  readonly address: string;
  /** Where it answers. */
  readonly url: string;
  /** Who has heard more is the better one to compare with; the leader above all. */
  readonly standing: number;
  readonly keys: number | undefined;
  readonly digest: string | undefined;
  readonly problem: string | undefined;
}

interface Compared extends Digested {
  /** Undefined for the node that all are compared with, and for one that does not answer. */
  readonly differences: Differences | undefined;
}

/** A node that hangs must not hold up the answer about the others. */
const ASK_TIMEOUT_MS = 2_000;
/** How much longer than a short answer a dump may take. */
const DUMP_FACTOR = 15;
const RETRY_MS = 100;
const KEYS_SHOWN = 10;

/** Adds the command to the program. */
export function addCheck(program: Command): void {
  const command = program
    .command("check")
    .summary("are all nodes equal?")
    .description(
      "Compares the digests of all nodes, also where nobody leads, and waits a while for copies " +
        "that are under way. Where they stay different it compares every key with the leader " +
        "(without one, with the node that is furthest) and lists what is missing, extra and " +
        "stale. Writes that arrive meanwhile show up as differences. In a partitioned cluster it " +
        "asks the controller or any worker who keeps what, and compares the copies of each " +
        "partition.",
    )
    .addOption(
      new Option("--wait <duration>", "how long nodes may take to become equal")
        .argParser(parseWait)
        .default(5_000, "5s"),
    )
    .action(check);
  const examples = [
    "kvnode check",
    "kvnode check --wait 30s",
    "kvnode check --json",
    "kvnode check --node 127.0.0.1:8000",
  ];
  addClientOptions(command, examples, ASK_TIMEOUT_MS);
}

async function check(options: CheckOptions): Promise<void> {
  const cluster = await findPartitioned(clientOf(options));
  if (cluster === undefined) return checkGroup(options);
  const { wait: waitMs, timeout: timeoutMs, json = false } = options;
  return checkCluster(cluster, { waitMs, timeoutMs, json });
}

async function checkGroup(options: CheckOptions): Promise<void> {
  const digests = await waitForEqual(options);
  const silent = digests.filter(({ digest }) => digest === undefined);
  const equal = areEqual(digests);
  const compared = equal ? digests.map(noDifferences) : await compareAll(digests, options.timeout);
  if (options.json) printJson({ equal: equal && silent.length === 0, nodes: compared.map(toJson) });
  else printComparison(compared);
  if (!equal) throw new CommandError("The nodes differ.", EXIT.no);
  if (silent.length > 0) {
    const names = silent.map(({ node, address }) => `${node} (${address})`).join(", ");
    throw new CommandError(
      `The nodes that answer are equal, but ${names} can't be reached.`,
      EXIT.unreachable,
    );
  }
  const [first] = digests;
  if (!options.json) {
    printLine(`All ${count(digests.length, "node")} are equal: ${count(first?.keys ?? 0, "key")}.`);
  }
}

/** Digests of all nodes as soon as all answer and are equal, or as they are when time is up. */
async function waitForEqual(options: CheckOptions): Promise<readonly Digested[]> {
  const deadline = performance.now() + options.wait;
  for (;;) {
    const group = await findGroup(options.node, options.timeout);
    const digests = await Promise.all(
      group.members.map((member) => digestOf(member, group, options.timeout)),
    );
    const complete = digests.every(({ digest }) => digest !== undefined) && areEqual(digests);
    if (complete || performance.now() >= deadline) return digests;
    await Bun.sleep(RETRY_MS);
  }
}

async function digestOf(member: Member, group: Group, timeoutMs: number): Promise<Digested> {
  const { address, url, status } = member;
  const node = nameOf(member);
  const standing = member === group.leader ? Number.POSITIVE_INFINITY : (status?.watermark ?? 0);
  const known = { node, address, url, standing };
  try {
    const { keys, digest } = await new NodeClient(url, timeoutMs).get("/digest");
    return { ...known, keys: Number(keys), digest: String(digest), problem: undefined };
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return { ...known, keys: undefined, digest: undefined, problem: error.message };
  }
}

function areEqual(digests: readonly Digested[]): boolean {
  const answered = digests.filter(({ digest }) => digest !== undefined);
  return answered.every(({ digest }) => digest === answered[0]?.digest);
}

async function compareAll(
  digests: readonly Digested[],
  timeoutMs: number,
): Promise<readonly Compared[]> {
  const [reference] = digests
    .filter(({ digest }) => digest !== undefined)
    .sort((a, b) => b.standing - a.standing);
  if (reference === undefined) return digests.map(noDifferences);
  const expected = await dumpOf(reference.url, timeoutMs);
  return Promise.all(
    digests.map(async (digested) => {
      if (digested === reference || digested.digest === undefined) return noDifferences(digested);
      const found = await dumpOf(digested.url, timeoutMs);
      return { ...digested, differences: compareDumps(expected, found) };
    }),
  );
}

async function dumpOf(url: string, timeoutMs: number): Promise<Dump> {
  return (await new NodeClient(url, timeoutMs * DUMP_FACTOR).get("/dump")) as unknown as Dump;
}

function noDifferences(digested: Digested): Compared {
  return { ...digested, differences: undefined };
}

function printComparison(nodes: readonly Compared[]): void {
  const headings = ["NODE", "ADDRESS", "KEYS", "MISSING", "EXTRA", "STALE", "DIGEST"];
  printTable(headings, nodes.map(rowOf));
  for (const { node, differences } of nodes) {
    if (differences === undefined) continue;
    printKeys(node, "missing", differences.missing.map(showKey));
    printKeys(node, "extra", differences.extra.map(showKey));
    printKeys(
      node,
      "stale",
      differences.stale.map(
        ({ key, expected, found }) =>
          `${showKey(key)} (has version ${found.version}, should have ${expected.version})`,
      ),
    );
    if (countDifferences(differences) === 0) {
      printLine(
        `${node}: the keys became equal while they were compared, or differ in their epochs.`,
      );
    }
  }
}

function rowOf({ node, address, keys, digest, differences }: Compared): string[] {
  if (digest === undefined) return [node, address, colors.red("no answer"), "", "", "", ""];
  const { missing, extra, stale } = differences ?? { missing: [], extra: [], stale: [] };
  const counts = [missing, extra, stale].map(({ length }) =>
    length === 0 ? "0" : colors.red(String(length)),
  );
  return [node, address, String(keys), ...counts, digest.slice(0, 12)];
}

function printKeys(node: string, kind: string, keys: readonly string[]): void {
  if (keys.length === 0) return;
  const more = keys.length > KEYS_SHOWN ? `, and ${keys.length - KEYS_SHOWN} more (--json)` : "";
  printLine(printable(`${node} ${kind}: ${keys.slice(0, KEYS_SHOWN).join(", ")}${more}`));
}

function toJson({ node, address, keys, digest, problem, differences }: Compared): unknown {
  return {
    node,
    address,
    reachable: digest !== undefined,
    keys: keys ?? null,
    digest: digest ?? null,
    missing: differences?.missing ?? [],
    extra: differences?.extra ?? [],
    stale: differences?.stale ?? [],
    ...(problem === undefined ? {} : { problem }),
  };
}
