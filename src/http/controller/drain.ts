/** `POST /admin/drain`: what `kvnode drain` calls. */
import { Elysia } from "elysia";
import { jsonOf } from "../answers.ts";
import { invalidRequest, onlyFields, parseFields, readBody } from "../body.ts";
import { describeRoute } from "../openapi.ts";
import { strictQuery } from "../query.ts";
import type { ControllerParts } from "./parts.ts";
import { WORKER_EXAMPLE, WORKER_SCHEMA } from "./workers.ts";

/** Answers when it is stored; the partitions move afterwards. */
export function drain(parts: ControllerParts) {
  return new Elysia({ name: "controller-drain" }).post(
    "/admin/drain",
    async ({ request }) => {
      strictQuery(request.url, []);
      const fields = parseFields(await readBody(request, parts));
      onlyFields(fields, ["worker", "undo"]);
      const undo = fields.has("undo") && readBoolean(fields, "undo");
      return jsonOf(await parts.service.drain(readText(fields, "worker"), !undo));
    },
    { parse: "none", detail: DOC },
  );
}

function readText(fields: ReadonlyMap<string, string>, name: string): string {
  const value: unknown = JSON.parse(fields.get(name) ?? "null");
  if (typeof value === "string" && value !== "") return value;
  throw invalidRequest(`The field "${name}" must be the id of a worker, such as "w1".`, {
    field: name,
  });
}

function readBoolean(fields: ReadonlyMap<string, string>, name: string): boolean {
  const value: unknown = JSON.parse(fields.get(name) ?? "null");
  if (typeof value === "boolean") return value;
  throw invalidRequest(`The field "${name}" must be true or false.`, { field: name });
}

const DOC = describeRoute({
  tag: "cluster",
  summary: "Empty a worker, or stop doing so",
  description:
    "Its copies move to others, each once the new one is up to date, and it gets no new ones. " +
    "The order is stored. With `undo` the worker gets its share back.",
  body: {
    schema: {
      type: "object",
      additionalProperties: false,
      required: ["worker"],
      properties: {
        worker: { type: "string", description: "The worker's id." },
        undo: { type: "boolean", default: false },
      },
    },
    example: { worker: "w1" },
  },
  answers: {
    200: {
      description: "It is stored; the worker as it is now.",
      schema: WORKER_SCHEMA,
      example: { ...WORKER_EXAMPLE, status: "draining" },
    },
  },
  errors: ["invalid_request", "not_found", "unsafe", "too_large", "storage_failed", "stopping"],
});
