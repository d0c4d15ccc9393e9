/**
 * What a group can reach at most, from what its parts cost alone.
 *
 * A closed loop with enough clients is bounded by four things, and the lowest of them decides:
 *
 * 1. The processor. Driver, leader and followers share `cores`. A write takes of them
 *      driver    one request made and one answer read
 *      http      its HTTP at the leader, and all that a lone node does with it
 *      leader    encode the entry once, count every follower's acknowledgement of it
 *      messages  each message to a follower and each acknowledgement, at both ends. What a turn of
 *                the event loop brought is one message, so with b entries in a message a write
 *                takes 1/b of one for each follower; how many there were, the nodes' own metrics
 *                say, and their bytes
 *      followers take the entry in, each of them
 *      disk      on disk: a commit's own work, c entries in one, at leader and followers
 *    and cores / Σ writes a second fit in. Nobody else on the machine may want anything, and no
 *    core may ever wait for another: no run reaches it.
 * 2. One thread. A node is one event loop, and the driver another: a second holds no more writes
 *    than fit into the one with most to do. On disk the leader's loop also stands still during each
 *    of its commits.
 * 3. The disk, which can sync only so often for all nodes together; a write needs 1/c of a sync of
 *    each node.
 * 4. The round trips: N clients have N writes under way, and none is answered before client and
 *    leader, leader and follower have heard of each other, and on disk a commit is done (leader's
 *    and followers' at the same time). N / that time.
 *
 * A read is the driver's request and a lone node's answer. All times are microseconds.
 */

/** What the parts cost alone, at one number of connections. */
export interface PartCosts {
  readonly driverPut: number;
  readonly driverGet: number;
  /** At a lone node, and at a bare server that answers the same to everything. */
  readonly nodePut: number;
  readonly nodeGet: number;
  readonly barePut: number;
  readonly bareGet: number;
  readonly encodeEntry: number;
  readonly countAcknowledgements: number;
  readonly takeEntry: number;
  /** One message and its answer: at the leader's end and at a follower's, and for each KiB. */
  readonly leaderMessage: number;
  readonly followerMessage: number;
  readonly leaderKib: number;
  readonly followerKib: number;
  /** From a send to the answer of somebody who answers at once. */
  readonly roundTrip: number;
  /** A commit of the leader and of a follower, as many entries as theirs had; 0 in memory. */
  readonly commit: number;
  readonly commitCpu: number;
  readonly followerCommitCpu: number;
  /** Syncs a second of all nodes together. */
  readonly syncsPerSecond: number;
}

/** What a run did for each of its writes, by the nodes' own metrics. */
export interface Traffic {
  readonly followers: number;
  /** Messages of the leader to all followers, and theirs to it. */
  readonly sentMessages: number;
  readonly receivedMessages: number;
  readonly sentKib: number;
  /** Of the leader; of all followers together; 0 in memory. */
  readonly leaderCommits: number;
  readonly followerCommits: number;
}

export const LIMITS = ["processor", "leader’s thread", "driver’s thread", "disk", "round trips"];

export interface Prediction {
  /** Microseconds of processor time for each operation, by part. */
  readonly shares: ReadonlyMap<string, number>;
  /** Operations a second that each bound allows. */
  readonly bounds: ReadonlyMap<string, number>;
  /** The lowest of them, and which it is. */
  readonly perSecond: number;
  readonly limit: string;
}

const SECOND = 1e6;

/** Writes, acknowledged by the quorum, by this many clients at once. */
export function predictWrites(
  costs: PartCosts,
  traffic: Traffic,
  machine: { readonly cores: number; readonly clients: number },
): Prediction {
  const { followers, sentMessages, receivedMessages, sentKib } = traffic;
  // A measured message is one there and one back: half of it for each way.
  const exchanges = (sentMessages + receivedMessages) / 2;
  const leaderMessages = exchanges * costs.leaderMessage + sentKib * costs.leaderKib;
  const followerMessages = exchanges * costs.followerMessage + sentKib * costs.followerKib;
  const leaderCommits = traffic.leaderCommits * costs.commitCpu;
  const leaderEntries = costs.encodeEntry + costs.countAcknowledgements;
  const shares = new Map([
    ["driver", costs.driverPut],
    ["HTTP and its work at the leader", costs.nodePut],
    ["entry at the leader", leaderEntries],
    ["messages at the leader", leaderMessages],
    ["messages at the followers", followerMessages],
    ["entry at the followers", followers * costs.takeEntry],
    ["commits", leaderCommits + traffic.followerCommits * costs.followerCommitCpu],
  ]);
  // During a commit the loop stands still, whether the processor works or the disk does.
  const standsStill = traffic.leaderCommits * costs.commit;
  const leader = costs.nodePut + leaderEntries + leaderMessages + standsStill;
  const syncs = traffic.leaderCommits + traffic.followerCommits;
  const latency = 2 * costs.roundTrip + costs.commit;
  return lowestOf(shares, [
    ["processor", (machine.cores * SECOND) / sumOf(shares)],
    ["leader’s thread", SECOND / leader],
    ["driver’s thread", SECOND / costs.driverPut],
    ["disk", syncs === 0 ? Number.POSITIVE_INFINITY : costs.syncsPerSecond / syncs],
    ["round trips", (machine.clients * SECOND) / latency],
  ]);
}

/** Local reads at one node. */
export function predictReads(
  costs: PartCosts,
  machine: { readonly cores: number; readonly clients: number },
): Prediction {
  const shares = new Map([
    ["driver", costs.driverGet],
    ["HTTP and its work at the leader", costs.nodeGet],
  ]);
  return lowestOf(shares, [
    ["processor", (machine.cores * SECOND) / sumOf(shares)],
    ["leader’s thread", SECOND / costs.nodeGet],
    ["driver’s thread", SECOND / costs.driverGet],
    ["round trips", (machine.clients * SECOND) / costs.roundTrip],
  ]);
}

/**
 * The same with a node that does nothing itself: HTTP as Bun has it, messages as its sockets have
 * them, syncs as the disk has them. No code on this runtime passes it with these messages.
 */
export function withoutOwnWork(costs: PartCosts): PartCosts {
  return {
    ...costs,
    ...{ nodePut: costs.barePut, nodeGet: costs.bareGet },
    ...{ encodeEntry: 0, countAcknowledgements: 0, takeEntry: 0 },
  };
}

function lowestOf(
  shares: ReadonlyMap<string, number>,
  bounds: readonly (readonly [string, number])[],
): Prediction {
  const [limit = "", perSecond = Number.NaN] =
    [...bounds].sort(([, one], [, other]) => one - other)[0] ?? [];
  return { shares, bounds: new Map(bounds), perSecond, limit };
}

function sumOf(shares: ReadonlyMap<string, number>): number {
  return [...shares.values()].reduce((sum, each) => sum + each, 0);
}
