/**
 * Report 003: `GET /ping`, and `POST /replicate` as all four reports have it. Its `/write` and
 * `/read` stand in report-001.ts, and `/dump` is canonical.
 */
import { Elysia } from "elysia";
import type { KvError } from "../../base/errors.ts";
import { errorFields, jsonOf } from "../answers.ts";
import { describeRoute } from "../openapi.ts";
import type { HttpParts } from "../parts.ts";
import { answering, readItemOrQuery, readVersion } from "./dialect.ts";
import { failure, ITEM_SCHEMA } from "./dialect-docs.ts";

/** The calls of report 003. */
export function report003(parts: HttpParts) {
  const { service } = parts;

  const replicate = answering(parts, replicateError, async (request) => {
    const { key, value, fields } = await readItemOrQuery(request, parts);
    const version = readVersion(fields.get("version"));
    await service.replicateByHand({ key, value, ...(version === undefined ? {} : { version }) });
    return jsonOf({ success: true, key, status: "replicated" });
  });

  return new Elysia({ name: "report-003" })
    .get("/ping", () => jsonOf({ status: "ok", node: service.nodeId }), { detail: PING_DOC })
    .post("/replicate", replicate, { parse: "none", detail: REPLICATE_DOC });
}

function replicateError(error: KvError): Response {
  const { error: code, ...rest } = errorFields(error);
  const fields = { ...rest, success: false, status: "error", error: error.message, code };
  return jsonOf(fields, error.status);
}

const PING_DOC = describeRoute({
  tag: "report 003",
  summary: "Is the process alive? (report 003)",
  answers: { 200: { description: "It is.", example: { status: "ok", node: "leader" } } },
});

const REPLICATE_DOC = describeRoute({
  tag: "report 003",
  summary: "Put an entry into a follower by hand (reports 000 to 003)",
  description:
    "For hand-made tests. A hand-made version n is 0.n, below every version of a leader; an " +
    "older one than what stands there changes nothing; none given means one above what stands " +
    "there by hand. Key, value and version may stand in the query instead, where the value is " +
    "a text.",
  parameters: [
    { name: "key", in: "query", description: "Instead of the body.", example: "greeting" },
    { name: "value", in: "query", description: "Instead of the body.", example: "hello" },
  ],
  body: {
    required: false,
    schema: {
      ...ITEM_SCHEMA,
      properties: { ...ITEM_SCHEMA.properties, version: { type: "integer", minimum: 1 } },
    },
    example: { key: "greeting", value: "hello", version: 7 },
  },
  answers: {
    200: {
      description: "Taken in, or older than what stands there.",
      schema: {
        type: "object",
        properties: {
          success: { type: "boolean" },
          key: { type: "string" },
          status: { type: "string" },
        },
      },
      example: { success: true, key: "greeting", status: "replicated" },
    },
    400: failure("Bad input.", { success: false, status: "error", error: "The key is empty." }),
    403: failure("A leader takes none.", { success: false, status: "error", error: "A leader." }),
    413: failure("The value is too large.", {
      success: false,
      status: "error",
      error: "Too large.",
    }),
  },
});
