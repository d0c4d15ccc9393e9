/** `POST /heartbeat`: how workers register, say that they live, and hear what is decided. */
import { Elysia } from "elysia";
import { KvError } from "../../base/errors.ts";
import { jsonOf } from "../answers.ts";
import { type BodyLimits, invalidRequest, readBody } from "../body.ts";
import { describeRoute } from "../openapi.ts";
import { readHeartbeat } from "./heartbeat-body.ts";
import type { ControllerParts } from "./parts.ts";

/** Reports of 65,536 copies, with room. */
const HEARTBEAT_BYTES_MAX = 64 * 1024 ** 2;

/** `status` stands in the answer for clients of report 004. */
export function heartbeat(parts: ControllerParts) {
  const { service, bodies } = parts;
  return new Elysia({ name: "controller-heartbeat" }).post(
    "/heartbeat",
    async ({ request }) => {
      const text = await readLarge(request, { maxValueBytes: HEARTBEAT_BYTES_MAX, bodies });
      const answer = await service.heartbeat(readHeartbeat(text));
      return jsonOf({ status: "ok", ...answer });
    },
    { parse: "none", detail: DOC },
  );
}

async function readLarge(request: Request, limits: BodyLimits): Promise<string> {
  try {
    return await readBody(request, limits);
  } catch (error) {
    if (error instanceof KvError && error.code === "too_large") {
      throw invalidRequest("The heartbeat is larger than 64 MiB; send reports of own copies only.");
    }
    throw error;
  }
}

const BODY_SCHEMA = {
  type: "object",
  required: ["id", "address"],
  properties: {
    id: { type: "string", description: "The worker's name, its own for good." },
    address: { type: "string", description: "Where the others reach it." },
    protocol: { type: "integer", default: 1 },
    cluster: { type: "string", description: "Another one than the controller's is refused." },
    instance: { type: "string", description: "Another one means that it was restarted." },
    clusterId: { type: "string", description: "The cluster that its data belongs to." },
    settings: {
      type: "object",
      description: "partitions, replicas and writeQuorum, as it has them.",
    },
    mapVersion: { type: "integer", default: 0, description: "The newest that it has taken in." },
    stopping: { type: "boolean", default: false },
    copies: {
      type: "array",
      items: { type: "object" },
      description: "What it says of its copies.",
    },
    complete: { type: "boolean", default: false, description: "`copies` are all that it has." },
  },
};

const DOC = describeRoute({
  tag: "workers",
  summary: "A worker says that it lives",
  description:
    "A worker registers with its first heartbeat. The answer has the assignments that have " +
    "changed since `mapVersion`. What a worker says of itself makes it no copy of anything: that " +
    "counts only as primaries report it.",
  body: { schema: BODY_SCHEMA, example: { id: "w1", address: "http://worker1:8001" } },
  answers: {
    200: {
      description: "It is heard, and what follows from that is stored.",
      schema: {
        type: "object",
        required: ["status", "cluster", "mapVersion", "assignments", "wantsAll"],
        properties: {
          status: { type: "string", enum: ["ok"] },
          cluster: { type: "object" },
          mapVersion: { type: "integer" },
          assignments: { type: "array", items: { type: "object" } },
          wantsAll: { type: "boolean", description: "Send all reports with the next one." },
        },
      },
      example: {
        status: "ok",
        cluster: {
          id: "5f0c7a9be1d24c11",
          name: "kvnode",
          partitions: 64,
          replicas: 3,
          writeQuorum: 2,
        },
        mapVersion: 0,
        assignments: [],
        wantsAll: true,
      },
    },
  },
  errors: [
    ...(["invalid_request", "id_taken", "not_member", "unsafe", "overloaded"] as const),
    ...(["storage_failed", "stopping"] as const),
  ],
});
