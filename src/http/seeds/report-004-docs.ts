/** How report 004's calls at a worker are described in OpenAPI. */
import { ANY_VALUE, describeRoute, KEY_IN_PATH } from "../openapi.ts";
import { failure } from "./dialect-docs.ts";

const FAILED = { success: false, error: "invalid_request", detail: "The key is empty." };
const ELSEWHERE = {
  ...FAILED,
  error: "not_member",
  detail: "This worker keeps no copy of partition 7.",
};

export const KEYS_DOC = describeRoute({
  tag: "report 004",
  summary: "The keys of every copy that this worker holds (report 004)",
  description: "Streamed, in key order. GET /kv lists the keys of the whole cluster.",
  answers: {
    200: {
      description: "Live keys.",
      schema: {
        type: "object",
        required: ["keys"],
        properties: { keys: { type: "array", items: { type: "string" } } },
      },
      example: { keys: ["greeting"] },
    },
    503: failure("The disk fails.", { ...FAILED, error: "storage_failed", detail: "It is full." }),
  },
});

export const REPLICATE_KEY_DOC = describeRoute({
  tag: "report 004",
  summary: "Put an entry into this worker's copy by hand (report 004)",
  description:
    "As POST /replicate: a hand-made version n is 0.n, below every version of the cluster; an " +
    "older one than what stands there changes nothing, and linearizable reads never show one.",
  parameters: [KEY_IN_PATH],
  body: {
    schema: {
      type: "object",
      required: ["value"],
      additionalProperties: true,
      properties: { value: ANY_VALUE, version: { type: "integer", minimum: 1 } },
    },
    example: { value: "hello", version: 7 },
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
    400: failure("Bad input.", FAILED),
    403: failure("The primary takes none.", {
      ...FAILED,
      error: "not_follower",
      detail: "A primary.",
    }),
    409: failure("The key is not this worker's.", ELSEWHERE),
    413: failure("The value is too large.", {
      ...FAILED,
      error: "too_large",
      detail: "Too large.",
    }),
  },
});

export const PULL_DOC = describeRoute({
  tag: "report 004",
  summary: "Take from another worker what should be here and is newer there (report 004)",
  description:
    "Copies bring themselves up to date; this waits until that has happened for what the source " +
    "holds newer, and takes what was put there by hand. `pulled` counts the keys.",
  body: {
    schema: {
      type: "object",
      required: ["source"],
      additionalProperties: true,
      properties: {
        source: { type: "string", description: "URL or id of another worker." },
        keys: { type: "array", items: { type: "string" }, description: "Default: all." },
      },
    },
    example: { source: "http://worker2:8002" },
  },
  answers: {
    200: {
      description: "Done.",
      schema: {
        type: "object",
        required: ["pulled"],
        properties: { pulled: { type: "integer" } },
      },
      example: { pulled: 3, success: true, status: "ok" },
    },
    400: failure("Bad input.", {
      ...FAILED,
      detail: 'The field "source" must be the URL or the id of another worker.',
    }),
    409: failure("The source is no worker of this cluster.", ELSEWHERE),
    504: failure("The source does not answer.", {
      ...FAILED,
      error: "worker_unreachable",
      detail: "It does not answer.",
    }),
  },
});
