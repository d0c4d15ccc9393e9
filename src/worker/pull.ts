/**
 * `POST /pull`: what another worker holds newer of the keys that this one keeps copies of.
 *
 * Nothing of the cluster's own is taken past its protocol: an entry that no primary has sent here
 * may be one that a takeover has left behind, and taking it would bring a dead value back. Copies
 * bring themselves up to date, so this looks at what the source has newer and waits until that has
 * come; only what was put into the source by hand is put in here by hand.
 */
import type { Clock } from "../base/clock.ts";
import { KvError } from "../base/errors.ts";
import type { Entry } from "../core/entry.ts";
import { generationOf } from "../core/epoch.ts";
import { partitionOf } from "../core/placement.ts";
import type { Version } from "../core/version.ts";
import type { Node } from "../node/node.ts";
import type { ForwardPort, Sent } from "./forward-port.ts";
import type { WorkerMap } from "./worker-map.ts";

const LOOK_EVERY_MS = 20;

export interface PullOptions {
  readonly node: Node;
  readonly map: WorkerMap;
  readonly forward: ForwardPort;
  readonly clock: Clock;
  /** How long it waits for what is to come. */
  readonly timeoutMs: number;
}

/** Resolves with how many keys are newer here now. */
export async function pull(
  options: PullOptions,
  asked: { readonly source: string; readonly keys: readonly string[] | undefined },
): Promise<number> {
  const { node, clock, timeoutMs } = options;
  const to = addressOf(options, asked.source);
  const newer: Entry[] = [];
  for await (const entries of fetchEntries(options, to, asked.keys)) {
    for (const entry of entries) {
      const group = copyFor(options, entry.key);
      // A primary has all that there is, and takes nothing that was made by hand.
      const isWanted = group !== undefined && group.leader === undefined;
      if (isWanted && isNewer(entry, group.replica.get(entry.key))) {
        newer.push(entry);
      }
    }
  }
  await Promise.all(newer.filter(({ epoch }) => epoch === 0).map((entry) => put(options, entry)));
  const deadlineMs = clock.nowMs() + timeoutMs;
  const arrived = () =>
    newer.filter((entry) => !isNewer(entry, copyFor(options, entry.key)?.replica.get(entry.key)));
  while (arrived().length < newer.length && clock.nowMs() < deadlineMs && !node.stopping) {
    await new Promise<void>((resolve) => clock.after(LOOK_EVERY_MS, resolve));
  }
  return arrived().length;
}

function copyFor({ node, map }: PullOptions, key: string) {
  const partitions = map.cluster?.partitions;
  return partitions === undefined ? undefined : node.groups.get(partitionOf(key, partitions));
}

/** Only workers of this cluster are asked: else anybody could have this node call anything. */
function addressOf({ map, node }: PullOptions, source: string): string {
  const wanted = source.replace(/\/+$/, "");
  for (const { members, learners, retained } of map.assignments.values()) {
    for (const { worker, address } of [...members, ...learners, ...retained]) {
      if ((worker === wanted || address === wanted) && worker !== node.settings.nodeId) {
        return address;
      }
    }
  }
  throw new KvError({
    code: "not_member",
    message:
      `${JSON.stringify(source.slice(0, 200))} is no other worker with copies here; give the URL ` +
      "or the id of one.",
    outcome: "refused",
    details: { source: source.slice(0, 200) },
  });
}

/** Partition by partition, so that never more than one of them is in memory twice. */
async function* fetchEntries(
  options: PullOptions,
  to: string,
  keys: readonly string[] | undefined,
): AsyncGenerator<readonly Entry[]> {
  const { forward, node } = options;
  if (keys === undefined) {
    for (const partition of [...node.groups.keys()]) {
      yield answerOf(await forward.dump(to, partition), to) ?? [];
    }
    return;
  }
  for (const key of keys) {
    if (copyFor(options, key) !== undefined) {
      const entry = answerOf(await forward.read(to, key, "local"), to);
      yield entry === undefined ? [] : [entry];
    }
  }
}

/** Undefined where the source has none of it. */
function answerOf<T>(sent: Sent<T>, to: string): T | undefined {
  if (sent.kind === "answer") {
    return sent.answer;
  }
  if (sent.kind === "error") {
    if (sent.error.code === "not_member" || sent.error.code === "recovering") {
      return undefined;
    }
    throw sent.error;
  }
  throw new KvError({
    code: "worker_unreachable",
    message: `The worker at ${to} does not answer; is it running?`,
    details: { source: to },
  });
}

async function put(options: PullOptions, entry: Entry): Promise<void> {
  const group = copyFor(options, entry.key);
  if (group !== undefined && group.leader === undefined && entry.value !== undefined) {
    await group.putByHand({ key: entry.key, value: entry.value, version: entry.sequence });
  }
}

/** Compared by generations: the fraction of an epoch never leaves the nodes over HTTP. */
function isNewer(one: Version, other: Version | undefined): boolean {
  if (other === undefined) {
    return true;
  }
  const difference = generationOf(one.epoch) - generationOf(other.epoch);
  return difference > 0 || (difference === 0 && one.sequence > other.sequence);
}
