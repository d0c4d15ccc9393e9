/** `GET /status`, all that a controller knows, and `GET /events`, what has happened lately. */
import { Elysia } from "elysia";
import { generationOf } from "../../core/epoch.ts";
import { jsonOf } from "../answers.ts";
import { invalidRequest } from "../body.ts";
import { describeRoute } from "../openapi.ts";
import { strictQuery } from "../query.ts";
import type { ControllerParts } from "./parts.ts";
import { PARTITION_STATES } from "./service.ts";
import { WORKER_EXAMPLE, WORKER_SCHEMA } from "./workers.ts";

/** Both are for people and their tools; workers hear what they need in answers to heartbeats. */
export function status({ service }: ControllerParts) {
  return new Elysia({ name: "controller-status" })
    .get(
      "/status",
      ({ request }) => {
        // Whoever asks a node of a group whether to send its data may ask a controller too.
        strictQuery(request.url, ["data"]);
        const { partitions, ...rest } = service.status();
        const shown = partitions.map(({ epoch, ...partition }) => {
          return { ...partition, epoch: epoch === null ? null : generationOf(epoch) };
        });
        return jsonOf({ ...rest, partitions: shown });
      },
      { detail: STATUS_DOC },
    )
    .get(
      "/events",
      ({ request }) => {
        const after = readNumber(strictQuery(request.url, ["after"]).get("after"));
        return jsonOf({ events: service.events(after) });
      },
      { detail: EVENTS_DOC },
    );
}

function readNumber(text: string | undefined): number {
  if (text === undefined) return 0;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw invalidRequest("The parameter after must be the number of an event, such as 42.", {
    field: "after",
  });
}

const EVENT_EXAMPLE = {
  number: 42,
  at: "2025-01-01T12:00:00.000Z",
  type: "worker_down",
  message: "w2 has not been heard for 6s.",
  worker: "w2",
};

const EVENTS_SCHEMA = {
  type: "array",
  items: {
    type: "object",
    required: ["number", "at", "type", "message"],
    properties: {
      number: { type: "integer" },
      at: { type: "string", format: "date-time" },
      type: { type: "string" },
      message: { type: "string", description: "One sentence." },
      worker: { type: "string" },
      partition: { type: "integer" },
    },
  },
};

const EVENTS_DOC = describeRoute({
  tag: "cluster",
  summary: "What has happened lately",
  description: "At most the last 200 events, oldest first; `after` leaves out what is known.",
  parameters: [
    {
      name: "after",
      in: "query",
      description: "Only events with a higher number.",
      example: 41,
      schema: { type: "integer", default: 0 },
    },
  ],
  answers: {
    200: {
      description: "The events.",
      schema: { type: "object", required: ["events"], properties: { events: EVENTS_SCHEMA } },
      example: { events: [EVENT_EXAMPLE] },
    },
  },
  errors: ["invalid_request"],
});

const MEMBER_EXAMPLE = {
  id: "w1",
  address: "http://worker1:8001",
  role: "primary",
  state: "synced",
  lagEntries: 0,
};

const PARTITION_SCHEMA = {
  type: "object",
  required: ["partition", "generation", "epoch", "primary", "members", "state", "missing"],
  properties: {
    partition: { type: "integer" },
    generation: { type: "integer", description: "The number of the decision that holds." },
    epoch: { type: "integer", nullable: true, description: "As its primary reports it." },
    primary: { type: "string", nullable: true, description: "The worker's id." },
    members: { type: "array", items: { type: "object" } },
    state: { type: "string", enum: PARTITION_STATES },
    missing: { type: "array", items: { type: "string" } },
  },
};

const STATUS_DOC = describeRoute({
  tag: "cluster",
  summary: "The whole cluster",
  description:
    "`cluster` holds from the cluster's first day on, and is null before the first worker " +
    "registers. Of each partition: who keeps it as what, its `state`, and `missing`, the workers " +
    "without which it can't go on. `moving` are copies that are being brought up to date, " +
    "`refused` heartbeats that were refused lately, `problem` why nothing can be decided.",
  answers: {
    200: {
      description: "What the controller knows now.",
      schema: {
        type: "object",
        required: ["node", "role", "cluster", "workers", "partitions", "moving", "events"],
        properties: {
          node: { type: "string" },
          role: { type: "string", enum: ["controller"] },
          cluster: { type: "object", nullable: true },
          mapVersion: { type: "integer" },
          uptimeMs: { type: "number" },
          workers: { type: "array", items: WORKER_SCHEMA },
          partitions: { type: "array", items: PARTITION_SCHEMA },
          moving: { type: "array", items: { type: "object" } },
          refused: { type: "array", items: { type: "object" } },
          events: EVENTS_SCHEMA,
          problem: { type: "string", nullable: true },
        },
      },
      example: {
        node: "controller",
        role: "controller",
        cluster: {
          id: "5f0c7a9be1d24c11",
          name: "kvnode",
          partitions: 64,
          replicas: 3,
          writeQuorum: 2,
        },
        mapVersion: 7,
        uptimeMs: 60_000,
        workers: [WORKER_EXAMPLE],
        partitions: [
          {
            partition: 0,
            generation: 1,
            epoch: 1,
            primary: "w1",
            members: [MEMBER_EXAMPLE],
            state: "ok",
            missing: [],
          },
        ],
        moving: [{ partition: 3, worker: "w2", since: EVENT_EXAMPLE.at }],
        refused: [],
        events: [EVENT_EXAMPLE],
        problem: null,
      },
    },
  },
  errors: ["invalid_request"],
});
