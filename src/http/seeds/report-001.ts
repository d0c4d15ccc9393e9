/**
 * Report 001: `POST /write`, as JSON or as query parameters, and `GET /read?key=`. Report 003 has
 * the same two calls; its integer `version` stands beside.
 */
import { Elysia } from "elysia";
import type { KvError } from "../../base/errors.ts";
import { errorFields, jsonOf, jsonText, quote } from "../answers.ts";
import { checkKey } from "../keys.ts";
import { ANY_VALUE, describeRoute } from "../openapi.ts";
import type { HttpParts } from "../parts.ts";
import { queryOf } from "../query.ts";
import { answering, isQuorumFailure, readItemOrQuery, requiredParameter } from "./dialect.ts";
import { failure, ITEM_SCHEMA } from "./dialect-docs.ts";

/** The calls of report 001. */
export function report001(parts: HttpParts) {
  const { service, writes } = parts;
  const node = quote(service.nodeId);

  const write = answering(parts, toError, async (request) => {
    const { key, value } = await readItemOrQuery(request, parts);
    const { entry, acks } = await writes.write(key, value);
    return jsonText(
      `{"status":"success","key":${quote(key)},"value":${value},"node":${node},` +
        `"version":${entry.sequence},"acks":${acks}}`,
    );
  });

  const read = answering(parts, toError, async (request) => {
    const key = checkKey(requiredParameter(queryOf(request.url), "key"));
    const entry = await service.readLocal(key);
    if (entry?.value === undefined) {
      const message = "There is no such key.";
      return jsonOf({ status: "error", error: "not_found", detail: message, message, key }, 404);
    }
    return jsonText(
      `{"key":${quote(key)},"value":${entry.value},"node":${node},"version":${entry.sequence}}`,
    );
  });

  return new Elysia({ name: "report-001" })
    .post("/write", write, { parse: "none", detail: WRITE_DOC })
    .get("/read", read, { detail: READ_DOC });
}

/** `detail` is where report 001's framework puts its sentence. */
function toError(error: KvError): Response {
  const fields = { ...errorFields(error), status: "error", detail: error.message };
  return jsonOf(fields, isQuorumFailure(error) ? 503 : error.status);
}

const FAILED = { status: "error", error: "invalid_request", detail: "The key is empty." };

const WRITE_DOC = describeRoute({
  tag: "report 001",
  summary: "Write a value (reports 001 and 003)",
  description:
    "Key and value as JSON or as query parameters, where the value is a text. A failed quorum is " +
    "503 here; `outcome` says whether the write may survive.",
  parameters: [
    { name: "key", in: "query", description: "Instead of the body.", example: "greeting" },
    { name: "value", in: "query", description: "Instead of the body.", example: "hello" },
  ],
  body: { required: false, schema: ITEM_SCHEMA, example: { key: "greeting", value: "hello" } },
  answers: {
    200: {
      description: "Acknowledged.",
      schema: {
        type: "object",
        properties: {
          status: { type: "string" },
          key: { type: "string" },
          value: ANY_VALUE,
          node: { type: "string" },
          version: { type: "integer" },
          acks: { type: "integer" },
        },
      },
      example: {
        status: "success",
        key: "greeting",
        value: "hello",
        node: "leader",
        version: 42,
        acks: 3,
      },
    },
    400: failure("Bad input.", FAILED),
    403: failure("Not the leader.", { ...FAILED, error: "not_leader", detail: "A follower." }),
    413: failure("The value is too large.", {
      ...FAILED,
      error: "too_large",
      detail: "Too large.",
    }),
    503: failure("The quorum failed, or the node is not ready.", {
      ...FAILED,
      error: "quorum_timeout",
      detail: "Only 2 of 3 followers acknowledged in time; the write may survive.",
      outcome: "indeterminate",
    }),
  },
});

const READ_DOC = describeRoute({
  tag: "report 001",
  summary: "Read what this node holds (reports 001 and 003)",
  parameters: [
    { name: "key", in: "query", required: true, description: "The key.", example: "greeting" },
  ],
  answers: {
    200: {
      description: "The value.",
      schema: {
        type: "object",
        properties: {
          key: { type: "string" },
          value: ANY_VALUE,
          node: { type: "string" },
          version: { type: "integer" },
        },
      },
      example: { key: "greeting", value: "hello", node: "follower1", version: 42 },
    },
    400: failure("Bad input.", FAILED),
    404: failure("No such key.", {
      ...FAILED,
      error: "not_found",
      detail: "There is no such key.",
    }),
    503: failure("Nothing known yet.", { ...FAILED, error: "recovering", detail: "Try again." }),
  },
});
