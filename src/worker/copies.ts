/**
 * The half of a worker's service that sends nothing on: it answers from the worker's own copies,
 * writes and linearizable reads only where it is the primary, and else says who is.
 *
 * What was put into a copy by hand was never written in the cluster: only reads of that very copy
 * show it.
 */
import { KvError } from "../base/errors.ts";
import { Digest } from "../core/digest.ts";
import type { Entry } from "../core/entry.ts";
import { generationOf } from "../core/epoch.ts";
import { partitionOf } from "../core/placement.ts";
import type { Replica } from "../core/replica.ts";
import type {
  FoundEntry,
  KvService,
  LabConfig,
  ListPage,
  NodeCounters,
  NodeStatus,
  PartitionDigest,
  PartitionGeneration,
  Readiness,
  RemoveAnswer,
  WriteAnswer,
} from "../http/service.ts";
import type { Group } from "../node/group.ts";
import type { GroupLeader } from "../node/group-leader.ts";
import type { Node } from "../node/node.ts";
import { checkDelays, invalid, stopping } from "../node/service.ts";
import type { Contact } from "./heartbeats.ts";
import { mergeOrdered } from "./ordered-merge.ts";
import type { PendingBudget } from "./pending-budget.ts";
import { readinessOf } from "./readiness.ts";
import { notMember, notPrimary, notRegistered, whereaboutsOf } from "./refusals.ts";
import type { WorkerMap } from "./worker-map.ts";

export interface CopiesOptions {
  readonly node: Node;
  readonly map: WorkerMap;
  /** URL of the controller, for sentences. */
  readonly controller: string;
  readonly contact: () => Contact;
  readonly pending: PendingBudget;
  /** Somebody who knows another map, or waits for a newer one, has asked. */
  readonly outdated: () => void;
}

export class Copies implements KvService {
  readonly nodeId: string;
  protected readonly options: CopiesOptions;

  constructor(options: CopiesOptions) {
    this.options = options;
    this.nodeId = options.node.settings.nodeId;
  }

  /** Throws `recovering` while this worker has no cluster. */
  partitionOf(key: string): number {
    const { map, controller, contact } = this.options;
    if (map.cluster === undefined) {
      const how = contact();
      throw notRegistered(controller, "reason" in how ? how.reason : undefined);
    }
    return partitionOf(key, map.cluster.partitions);
  }

  write(key: string, value: string): Promise<WriteAnswer> {
    return this.writeAt(this.#leader(key), key, value);
  }

  remove(key: string): Promise<RemoveAnswer> {
    return removeAt(this.#leader(key), key);
  }

  async readLinearizable(key: string): Promise<FoundEntry | undefined> {
    return readAt(this.#leader(key), key);
  }

  readLocal(key: string): FoundEntry | undefined | Promise<FoundEntry | undefined> {
    const replica = this.readableReplica(this.partitionOf(key));
    if (replica === undefined) {
      throw this.#notPrimary(this.partitionOf(key));
    }
    return replica.get(key);
  }

  /** Of the partitions that it leads. */
  list(options: {
    prefix: string;
    after: string | null;
    limit: number;
  }): ListPage | Promise<ListPage> {
    this.#checkDisk();
    const { prefix, after, limit } = options;
    const partitions: PartitionGeneration[] = [];
    const sources: Iterable<Entry>[] = [];
    for (const [partition, { leader }] of this.options.node.groups) {
      if (leader !== undefined) {
        partitions.push({ partition, generation: generationOf(leader.epoch) });
        sources.push(leader.replica.ordered({ prefix, after }));
      }
    }
    const items: Entry[] = [];
    for (const entry of mergeOrdered(sources)) {
      if (isMadeByHand(entry)) {
        continue;
      }
      if (items.length === limit) {
        return { items, next: items[items.length - 1]?.key ?? null, partitions };
      }
      items.push(entry);
    }
    return { items, next: null, partitions };
  }

  *entries(): Generator<Entry> {
    this.#checkDisk();
    for (const { replica } of this.options.node.groups.values()) {
      yield* replica.live();
    }
  }

  /** As KvService.entries, of one partition; throws `not_member` where it has no copy. */
  entriesOf(partition: number): Iterable<Entry> {
    this.#checkDisk();
    return this.#copyOf(partition).replica.live();
  }

  *digest(): Generator<undefined, { keys: number; digest: string }> {
    this.#checkDisk();
    const digest = new Digest();
    for (const { replica } of this.options.node.groups.values()) {
      digest.addAll(yield* replica.digesting());
    }
    return { keys: digest.keys, digest: digest.toHex() };
  }

  /** Throws `not_member` where it has no copy. */
  *digestOf(partition: number): Generator<undefined, PartitionDigest> {
    const group = this.#copyOf(partition);
    const digest = yield* group.replica.digesting();
    const { leader } = group;
    const watermark = leader?.sequence ?? group.follower.core.standing.watermark;
    const generation = group.report().synced;
    const { keys } = digest;
    return { partition, generation, watermark, keys, digest: digest.toHex() };
  }

  /** Of all copies together, as far as that means something. */
  status(): NodeStatus {
    const { node, map } = this.options;
    const { settings, lab, durable } = node;
    const groups = [...node.groups.values()];
    return {
      node: settings.nodeId,
      role: "worker",
      leader: null,
      epoch: 0,
      synced: this.readiness().ready,
      watermark: 0,
      commitWatermark: 0,
      writeQuorum: map.cluster?.writeQuorum ?? null,
      minDelayMs: lab.minDelayMs,
      maxDelayMs: lab.maxDelayMs,
      keys: sumOf(groups, ({ replica }) => replica.keys),
      followers: [],
      blank: map.cluster === undefined,
      durable,
      promised: 0,
      members: [],
      possibleLoss: groups.flatMap(({ possibleLoss }) => possibleLoss),
    };
  }

  counters(): NodeCounters {
    const groups = [...this.options.node.groups.values()];
    return {
      takeovers: sumOf(groups, ({ takeovers }) => takeovers),
      fenced: sumOf(groups, ({ deposed }) => deposed),
      pendingWrites: sumOf(groups, ({ leader }) => leader?.pendingCount ?? 0),
      pendingBytes: sumOf(groups, ({ leader }) => leader?.pendingBytes ?? 0),
      copies: groups.length,
      primaries: sumOf(groups, ({ leader }) => (leader === undefined ? 0 : 1)),
    };
  }

  config(): LabConfig {
    const { node, map } = this.options;
    return { ...node.lab, writeQuorum: map.cluster?.writeQuorum ?? node.settings.writeQuorum };
  }

  async configure(change: Partial<LabConfig>): Promise<LabConfig> {
    if (change.writeQuorum !== undefined) {
      throw invalid(
        "writeQuorum",
        "The write quorum is the cluster's and stays as it was when the cluster began.",
      );
    }
    const wanted = { ...this.config(), ...change };
    checkDelays(wanted);
    const { lab } = this.options.node;
    lab.minDelayMs = wanted.minDelayMs;
    lab.maxDelayMs = wanted.maxDelayMs;
    return this.config();
  }

  async promote(): Promise<void> {
    throw new KvError({
      code: "unsafe",
      message:
        "In a partitioned cluster the controller decides who leads; kvnode drain empties a worker.",
      outcome: "refused",
    });
  }

  readiness(): Readiness {
    return readinessOf(this.options);
  }

  async replicateByHand(item: { key: string; value: string; version?: number }): Promise<void> {
    const partition = this.partitionOf(item.key);
    const group = this.#copyOf(partition);
    if (group.leader !== undefined) {
      throw new KvError({
        code: "not_follower",
        message:
          `This worker is the primary of partition ${partition}, and only its other copies take ` +
          "entries made by hand.",
        outcome: "refused",
      });
    }
    await group.putByHand(item);
  }

  /** As GroupLeader.write, within what may wait at all partitions together. */
  protected writeAt(leader: GroupLeader, key: string, value: string): Promise<WriteAnswer> {
    this.options.pending.check();
    return leader.write(key, value);
  }

  /** Its own copy's, where it has one that knows something. */
  protected readableReplica(partition: number): Replica | undefined {
    const group = this.options.node.groups.get(partition);
    if (group === undefined || group.blank) {
      return undefined;
    }
    this.#checkDisk();
    return group.replica;
  }

  #copyOf(partition: number): Group {
    const group = this.options.node.groups.get(partition);
    if (group === undefined) {
      throw notMember(partition);
    }
    return group;
  }

  #leader(key: string): GroupLeader {
    if (this.options.node.stopping) {
      throw stopping();
    }
    const partition = this.partitionOf(key);
    const leader = this.options.node.groups.get(partition)?.leader;
    if (leader === undefined) {
      throw this.#notPrimary(partition);
    }
    return leader;
  }

  #notPrimary(partition: number): KvError {
    this.options.outdated();
    return notPrimary(whereaboutsOf(partition, this.options.map.get(partition)));
  }

  /** What a copy holds beyond its disk a crash would take away from those who have read it. */
  #checkDisk(): void {
    const { failure } = this.options.node.journal;
    if (failure !== undefined) {
      throw new KvError({
        code: "storage_failed",
        message: `${failure.message} Read at another worker until that is mended.`,
      });
    }
  }
}

/** Removes the key at its primary; an absent key costs no write. */
export async function removeAt(leader: GroupLeader, key: string): Promise<RemoveAnswer> {
  for (;;) {
    const standing = leader.replica.get(key);
    if (standing?.value !== undefined && !isMadeByHand(standing)) {
      return { existed: true, ...(await leader.write(key, undefined)) };
    }
    const entry = await readAt(leader, key);
    if (entry?.value === undefined) {
      return { existed: false, entry, acks: 0, required: 0 };
    }
  }
}

/** A linearizable read at the primary. */
export async function readAt(leader: GroupLeader, key: string): Promise<Entry | undefined> {
  const entry = await leader.readLinearizable(key);
  return entry !== undefined && isMadeByHand(entry) ? undefined : entry;
}

function isMadeByHand({ epoch }: Entry): boolean {
  return epoch === 0;
}

function sumOf<T>(items: readonly T[], count: (item: T) => number): number {
  return items.reduce((sum, item) => sum + count(item), 0);
}
