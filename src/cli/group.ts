/** Finds all nodes of a group by asking one of them, whether or not anybody leads. */
import { CommandError, EXIT } from "./exit-code.ts";
import { NodeClient } from "./node-client.ts";

/** A node's own /status, as far as the commands look at it. */
export interface StatusAnswer {
  readonly node: string;
  /** The URL under which others reach it. */
  readonly address: string | null;
  readonly role: "leader" | "follower" | "candidate";
  readonly leader: string | null;
  readonly epoch: number;
  readonly synced: boolean;
  readonly blank: boolean;
  readonly watermark: number;
  readonly commitWatermark: number;
  readonly writeQuorum: number | null;
  readonly minDelay: number | string;
  readonly maxDelay: number | string;
  readonly keys: number;
  readonly followers: readonly FollowerAnswer[];
  readonly members: readonly string[];
  readonly possibleLoss: readonly string[];
}

/** What the leader says of one follower. */
export interface FollowerAnswer {
  readonly node: string;
  readonly address: string;
  readonly connected: boolean;
  readonly synced: boolean;
  readonly watermark: number;
  readonly lagEntries: number;
  readonly lagMs: number;
  readonly queueBytes: number;
}

/** One node of the group: what it says itself, and what its leader says of it. */
export interface Member {
  /** What others call it. */
  readonly address: string;
  /** Where it was asked, which may be another way to the same node. */
  readonly url: string;
  /** Undefined where it did not answer. */
  readonly status: StatusAnswer | undefined;
  /** Why it did not answer, in one sentence. */
  readonly problem: string | undefined;
  /** Undefined for the leader, and where no leader answered. */
  readonly follower: FollowerAnswer | undefined;
}

export interface Group {
  /** The leader first, where one answers; then the others as the nodes list them. */
  readonly members: readonly Member[];
  /** Who leads: of several who say so, the one of the highest epoch. */
  readonly leader: Member | undefined;
  /** Where the node that was asked believes the leader to be; null where it knows none. */
  readonly believed: string | null;
}

/** No group has more nodes; a stranger's answer must not send us around for ever. */
const MEMBERS_MAX = 64;

/** Throws CommandError only when the node that is asked first does not answer. */
export async function findGroup(node: string, timeoutMs: number): Promise<Group> {
  const asked = await askMember(node, timeoutMs);
  if (asked.status === undefined) {
    throw new CommandError(asked.problem ?? `${node} does not answer.`, EXIT.unreachable);
  }
  const members = await askAll(asked, timeoutMs);
  const leader = leaderOf(members);
  const views = new Map(leader?.status?.followers.map((view) => [view.address, view]));
  const others = members
    .filter((member) => member !== leader)
    .map((member) => ({ ...member, follower: views.get(member.address) }));
  return {
    members: leader === undefined ? others : [leader, ...others],
    leader,
    believed: asked.status.leader,
  };
}

/** Everybody of whom anybody who answers has heard, in the order in which they are listed. */
async function askAll(asked: Member, timeoutMs: number): Promise<readonly Member[]> {
  const found = new Map([[asked.address, asked]]);
  for (;;) {
    const heard = new Set([...found.values()].flatMap(addressesOf));
    const next = [...heard].filter((address) => !found.has(address)).slice(0, MEMBERS_MAX);
    if (next.length === 0 || found.size > MEMBERS_MAX) {
      const order = [...heard];
      return [...found.values()].sort(
        (a, b) => order.indexOf(a.address) - order.indexOf(b.address),
      );
    }
    const answers = await Promise.all(next.map((address) => askMember(address, timeoutMs)));
    // Under the address by which it was heard of: two nodes that say the same are still two.
    answers.forEach((member, index) => {
      const address = next[index] ?? member.address;
      found.set(address, { ...member, address });
    });
  }
}

function addressesOf({ status }: Member): readonly string[] {
  if (status === undefined) return [];
  const leader = status.leader === null ? [] : [status.leader];
  return [...status.members, ...leader, ...status.followers.map(({ address }) => address)];
}

function leaderOf(members: readonly Member[]): Member | undefined {
  return members
    .filter(({ status }) => status?.role === "leader")
    .sort((a, b) => (b.status?.epoch ?? 0) - (a.status?.epoch ?? 0))[0];
}

/** A node is known by the address that it tells others, whatever name it was asked under. */
async function askMember(address: string, timeoutMs: number): Promise<Member> {
  try {
    const body = await new NodeClient(address, timeoutMs).get("/status?data=false");
    if (typeof body.role !== "string" || !Array.isArray(body.members)) {
      throw new CommandError(
        `${address} is no kvnode, or of another version: its /status says no role or members.`,
        EXIT.unreachable,
      );
    }
    const status = body as unknown as StatusAnswer;
    return {
      address: status.address ?? address,
      url: address,
      status,
      problem: undefined,
      follower: undefined,
    };
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    const { message } = error;
    return { address, url: address, status: undefined, problem: message, follower: undefined };
  }
}
