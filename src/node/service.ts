/** A node as the HTTP surface sees it: checks the role, then asks the group. */
import { KvError } from "../base/errors.ts";
import type { Entry } from "../core/entry.ts";
import type {
  KvService,
  LabConfig,
  ListPage,
  NodeStatus,
  Readiness,
  RemoveAnswer,
  WriteAnswer,
} from "../http/service.ts";
import type { GroupLeader } from "./group-leader.ts";
import type { Node } from "./node.ts";

/** The longest simulated delay: above it, people mean another unit. */
export const DELAY_MS_MAX = 60_000;

export class NodeService implements KvService {
  readonly nodeId: string;
  readonly #node: Node;

  constructor(node: Node) {
    this.#node = node;
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
    const { settings, lab, leader, follower, leaderAddress } = this.#node;
    const group = leader ?? follower;
    return {
      node: settings.nodeId,
      role: settings.role,
      leader: leaderAddress,
      epoch: group?.epoch ?? 0,
      synced: leader === undefined ? (follower?.synced ?? false) : leader.epoch > 0,
      watermark: leader?.sequence ?? follower?.watermark ?? 0,
      commitWatermark: group?.commitWatermark ?? 0,
      writeQuorum: leader === undefined ? (follower?.writeQuorum ?? null) : lab.writeQuorum,
      minDelayMs: lab.minDelayMs,
      maxDelayMs: lab.maxDelayMs,
      keys: group?.replica.keys ?? 0,
      followers: this.#node.peers.map((peer, index) => ({
        node: peer.peer?.node ?? peer.address,
        address: peer.address,
        ...(leader as GroupLeader).followerView(index),
      })),
      blank: follower?.blank ?? false,
      durable: false,
      promised: group?.epoch ?? 0,
      members: [],
      possibleLoss: [],
    };
  }

  config(): LabConfig {
    return { ...this.#node.lab };
  }

  async configure(change: Partial<LabConfig>): Promise<LabConfig> {
    const leader = this.#leader();
    const { lab } = this.#node;
    const wanted = { ...lab, ...change };
    const followers = this.#node.peers.length;
    if (!isWhole(wanted.writeQuorum) || wanted.writeQuorum > followers) {
      throw invalid(
        "writeQuorum",
        `writeQuorum must be a whole number from 0 to ${followers}, the number of followers.`,
      );
    }
    for (const field of ["minDelayMs", "maxDelayMs"] as const) {
      if (!(wanted[field] >= 0 && wanted[field] <= DELAY_MS_MAX)) {
        const name = field.slice(0, -2);
        throw invalid(name, `${name} must be a delay from 0ms to ${DELAY_MS_MAX / 1000}s.`);
      }
    }
    if (wanted.minDelayMs > wanted.maxDelayMs) {
      throw invalid("minDelay", "minDelay must not be above maxDelay.");
    }
    Object.assign(lab, wanted);
    leader.labChanged();
    return this.config();
  }

  async promote(_options: { readonly force: boolean }): Promise<void> {
    if (this.#node.leader === undefined) {
      throw new KvError({ code: "unsafe", message: "This node can't take over yet." });
    }
  }

  digest(): { keys: number; digest: string } {
    const group = this.#node.leader ?? this.#node.follower;
    const digest = group?.replica.digest();
    return { keys: digest?.keys ?? 0, digest: digest?.toHex() ?? "" };
  }

  readiness(): Readiness {
    const { leader, follower, stopping } = this.#node;
    if (stopping) {
      return { ready: false, reason: "This node is stopping." };
    }
    if (leader !== undefined) {
      const { refusal } = leader;
      return refusal === undefined ? { ready: true } : { ready: false, reason: refusal.message };
    }
    if (follower?.led !== true) {
      return { ready: false, reason: "No leader is connected." };
    }
    return follower.synced
      ? { ready: true }
      : { ready: false, reason: "Catching up with the leader." };
  }

  replicateByHand(item: { key: string; value: string; version?: number }): void {
    const { follower } = this.#node;
    if (follower === undefined) {
      throw new KvError({
        code: "not_follower",
        message: "This node is the leader, and only followers take entries made by hand.",
        outcome: "refused",
      });
    }
    follower.putByHand({ ...item, version: item.version });
  }

  #leader(): GroupLeader {
    const { leader, leaderAddress } = this.#node;
    if (leader !== undefined) {
      return leader;
    }
    throw new KvError({
      code: "not_leader",
      message:
        leaderAddress === null
          ? "This node is a follower and has not heard of a leader yet; ask the leader."
          : `This node is a follower; ask the leader at ${leaderAddress}.`,
      outcome: "refused",
      details: leaderAddress === null ? {} : { leader: leaderAddress },
    });
  }

  #writableLeader(): GroupLeader {
    const leader = this.#leader();
    if (this.#node.stopping) {
      throw new KvError({
        code: "stopping",
        message: "This node is stopping and accepts no more writes; try again when it is back.",
        outcome: "refused",
      });
    }
    return leader;
  }

  #readableReplica() {
    const { leader, follower } = this.#node;
    const replica = (leader ?? follower)?.replica;
    if (replica === undefined || (follower?.blank === true && replica.keys === 0)) {
      throw new KvError({
        code: "recovering",
        message: "This node has just started and holds nothing yet; try again when it is synced.",
      });
    }
    return replica;
  }
}

function isWhole(value: unknown): boolean {
  return typeof value === "number" && Number.isInteger(value) && value >= 0;
}

function invalid(field: string, message: string): KvError {
  return new KvError({ code: "invalid_request", message, outcome: "refused", details: { field } });
}
