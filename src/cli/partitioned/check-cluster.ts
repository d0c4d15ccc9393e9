/** `kvnode check` of a partitioned cluster: do the members of each partition hold the same? */
import { compareDumps, countDifferences, type Differences, type Dump } from "../compare-dumps.ts";
import { CommandError, EXIT } from "../exit-code.ts";
import type { NodeClient } from "../node-client.ts";
import {
  colors,
  count,
  printable,
  printJson,
  printLine,
  printNote,
  printTable,
  showKey,
} from "../output.ts";
import type { PartitionedCluster, WorkerAnswer } from "./cluster-status.ts";
import {
  areEqual,
  atMost,
  type ComparedCluster,
  type ComparedPartition,
  compareCopies,
} from "./copies.ts";

/** What one copy of a partition holds otherwise than the one that it is compared with. */
interface CopyDifferences {
  readonly partition: number;
  readonly worker: string;
  readonly differences: Differences;
}

/** How much longer than a short answer a dump may take. */
const DUMP_FACTOR = 15;
/** Dumps under way at once, each of one partition's copies. */
const DUMPS_MAX = 4;
const KEYS_SHOWN = 10;

/** Throws CommandError where copies differ, are out of reach, or too many are lost. */
export async function checkCluster(
  cluster: PartitionedCluster,
  options: { readonly waitMs: number; readonly timeoutMs: number; readonly json: boolean },
): Promise<void> {
  if (cluster.status.partitions.length === 0) {
    throw new CommandError(
      "The partitions have not been placed yet: the controller waits for its workers.",
      EXIT.no,
    );
  }
  const compared = await compareCopies(cluster, options.waitMs);
  const differing = compared.partitions.filter((each) => !areEqual(each));
  const dumpMs = options.timeoutMs * DUMP_FACTOR;
  const differences = await atMost(DUMPS_MAX, differing, (each) =>
    compareDumpsOf(each, compared.ways, dumpMs),
  );
  if (options.json) printJson(toJson(compared, differing, differences.flat()));
  else printCluster(compared, differences.flat());
  conclude(cluster, compared, differing, options.json);
}

function conclude(
  { status }: PartitionedCluster,
  { partitions }: ComparedCluster,
  differing: readonly ComparedPartition[],
  json: boolean,
): void {
  const lost = partitions.filter(({ state }) => state === "lost");
  if (lost.length > 0) {
    const missing = [...new Set(lost.flatMap((each) => each.missing))].sort().join(", ");
    throw new CommandError(
      `${count(lost.length, "partition")} (${listOf(lost)}) can't go on: more copies are missing ` +
        `than the promise covers. Start ${missing || "their workers"} again, with what they held.`,
      EXIT.no,
    );
  }
  if (differing.length > 0) {
    throw new CommandError(
      `The copies of ${count(differing.length, "partition")} differ (${listOf(differing)}).`,
      EXIT.no,
    );
  }
  const silent = partitions.flatMap(({ copies }) => copies.filter(({ problem }) => problem));
  if (silent.length > 0) {
    const names = [...new Set(silent.map(({ worker }) => worker))].sort().join(", ");
    throw new CommandError(
      `The copies that answer are equal, but ${names} can't be reached.`,
      EXIT.unreachable,
    );
  }
  if (json) return;
  const copies = partitions.reduce((sum, each) => sum + each.copies.length, 0);
  const keys = partitions.reduce((sum, each) => sum + (each.copies[0]?.keys ?? 0), 0);
  const all =
    partitions.length === 1 ? "The one partition is" : `All ${partitions.length} partitions are`;
  printLine(`${all} equal in all ${count(copies, "copy", "copies")}: ${count(keys, "key")}.`);
  const replicas = status.cluster?.replicas ?? 0;
  const few = partitions.filter((each) => each.copies.length < replicas);
  if (few.length > 0) {
    printNote(
      colors.yellow(
        `${count(few.length, "partition")} of ${partitions.length} have fewer than ` +
          `${count(replicas, "copy", "copies")}: start another worker.`,
      ),
    );
  }
}

function listOf(partitions: readonly ComparedPartition[]): string {
  const shown = partitions.slice(0, KEYS_SHOWN).map(({ partition }) => partition);
  return shown.join(", ") + (partitions.length > shown.length ? ", …" : "");
}

/** Against the primary where it answers, else against whoever does first. */
async function compareDumpsOf(
  { partition, copies }: ComparedPartition,
  ways: ReadonlyMap<string, NodeClient>,
  timeoutMs: number,
): Promise<readonly CopyDifferences[]> {
  const dumpOf = async (worker: string): Promise<Dump> => {
    const way = ways.get(worker)?.within(timeoutMs);
    return ((await way?.get(`/dump?partition=${partition}`)) ?? {}) as unknown as Dump;
  };
  const answered = copies.filter(({ digest }) => digest !== undefined);
  const reference = answered.find(({ primary }) => primary) ?? answered[0];
  if (reference === undefined) return [];
  const expected = await dumpOf(reference.worker);
  const others = answered.filter(({ digest }) => digest !== reference.digest);
  return Promise.all(
    others.map(async ({ worker }) => {
      return { partition, worker, differences: compareDumps(expected, await dumpOf(worker)) };
    }),
  );
}

function printCluster(
  { workers, partitions }: ComparedCluster,
  differences: readonly CopyDifferences[],
): void {
  const rows = workers.map((worker) => rowOf(worker, partitions, differences));
  printTable(["WORKER", "ADDRESS", "COPIES", "KEYS", "MISSING", "EXTRA", "STALE", "STATE"], rows);
  for (const { partition, worker, differences: found } of differences) {
    const where = `${worker}, partition ${partition}`;
    printKeys(`${where}, missing`, found.missing.map(showKey));
    printKeys(`${where}, extra`, found.extra.map(showKey));
    printKeys(
      `${where}, stale`,
      found.stale.map(
        ({ key, expected, found: has }) =>
          `${showKey(key)} (has version ${has.version}, should have ${expected.version})`,
      ),
    );
    if (countDifferences(found) === 0) {
      printLine(`${where}: it became equal while it was compared, or differs in its epochs.`);
    }
  }
}

function rowOf(
  { id, address, status }: WorkerAnswer,
  partitions: readonly ComparedPartition[],
  differences: readonly CopyDifferences[],
): string[] {
  const copies = partitions.flatMap((each) => each.copies.filter(({ worker }) => worker === id));
  const own = differences.filter(({ worker }) => worker === id).map((each) => each.differences);
  const counts = (["missing", "extra", "stale"] as const).map((kind) => {
    const sum = own.reduce((total, found) => total + found[kind].length, 0);
    return sum === 0 ? "0" : colors.red(String(sum));
  });
  const keys = copies.reduce((sum, copy) => sum + (copy.keys ?? 0), 0);
  const silent = copies.some(({ problem }) => problem !== undefined);
  const state = silent ? colors.red("no answer") : status;
  return [id, address, String(copies.length), String(keys), ...counts, state];
}

function printKeys(what: string, keys: readonly string[]): void {
  if (keys.length === 0) return;
  const more = keys.length > KEYS_SHOWN ? `, and ${keys.length - KEYS_SHOWN} more (--json)` : "";
  printLine(printable(`${what}: ${keys.slice(0, KEYS_SHOWN).join(", ")}${more}`));
}

function toJson(
  { workers, partitions }: ComparedCluster,
  differing: readonly ComparedPartition[],
  differences: readonly CopyDifferences[],
): unknown {
  const answered = partitions.every(({ copies }) => copies.every(({ digest }) => digest));
  const lost = partitions.filter(({ state }) => state === "lost");
  return {
    equal: differing.length === 0 && answered && lost.length === 0,
    workers: workers.map(({ id, address, status }) => ({ id, address, status })),
    partitions: partitions.map(({ partition, state, missing, copies }) => ({
      partition,
      state,
      missing,
      copies: copies.map((copy) => {
        const found = differences.find(
          (each) => each.partition === partition && each.worker === copy.worker,
        );
        return { ...copy, ...found?.differences };
      }),
    })),
  };
}
