/** `GET /status`: what this node is, and what it knows of its group. */
import { Elysia } from "elysia";
import { formatDuration } from "../base/duration.ts";
import { generationOf } from "../core/epoch.ts";
import { jsonText } from "./answers.ts";
import { invalidRequest } from "./body.ts";
import { describeRoute } from "./openapi.ts";
import type { HttpParts } from "./parts.ts";
import { strictQuery } from "./query.ts";
import type { NodeStatus } from "./service.ts";

/** More members of the answer, as JSON text without braces, and how to describe them. */
export interface StatusExtra {
  readonly members: (options: { withData: boolean }) => string;
  readonly example: Readonly<Record<string, unknown>>;
}

/** The status, with what another feature wants to stand in it. */
export function status({ service, address }: HttpParts, extra: StatusExtra) {
  return new Elysia({ name: "status" }).get(
    "/status",
    ({ request }) => {
      const withData = readFlag(strictQuery(request.url, ["data"]).get("data"));
      const canonical = JSON.stringify(statusFields(service.status(), address));
      return jsonText(`${canonical.slice(0, -1)},${extra.members({ withData })}}`);
    },
    { detail: docOf(extra) },
  );
}

/** The canonical fields of the answer. */
export function statusFields(status: NodeStatus, address: string | undefined) {
  const { node, minDelayMs, maxDelayMs, ...rest } = status;
  return {
    node,
    address: address ?? null,
    ...rest,
    epoch: generationOf(rest.epoch),
    promised: generationOf(rest.promised),
    minDelay: formatDuration(minDelayMs),
    maxDelay: formatDuration(maxDelayMs),
  };
}

function readFlag(text: string | undefined): boolean {
  if (text === undefined || text === "true") return true;
  if (text === "false") return false;
  throw invalidRequest("The parameter data must be true or false.", { field: "data" });
}

function docOf(extra: StatusExtra) {
  return describeRoute({
    tag: "cluster",
    summary: "Status of this node and its followers",
    description:
      "`followers` is empty at a follower; `lagEntries`, `lagMs` and `queueBytes` say how far " +
      "each is behind. `members` are the addresses of the whole group, as far as this node has " +
      "heard of them; a `blank` node never was synced or has lost what it held; `possibleLoss` " +
      "says in sentences what may have been lost, and is empty in good times. `node_type`, " +
      "`data_count` and `data` (at most 1,000 keys; `data_truncated`) are report 000's; " +
      "`?data=false` leaves the data out.",
    parameters: [
      {
        name: "data",
        in: "query",
        description: "Whether keys and values stand in the answer.",
        example: false,
        schema: { type: "boolean", default: true },
      },
    ],
    answers: {
      200: {
        description: "What the node knows now.",
        schema: SCHEMA,
        example: { ...EXAMPLE, ...extra.example },
      },
    },
    errors: ["invalid_request"],
  });
}

const SCHEMA = {
  type: "object",
  required: ["node", "role", "leader", "epoch", "watermark", "writeQuorum", "keys"],
  properties: {
    node: { type: "string" },
    address: { type: "string", nullable: true, description: "Where others reach this node." },
    role: {
      type: "string",
      enum: ["leader", "follower", "candidate"],
      description: "A candidate wants to lead and asks for promises.",
    },
    leader: { type: "string", nullable: true },
    epoch: { type: "integer" },
    synced: { type: "boolean" },
    watermark: { type: "integer" },
    commitWatermark: { type: "integer" },
    writeQuorum: { type: "integer", nullable: true },
    minDelay: { type: "string" },
    maxDelay: { type: "string" },
    keys: { type: "integer" },
    followers: { type: "array", items: { type: "object" } },
    blank: { type: "boolean" },
    durable: { type: "boolean", description: "What it holds survives its process." },
    promised: { type: "integer", description: "The highest epoch it has promised." },
    members: { type: "array", items: { type: "string" } },
    possibleLoss: { type: "array", items: { type: "string" } },
  },
};

const EXAMPLE = {
  node: "leader",
  address: "http://127.0.0.1:5000",
  role: "leader",
  leader: "http://127.0.0.1:5000",
  epoch: 1,
  synced: true,
  watermark: 42,
  commitWatermark: 42,
  writeQuorum: 3,
  keys: 1,
  followers: [
    {
      node: "follower1",
      address: "http://127.0.0.1:5001",
      connected: true,
      synced: true,
      watermark: 42,
      lagEntries: 0,
      lagMs: 0,
      queueBytes: 0,
    },
  ],
  blank: false,
  durable: true,
  promised: 1,
  members: ["http://127.0.0.1:5000", "http://127.0.0.1:5001"],
  possibleLoss: [],
  minDelay: "0.1ms",
  maxDelay: "1ms",
};
