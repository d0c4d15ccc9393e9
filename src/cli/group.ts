/** Finds all nodes of a group by asking one of them. */
import { CommandError, EXIT } from "./exit-code.ts";
import { NodeClient } from "./node-client.ts";

/** A node's own /status, as far as the commands look at it. */
export interface StatusAnswer {
  readonly node: string;
  readonly role: string;
  readonly leader: string | null;
  readonly epoch: number;
  readonly watermark: number | string;
  readonly commitWatermark: number | string;
  readonly writeQuorum: number | null;
  readonly minDelay: number | string;
  readonly maxDelay: number | string;
  readonly keys: number;
  readonly followers: readonly FollowerAnswer[];
}

/** What the leader says of one follower. */
export interface FollowerAnswer {
  readonly node: string;
  readonly address: string;
  readonly connected: boolean;
  readonly synced: boolean;
  readonly watermark: number | string;
  readonly lagEntries: number;
  readonly lagMs: number;
  readonly queueBytes: number;
}

/** One node of the group: what it says itself, and what its leader says of it. */
export interface Member {
  readonly address: string;
  /** Undefined where it did not answer. */
  readonly status: StatusAnswer | undefined;
  /** Why it did not answer, in one sentence. */
  readonly problem: string | undefined;
  /** Undefined for the leader, and where no leader answered. */
  readonly follower: FollowerAnswer | undefined;
}

export interface Group {
  /** The leader first, then its followers in its own order. */
  readonly members: readonly Member[];
  /** Where the leader is, as the node that was asked knows it; null where it knows none. */
  readonly leader: string | null;
}

/** Throws CommandError only when the node that is asked first does not answer. */
export async function findGroup(node: string, timeoutMs: number): Promise<Group> {
  const asked = await askMember(node, timeoutMs);
  if (asked.status === undefined) {
    throw new CommandError(asked.problem ?? `${node} does not answer.`, EXIT.unreachable);
  }
  if (asked.status.role === "leader") return withFollowers(asked, timeoutMs);
  const { leader } = asked.status;
  if (leader === null) return { members: [asked], leader };
  const first = await askMember(leader, timeoutMs);
  if (first.status?.role === "leader") return withFollowers(first, timeoutMs);
  return { members: [first, asked], leader };
}

async function withFollowers(leader: Member, timeoutMs: number): Promise<Group> {
  const followers = await Promise.all(
    (leader.status?.followers ?? []).map(async (follower) => ({
      ...(await askMember(follower.address, timeoutMs)),
      follower,
    })),
  );
  return { members: [leader, ...followers], leader: leader.address };
}

async function askMember(address: string, timeoutMs: number): Promise<Member> {
  try {
    const body = await new NodeClient(address, timeoutMs).get("/status?data=false");
    if (typeof body.node !== "string" || typeof body.role !== "string") {
      throw new CommandError(
        `${address} is no kvnode: its /status says no role.`,
        EXIT.unreachable,
      );
    }
    const status = body as unknown as StatusAnswer;
    return { address, status, problem: undefined, follower: undefined };
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return { address, status: undefined, problem: error.message, follower: undefined };
  }
}
