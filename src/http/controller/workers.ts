/** `GET /workers`: who has registered, and who lives. */
import { Elysia } from "elysia";
import { jsonOf } from "../answers.ts";
import { describeRoute } from "../openapi.ts";
import { strictQuery } from "../query.ts";
import type { ControllerParts } from "./parts.ts";

/** All of them, by slot. */
export function workers({ service }: ControllerParts) {
  return new Elysia({ name: "controller-workers" }).get(
    "/workers",
    ({ request }) => {
      strictQuery(request.url, []);
      return jsonOf({ workers: service.workers() });
    },
    { detail: DOC },
  );
}

/** One worker, as `/workers` and `/status` show it. */
export const WORKER_EXAMPLE = {
  id: "w1",
  address: "http://worker1:8001",
  slot: 0,
  status: "up",
  heartbeatAgeMs: 312,
  partitions: 48,
  primaries: 16,
};

/** The same as a schema. */
export const WORKER_SCHEMA = {
  type: "object",
  required: Object.keys(WORKER_EXAMPLE),
  properties: {
    id: { type: "string" },
    address: { type: "string" },
    slot: { type: "integer", description: "Given once, never to another." },
    status: { type: "string", enum: ["up", "down", "draining"] },
    heartbeatAgeMs: {
      type: "number",
      nullable: true,
      description: "Null: not heard since this controller started.",
    },
    partitions: { type: "integer", description: "Of how many it keeps a copy." },
    primaries: { type: "integer", description: "Of how many it is the primary." },
  },
};

const DOC = describeRoute({
  tag: "cluster",
  summary: "The workers",
  description: "Every worker that has registered, with the age of its last heartbeat.",
  answers: {
    200: {
      description: "All of them.",
      schema: {
        type: "object",
        required: ["workers"],
        properties: { workers: { type: "array", items: WORKER_SCHEMA } },
      },
      example: { workers: [WORKER_EXAMPLE] },
    },
  },
  errors: ["invalid_request"],
});
