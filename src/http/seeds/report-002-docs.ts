/** How report 002's calls are described in OpenAPI. */
import { ANY_VALUE, describeRoute, KEY_IN_PATH } from "../openapi.ts";
import { failure } from "./dialect-docs.ts";

const FAILED = { status: "error", reason: "The body is empty; send a JSON object." };
const PUT_FAILED = { ...FAILED, replicas_confirmed: 0 };

export const PUT_DOC = describeRoute({
  tag: "report 002",
  summary: "Write a value (report 002)",
  description: "A failed quorum is 500 here; `outcome` says whether the write may survive.",
  parameters: [KEY_IN_PATH],
  body: {
    schema: { type: "object", required: ["value"], properties: { value: ANY_VALUE } },
    example: { value: "hello" },
  },
  answers: {
    200: {
      description: "Acknowledged.",
      schema: {
        type: "object",
        properties: { status: { type: "string" }, replicas_confirmed: { type: "integer" } },
      },
      example: { status: "ok", replicas_confirmed: 3, key: "greeting", version: "1.42" },
    },
    400: failure("Bad input.", PUT_FAILED),
    403: failure("Not the leader.", { error: "not leader" }),
    413: failure("The value is too large.", { ...PUT_FAILED, reason: "The value is too large." }),
    500: failure("The quorum failed.", {
      status: "error",
      replicas_confirmed: 2,
      reason: "quorum not reached",
      outcome: "indeterminate",
    }),
    503: failure("Not ready to serve.", { ...PUT_FAILED, reason: "This node is stopping." }),
  },
});

export const QUORUM_DOC = describeRoute({
  tag: "report 002",
  summary: "Set the write quorum (report 002)",
  body: {
    schema: {
      type: "object",
      required: ["quorum"],
      properties: { quorum: { type: "integer", minimum: 0 } },
    },
    example: { quorum: 3 },
  },
  answers: {
    200: {
      description: "It holds from now on.",
      schema: {
        type: "object",
        properties: { status: { type: "string" }, quorum: { type: "integer" } },
      },
      example: { status: "ok", quorum: 3 },
    },
    400: failure("Bad input; nothing changed.", FAILED),
    403: failure("Not the leader.", { ...FAILED, reason: "This node is a follower." }),
  },
});

export const STORE_DOC = describeRoute({
  tag: "report 002",
  summary: "All keys and values (report 002)",
  description: "Streamed, in no order, while writes go on.",
  answers: {
    200: {
      description: "All live keys.",
      schema: {
        type: "object",
        properties: { store: { type: "object", additionalProperties: true } },
      },
      example: { store: { greeting: "hello" } },
    },
    503: failure("Nothing known yet.", { ...FAILED, reason: "Try again soon." }),
  },
});
