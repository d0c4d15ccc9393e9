/** A node as the HTTP surface sees it: checks the role, then asks the group. */
import { KvError } from "../base/errors.ts";
import type { Entry } from "../core/entry.ts";
import { generationOf } from "../core/epoch.ts";
import type {
  FollowerStatus,
  KvService,
  LabConfig,
  ListPage,
  NodeCounters,
  NodeStatus,
  Readiness,
  RemoveAnswer,
  WriteAnswer,
} from "../http/service.ts";
import type { Group } from "./group.ts";
import type { GroupLeader } from "./group-leader.ts";
import type { Node } from "./node.ts";

/** The longest simulated delay: above it, people mean another unit. */
export const DELAY_MS_MAX = 60_000;

export class NodeService implements KvService {
  readonly nodeId: string;
  readonly #node: Node;
  readonly #group: Group;

  constructor(node: Node) {
    this.#node = node;
    this.#group = node.group;
    this.nodeId = node.settings.nodeId;
  }

  write(key: string, value: string): Promise<WriteAnswer> {
    return this.#writableLeader().write(key, value);
  }

  async remove(key: string): Promise<RemoveAnswer> {
    for (;;) {
      const leader = this.#writableLeader();
      const standing = leader.replica.get(key);
      if (standing?.value !== undefined) {
        return { existed: true, ...(await leader.write(key, undefined)) };
      }
      const entry = await leader.readLinearizable(key);
      if (entry?.value === undefined) {
        return { existed: false, entry, acks: 0, required: 0 };
      }
    }
  }

  readLocal(key: string): Entry | undefined {
    return this.#readableReplica().get(key);
  }

  readLinearizable(key: string): Promise<Entry | undefined> {
    return this.#leader().readLinearizable(key);
  }

  list(options: { prefix: string; after: string | null; limit: number }): ListPage {
    const found = this.#readableReplica().list({ ...options, limit: options.limit + 1 });
    const items = found.slice(0, options.limit);
    const next = found.length > items.length ? (items[items.length - 1]?.key ?? null) : null;
    return { items, next };
  }

  entries(): Iterable<Entry> {
    return this.#readableReplica().live();
  }

  status(): NodeStatus {
    const { settings, lab, durable } = this.#node;
    const group = this.#group;
    const { leader, record } = group;
    const { core } = group.follower;
    return {
      node: settings.nodeId,
      role: group.role,
      leader: group.leaderAddress,
      epoch: generationOf(leader?.epoch ?? core.standing.synced),
      synced: leader !== undefined || core.synced,
      watermark: leader?.sequence ?? core.standing.watermark,
      commitWatermark: leader?.commitWatermark ?? core.commitWatermark,
      writeQuorum: this.#writeQuorum() ?? null,
      minDelayMs: lab.minDelayMs,
      maxDelayMs: lab.maxDelayMs,
      keys: group.replica.keys,
      followers: leader === undefined ? [] : this.#followers(leader),
      blank: group.blank,
      durable,
      promised: generationOf(record.promised),
      members: record.identity?.members ?? [],
      possibleLoss: group.possibleLoss,
    };
  }

  counters(): NodeCounters {
    const { leader, takeovers, deposed, record } = this.#group;
    return {
      takeovers,
      fenced: deposed,
      syncedEpoch: generationOf(record.synced),
      pendingWrites: leader?.pendingCount ?? 0,
      pendingBytes: leader?.pendingBytes ?? 0,
    };
  }

  config(): LabConfig {
    const writeQuorum = this.#writeQuorum() ?? this.#node.settings.writeQuorum;
    return { ...this.#node.lab, writeQuorum };
  }

  async configure(
    change: Partial<LabConfig>,
    { force }: { readonly force: boolean } = { force: false },
  ): Promise<LabConfig> {
    const { lab } = this.#node;
    const group = this.#group;
    const leader = this.#leader();
    const wanted = { ...this.config(), ...change };
    const followers = (group.record.identity?.members.length ?? 1) - 1;
    if (!isWhole(wanted.writeQuorum) || wanted.writeQuorum > followers) {
      throw invalid(
        "writeQuorum",
        `writeQuorum must be a whole number from 0 to ${followers}, the number of followers.`,
      );
    }
    checkDelays(wanted);
    if (change.writeQuorum !== undefined) {
      await leader.changeQuorum(wanted.writeQuorum, force);
    }
    lab.minDelayMs = wanted.minDelayMs;
    lab.maxDelayMs = wanted.maxDelayMs;
    return this.config();
  }

  async promote(options: { readonly force: boolean }): Promise<void> {
    if (this.#node.stopping) {
      throw stopping();
    }
    await this.#group.promote(options);
  }

  *digest(): Generator<undefined, { keys: number; digest: string }> {
    const digest = yield* this.#group.replica.digesting();
    return { keys: digest.keys, digest: digest.toHex() };
  }

  readiness(): Readiness {
    const { journal } = this.#node;
    const group = this.#group;
    if (this.#node.stopping) {
      return { ready: false, reason: "This node is stopping.", error: "stopping" };
    }
    if (journal.failure !== undefined) {
      return { ready: false, reason: journal.failure.message, error: "storage_failed" };
    }
    const { leader } = group;
    if (leader !== undefined) {
      const { refusal } = leader;
      return refusal === undefined
        ? { ready: true }
        : { ready: false, reason: refusal.message, error: refusal.code };
    }
    if (group.follower.leadership === undefined) {
      const reason = group.waitsFor?.message ?? "No leader is connected.";
      return { ready: false, reason, error: "recovering" };
    }
    return group.follower.core.synced
      ? { ready: true }
      : { ready: false, reason: "Catching up with the leader.", error: "recovering" };
  }

  async replicateByHand(item: { key: string; value: string; version?: number }): Promise<void> {
    const group = this.#group;
    if (group.role !== "follower") {
      throw new KvError({
        code: "not_follower",
        message: "This node is the leader, and only followers take entries made by hand.",
        outcome: "refused",
      });
    }
    await group.putByHand(item);
  }

  #followers(leader: GroupLeader): FollowerStatus[] {
    const peers = this.#group.links?.peers ?? [];
    return peers.map((peer, index) => ({
      node: peer.peer?.node ?? peer.address,
      address: peer.address,
      ...leader.followerView(index),
    }));
  }

  /** What is asked for while it is being changed: a client of the lab turned it. */
  #writeQuorum(): number | undefined {
    return this.#group.quorum?.writes;
  }

  #leader(): GroupLeader {
    const { leader } = this.#group;
    if (leader === undefined) {
      throw this.#whyNotLeading();
    }
    return leader;
  }

  #whyNotLeading(): KvError {
    const { leaderAddress, waitsFor } = this.#group;
    if (waitsFor !== undefined) {
      return waitsFor;
    }
    return new KvError({
      code: "not_leader",
      message:
        leaderAddress === null
          ? "This node is a follower and has not heard of a leader yet; kvnode status shows it."
          : `This node is a follower; ask the leader at ${leaderAddress}.`,
      outcome: "refused",
      details: leaderAddress === null ? {} : { leader: leaderAddress },
    });
  }

  #writableLeader(): GroupLeader {
    const leader = this.#leader();
    if (this.#node.stopping) {
      throw stopping();
    }
    return leader;
  }

  #readableReplica() {
    const { journal } = this.#node;
    if (journal.failure !== undefined) {
      // What it holds beyond its disk a crash would take away from those who have read it.
      throw new KvError({
        code: "storage_failed",
        message: `${journal.failure.message} Read at another node until that is mended.`,
      });
    }
    const { leader } = this.#group;
    if (leader !== undefined) {
      return leader.replica;
    }
    const { blank, replica } = this.#group;
    if (blank && replica.keys === 0) {
      throw new KvError({
        code: "recovering",
        message:
          "This node holds nothing yet; read at another one, or again when it is up to date.",
      });
    }
    return replica;
  }
}

/** Nothing is taken in any more. */
export function stopping(): KvError {
  return new KvError({
    code: "stopping",
    message: "This node is stopping and accepts no more writes; try again when it is back.",
    outcome: "refused",
  });
}

/** Throws `invalid_request` for a delay that can't be simulated. */
export function checkDelays(wanted: LabConfig): void {
  for (const field of ["minDelayMs", "maxDelayMs"] as const) {
    if (!(wanted[field] >= 0 && wanted[field] <= DELAY_MS_MAX)) {
      const name = field.slice(0, -2);
      throw invalid(name, `${name} must be a delay from 0ms to ${DELAY_MS_MAX / 1000}s.`);
    }
  }
  if (wanted.minDelayMs > wanted.maxDelayMs) {
    throw invalid("minDelay", "minDelay must not be above maxDelay.");
  }
}

function isWhole(value: unknown): boolean {
  return typeof value === "number" && Number.isInteger(value) && value >= 0;
}

/** `invalid_request`, with the field's name. */
export function invalid(field: string, message: string): KvError {
  return new KvError({ code: "invalid_request", message, outcome: "refused", details: { field } });
}
