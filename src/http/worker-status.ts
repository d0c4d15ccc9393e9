/** `GET /status` of a worker: its copies, and how it stands with its controller. */
import { Elysia } from "elysia";
import { formatDuration } from "../base/duration.ts";
import { jsonOf } from "./answers.ts";
import { describeRoute } from "./openapi.ts";
import type { HttpParts } from "./parts.ts";
import { strictQuery } from "./query.ts";
import type { PartitionedService } from "./service.ts";

/** Costs a walk over the copies, and never over the keys. */
export function workerStatus({ address }: HttpParts, partitioned: PartitionedService) {
  return new Elysia({ name: "worker-status" }).get(
    "/status",
    ({ request }) => {
      // Who asks a node of a group whether to send its data may ask a worker too: it never does.
      strictQuery(request.url, ["data"]);
      const { node, role, keys, minDelayMs, maxDelayMs, ...rest } = partitioned.status();
      return jsonOf({
        node,
        address: address ?? null,
        role,
        keys,
        ...rest,
        minDelay: formatDuration(minDelayMs),
        maxDelay: formatDuration(maxDelayMs),
        node_type: role,
        data_count: keys,
      });
    },
    { detail: DOC },
  );
}

const COPY = {
  type: "object",
  required: ["partition", "generation", "role", "primary", "synced", "watermark"],
  properties: {
    partition: { type: "integer" },
    generation: { type: "integer", description: "Of what the controller has decided for it." },
    role: { type: "string", enum: ["primary", "candidate", "replica", "learner", "away"] },
    primary: { type: "string", nullable: true, description: "URL of who leads it." },
    synced: { type: "boolean" },
    blank: { type: "boolean" },
    watermark: { type: "integer" },
    commitWatermark: { type: "integer" },
    keys: { type: "integer" },
    followers: { type: "array", items: { type: "object" }, description: "At the primary." },
  },
};

const EXAMPLE = {
  node: "w1",
  address: "http://worker1:8001",
  role: "worker",
  keys: 1,
  controller: "http://controller:8000",
  controllerState: "heard",
  controllerReason: null,
  cluster: { id: "5f0c1d2e3a4b5c6d", name: "kvnode", partitions: 64, replicas: 3, writeQuorum: 2 },
  durable: true,
  primaries: 1,
  partitions: [
    {
      partition: 7,
      generation: 1,
      role: "primary",
      primary: "http://worker1:8001",
      synced: true,
      blank: false,
      watermark: 42,
      commitWatermark: 42,
      keys: 1,
      followers: [{ worker: "w2", connected: true, synced: true, lagEntries: 0 }],
    },
  ],
  possibleLoss: [],
  minDelay: "0ms",
  maxDelay: "0ms",
  node_type: "worker",
  data_count: 1,
};

const DOC = describeRoute({
  tag: "cluster",
  summary: "Status of this worker and its copies",
  description:
    "`cluster` is null until a controller has taken the worker in; `controllerState` says how it " +
    "stands with it now, and `controllerReason` why where that is `lost` or `refused`: reads and " +
    "writes go on meanwhile. The controller's `/status` shows the whole cluster.",
  parameters: [
    {
      name: "data",
      in: "query",
      description: "Ignored: a worker's status never holds keys and values.",
      example: false,
      schema: { type: "boolean" },
    },
  ],
  answers: {
    200: {
      description: "What the worker knows now.",
      schema: {
        type: "object",
        required: ["node", "role", "controller", "cluster", "partitions"],
        properties: {
          node: { type: "string" },
          address: { type: "string", nullable: true },
          role: { type: "string", enum: ["worker"] },
          keys: { type: "integer" },
          controller: { type: "string" },
          controllerState: { type: "string", enum: ["none", "heard", "lost", "refused"] },
          controllerReason: { type: "string", nullable: true },
          cluster: { type: "object", nullable: true },
          durable: { type: "boolean" },
          primaries: { type: "integer" },
          partitions: { type: "array", items: COPY },
          possibleLoss: { type: "array", items: { type: "string" } },
        },
      },
      example: EXAMPLE,
    },
  },
  errors: ["invalid_request"],
});
