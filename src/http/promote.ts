/** `POST /admin/promote`: this node takes over its group. */
import { Elysia } from "elysia";
import { generationOf } from "../core/epoch.ts";
import { jsonOf } from "./answers.ts";
import { onlyFields, parseFields, readBody } from "./body.ts";
import { readForce } from "./config.ts";
import { describeRoute } from "./openapi.ts";
import type { HttpParts } from "./parts.ts";
import { strictQuery } from "./query.ts";

/** The call that `kvnode promote` makes; it answers when the node leads. */
export function promote(parts: HttpParts) {
  const { service } = parts;
  return new Elysia({ name: "promote" }).post(
    "/admin/promote",
    async ({ request }) => {
      strictQuery(request.url, []);
      await service.promote({ force: readForced(await readBody(request, parts)) });
      const { node, role, epoch, leader } = service.status();
      return jsonOf({ node, role, epoch: generationOf(epoch), leader });
    },
    { parse: "none", detail: DOC },
  );
}

function readForced(text: string): boolean {
  if (text.trim() === "") return false;
  const fields = parseFields(text);
  onlyFields(fields, ["force"]);
  return readForce(fields);
}

const DOC = describeRoute({
  tag: "cluster",
  summary: "Make this node the leader",
  description:
    "The node asks the others for their promises, takes the newest state from them and leads in " +
    "a new epoch; the old leader, where it lives, becomes a follower. 409 `unsafe` changes " +
    "nothing and names in `missing` the nodes whose promise is needed so that no acknowledged " +
    "write can be lost. With `force` it goes on without them, which is logged as possible loss. " +
    "A node that leads already answers at once.",
  body: {
    required: false,
    schema: {
      type: "object",
      additionalProperties: false,
      properties: { force: { type: "boolean", default: false } },
    },
    example: { force: false },
  },
  answers: {
    200: {
      description: "It leads.",
      schema: {
        type: "object",
        required: ["node", "role", "epoch", "leader"],
        properties: {
          node: { type: "string" },
          role: { type: "string", enum: ["leader"] },
          epoch: { type: "integer" },
          leader: { type: "string", description: "This node's own address." },
        },
      },
      example: { node: "follower1", role: "leader", epoch: 2, leader: "http://127.0.0.1:5001" },
    },
  },
  errors: ["invalid_request", "unsafe", "too_large", "recovering", "storage_failed", "stopping"],
});
