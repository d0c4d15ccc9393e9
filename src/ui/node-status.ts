/** What a node's `/status` says, as the page reads it. */

export interface FollowerStatus {
  readonly node: string;
  readonly address: string;
  readonly connected: boolean;
  readonly synced: boolean;
  readonly watermark: number;
  readonly lagEntries: number;
  readonly lagMs: number;
  readonly queueBytes: number;
}

export interface NodeStatus {
  readonly node: string;
  readonly address: string | null;
  /** leader, follower, candidate, or worker. */
  readonly role: string;
  /** URL. */
  readonly leader: string | null;
  readonly epoch: number;
  readonly synced: boolean;
  readonly watermark: number;
  readonly commitWatermark: number;
  readonly writeQuorum: number | null;
  readonly minDelay: string;
  readonly maxDelay: string;
  readonly keys: number;
  readonly followers: readonly FollowerStatus[];
  readonly blank: boolean;
  readonly durable: boolean;
  readonly members: readonly string[];
  readonly possibleLoss: readonly string[];
  /** Of a worker: how it stands with its controller, and why. */
  readonly controller: string | null;
  readonly controllerState: string | null;
  readonly controllerReason: string | null;
  /** Of a worker: of how many partitions it is the primary, and its copies. */
  readonly primaries: number;
  readonly partitions: readonly unknown[];
}

/** Before the first answer. */
export const UNKNOWN_NODE: NodeStatus = {
  node: "node",
  address: null,
  role: "node",
  leader: null,
  epoch: 0,
  synced: false,
  watermark: 0,
  commitWatermark: 0,
  writeQuorum: null,
  minDelay: "0ms",
  maxDelay: "0ms",
  keys: 0,
  followers: [],
  blank: false,
  durable: false,
  members: [],
  possibleLoss: [],
  controller: null,
  controllerState: null,
  controllerReason: null,
  primaries: 0,
  partitions: [],
};

/** Reads an answer; what a node of another role leaves out is as before the first answer. */
export function toNodeStatus(body: Readonly<Record<string, unknown>>): NodeStatus {
  const fields = Object.keys(UNKNOWN_NODE) as (keyof NodeStatus)[];
  const said = fields.filter((name) => body[name] !== undefined);
  const known = Object.fromEntries(said.map((name) => [name, body[name]]));
  return { ...UNKNOWN_NODE, ...(known as Partial<NodeStatus>) };
}
