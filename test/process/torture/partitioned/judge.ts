/** When a round is over and all copies are placed: is everything as it was promised? */
import { partitionOf } from "../../../../src/core/placement.ts";
import type { Operation } from "../../../linearizability/history.ts";
import { waitUntil } from "../../../support/wait-until.ts";
import { differences, finalReads, type Holding, judgeHistory, judgeHoldings } from "../judge.ts";
import type { Standing } from "../ledger.ts";
import type { Life } from "../life.ts";
import type { ClusterStatus, PartitionView } from "./crew.ts";
import { membersOf } from "./placing.ts";
import { PROGRESS_MS_MAX, type Scene } from "./stage.ts";

export interface Case {
  readonly scene: Scene;
  /** Of this round, complete: nobody asks any more. */
  readonly history: readonly Operation[];
  /** All keys of the history. */
  readonly keys: readonly string[];
}

/** Sentences on all that is wrong; none if all is well. */
export async function judge({ scene, history, keys }: Case): Promise<readonly string[]> {
  const { crew, ledger, tally } = scene;
  const status = await crew.status();
  if (status === undefined) throw new Error("the controller does not answer");
  const wrong = judgeGenerations(scene, status);
  for (const view of status.partitions) wrong.push(...(await judgeEqual(scene, view)));
  const placed = [...scene.present];
  wrong.push(...(await Promise.all(placed.map((worker) => judgeCopies(worker, status)))).flat());
  wrong.push(...(await judgeDumps(scene, status)));
  // Any worker may be asked; they take turns.
  let next = 0;
  const last = await finalReads(keys, () => placed[next++ % placed.length] as Life);
  wrong.push(...judgeHistory([...history, ...last], ledger, tally));
  return wrong;
}

/** A generation is never given back, nor given out again after a restart. */
function judgeGenerations({ generations, tally }: Scene, { partitions }: ClusterStatus): string[] {
  const wrong: string[] = [];
  for (const { partition, generation } of partitions) {
    const before = generations.get(partition) ?? 1;
    if (generation < before) {
      wrong.push(`partition ${partition} went from generation ${before} back to ${generation}`);
    }
    tally.generations += generation - before;
    generations.set(partition, generation);
  }
  return wrong;
}

/** All members of a partition hold the same. */
async function judgeEqual({ crew }: Scene, view: PartitionView): Promise<readonly string[]> {
  const { partition } = view;
  const members = membersOf(view).flatMap((id) => crew.worker(id) ?? []);
  let last = "";
  const equal = async () => {
    const path = `/digest?partition=${partition}`;
    const answers = await Promise.all(members.map((member) => member.ask("GET", path)));
    const digests = await Promise.all(answers.map((answer) => answer.text()));
    last = digests.join(", ");
    return new Set(digests).size === 1;
  };
  const what = `the members of partition ${partition} to be equal`;
  return waitUntil(equal, { what, timeoutMs: PROGRESS_MS_MAX }).then(
    () => [],
    (error: Error) => [`${error.message} (${last})`],
  );
}

/** A worker keeps the copies that it should keep and no others, and has lost nothing. */
async function judgeCopies(worker: Life, { partitions }: ClusterStatus): Promise<string[]> {
  const wanted = partitions
    .filter((view) => membersOf(view).includes(worker.id))
    .map(({ partition }) => partition);
  let kept: readonly number[] = [];
  let losses: readonly string[] = [];
  const asked = async () => {
    const answer = await worker.ask("GET", "/status");
    const own = (await answer.json()) as {
      partitions: readonly { partition: number; role: string }[];
      possibleLoss: readonly string[];
    };
    kept = own.partitions.map(({ partition }) => partition);
    losses = own.possibleLoss;
    return kept.join() === wanted.join();
  };
  const what = `${worker.id} to keep its copies and no others`;
  const wrong: string[] = [];
  await waitUntil(asked, { what, timeoutMs: PROGRESS_MS_MAX }).catch((error: Error) => {
    wrong.push(`${error.message} (it keeps ${kept.join()}, and should ${wanted.join()})`);
  });
  return [...wrong, ...losses.map((sentence) => `${worker.id} says: ${sentence}`)];
}

/** Every copy of every partition, key by key. */
async function judgeDumps(scene: Scene, { partitions }: ClusterStatus): Promise<string[]> {
  const { crew, ledger, tally } = scene;
  const keys = new Map<number, string[]>();
  for (const key of ledger.keys) {
    const partition = partitionOf(key, crew.settings.partitions);
    keys.set(partition, [...(keys.get(partition) ?? []), key]);
  }
  const wrong: string[] = [];
  const holdings: Holding[] = [];
  for (const view of partitions) {
    const { partition } = view;
    const members = membersOf(view).flatMap((id) => crew.worker(id) ?? []);
    const own = await Promise.all(
      members.map(async (member): Promise<Holding> => {
        const listing = await dumpOf(member, partition);
        return { node: member.id, listing, keys: keys.get(partition) ?? [] };
      }),
    );
    const [first] = own;
    for (const other of first === undefined ? [] : own) {
      const who = `partition ${partition} at ${first?.node} and ${other.node}`;
      wrong.push(...differences(first?.listing ?? new Map(), other.listing, who));
    }
    holdings.push(...own);
  }
  return [...wrong, ...judgeHoldings(holdings, ledger, tally)];
}

async function dumpOf(worker: Life, partition: number): Promise<Map<string, Standing>> {
  const answer = await worker.ask("GET", `/dump?partition=${partition}`);
  if (!answer.ok) throw new Error(`${worker.id} was asked for its copy: ${await answer.text()}`);
  const dump = (await answer.json()) as Record<
    string,
    { value: unknown; version: number; epoch: number }
  >;
  return new Map(
    Object.entries(dump).map(([key, { value, version, epoch }]) => {
      return [key, { value: JSON.stringify(value), version: `${epoch}.${version}` }];
    }),
  );
}
