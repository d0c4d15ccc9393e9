/** The copies of every partition, compared by digest until they are equal or time is up. */
import { CommandError, EXIT } from "../exit-code.ts";
import type { NodeClient } from "../node-client.ts";
import {
  type PartitionAnswer,
  type PartitionedCluster,
  readCluster,
  type WorkerAnswer,
} from "./cluster-status.ts";
import { reachWorkers } from "./worker-reach.ts";

/** One member's digest of a partition, or why there is none. */
export interface CopyDigest {
  /** The worker's id. */
  readonly worker: string;
  readonly primary: boolean;
  readonly keys: number | undefined;
  readonly digest: string | undefined;
  readonly problem: string | undefined;
}

/** A partition as the controller and its members describe it. */
export interface ComparedPartition {
  readonly partition: number;
  readonly state: string;
  /** Ids of those without whom it can't go on. */
  readonly missing: readonly string[];
  readonly copies: readonly CopyDigest[];
}

/** How the comparison ended. */
export interface ComparedCluster {
  readonly workers: readonly WorkerAnswer[];
  readonly ways: ReadonlyMap<string, NodeClient>;
  readonly partitions: readonly ComparedPartition[];
}

const RETRY_MS = 100;
/** Requests under way: enough for a fast answer, too few to be a load. */
const REQUESTS_MAX = 32;

/** Digests of all members of all partitions; those that are not equal are asked for again. */
export async function compareCopies(
  { controller, status }: PartitionedCluster,
  waitMs: number,
): Promise<ComparedCluster> {
  const deadline = performance.now() + waitMs;
  const found = new Map<number, ComparedPartition>();
  for (let now = status; ; now = (await readCluster(controller)).status) {
    const ways = await reachWorkers(controller, now.workers);
    const open = now.partitions.filter(({ partition }) => {
      const known = found.get(partition);
      return known === undefined || !isComplete(known);
    });
    const compared = await atMost(REQUESTS_MAX, open, (each) => digestsOf(each, ways));
    for (const each of compared) found.set(each.partition, each);
    const partitions = [...found.values()];
    if (partitions.every(isComplete) || performance.now() >= deadline) {
      return { workers: now.workers, ways, partitions };
    }
    await Bun.sleep(RETRY_MS);
  }
}

/** Whether those members hold the same that answer. */
export function areEqual({ copies }: ComparedPartition): boolean {
  const answered = copies.filter(({ digest }) => digest !== undefined);
  return answered.every(({ digest }) => digest === answered[0]?.digest);
}

/** Whether every member has answered, and the same. */
export function isComplete(compared: ComparedPartition): boolean {
  return compared.copies.every(({ digest }) => digest !== undefined) && areEqual(compared);
}

async function digestsOf(
  { partition, primary, members, state, missing }: PartitionAnswer,
  ways: ReadonlyMap<string, NodeClient>,
): Promise<ComparedPartition> {
  // Those who still learn are not equal yet, and those who are away do not count.
  const counted = members.filter(({ role }) => role === "primary" || role === "replica");
  const copies = await Promise.all(
    counted.map(async ({ id }) => {
      const known = { worker: id, primary: id === primary };
      try {
        const { keys, digest } = (await ways.get(id)?.get(`/digest?partition=${partition}`)) ?? {};
        if (typeof digest !== "string") throw new CommandError(`${id} gives no digest.`, EXIT.no);
        return { ...known, keys: Number(keys), digest, problem: undefined };
      } catch (error) {
        if (!(error instanceof CommandError)) throw error;
        return { ...known, keys: undefined, digest: undefined, problem: error.message };
      }
    }),
  );
  return { partition, state, missing, copies };
}

/** Maps with at most so many under way, in order. */
export async function atMost<T, R>(
  limit: number,
  items: readonly T[],
  map: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < items.length; index = next++) {
      results[index] = await map(items[index] as T);
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  return results;
}
