/** How the calls on one key and the list are described in OpenAPI. */
import { ANY_VALUE, describeRoute, KEY_IN_PATH } from "./openapi.ts";

const ETAG = { etag: "The version as entity tag." };
const VERSION = { type: "string", description: "epoch.sequence", example: "1.42" };

const WRITE_ANSWER = {
  type: "object",
  required: ["key", "version", "acks", "required", "node"],
  properties: {
    key: { type: "string" },
    version: VERSION,
    acks: { type: "integer", description: "Followers that hold the entry by now." },
    required: { type: "integer", description: "The write quorum that held for this write." },
    node: { type: "string", description: "Who answered." },
  },
};

export const PUT_DOC = describeRoute({
  tag: "keys",
  summary: "Write a value",
  description:
    "Answers when the write quorum has acknowledged. 400, 403, 413 and 503 mean that nothing was " +
    "applied; 504 means that the write may survive. Leader only; in a partitioned cluster any " +
    "worker takes it and sends it on to the key's primary.",
  parameters: [KEY_IN_PATH],
  body: {
    schema: {
      type: "object",
      required: ["value"],
      additionalProperties: false,
      properties: { value: ANY_VALUE },
    },
    example: { value: "hello" },
  },
  answers: {
    200: {
      description: "Acknowledged: the leader and at least `required` followers hold it.",
      schema: WRITE_ANSWER,
      example: { key: "greeting", version: "1.42", acks: 3, required: 3, node: "leader" },
    },
  },
  errors: [
    "invalid_request",
    "not_leader",
    "too_large",
    "not_enough_replicas",
    "recovering",
    "overloaded",
    "storage_failed",
    "stopping",
    "quorum_timeout",
    "quorum_unreachable",
    "leader_changed",
    "forward_lost",
  ],
});

export const GET_DOC = describeRoute({
  tag: "keys",
  summary: "Read a value",
  description:
    "`local` answers what this node holds now, which may be stale at a follower. `linearizable` " +
    "answers what is committed, confirmed by the group after the request came; a follower sends " +
    "it on to the leader, a worker to the key's primary.",
  parameters: [
    KEY_IN_PATH,
    {
      name: "level",
      in: "query",
      description:
        "How fresh the answer must be: by default local, and at a worker of a partitioned " +
        "cluster linearizable.",
      example: "local",
      schema: { type: "string", enum: ["local", "linearizable"] },
    },
    {
      name: "if-none-match",
      in: "header",
      description: "An ETag that the client has: 304 without a body while it holds.",
      example: '"1.41"',
    },
  ],
  answers: {
    200: {
      description: "The value and its version.",
      headers: ETAG,
      schema: {
        type: "object",
        required: ["key", "value", "version", "node"],
        properties: {
          key: { type: "string" },
          value: ANY_VALUE,
          version: VERSION,
          node: { type: "string" },
        },
      },
      example: { key: "greeting", value: "hello", version: "1.42", node: "leader" },
    },
    304: { description: "The client's version still holds.", headers: ETAG },
  },
  errors: [
    "invalid_request",
    "not_found",
    "not_enough_replicas",
    "recovering",
    "overloaded",
    "storage_failed",
    "stopping",
    "quorum_timeout",
    "leader_changed",
    "leader_unreachable",
    "forward_lost",
  ],
});

export const DELETE_DOC = describeRoute({
  tag: "keys",
  summary: "Remove a key",
  description: "As a write. An absent key costs no write; `existed` says which it was.",
  parameters: [KEY_IN_PATH],
  answers: {
    200: {
      description: "Acknowledged: the key is gone at the leader and at least `required` followers.",
      schema: {
        ...WRITE_ANSWER,
        properties: {
          ...WRITE_ANSWER.properties,
          version: {
            ...VERSION,
            nullable: true,
            description: "Of the tombstone, if there is one.",
          },
          existed: { type: "boolean" },
        },
      },
      example: {
        key: "greeting",
        version: "1.43",
        existed: true,
        acks: 3,
        required: 3,
        node: "leader",
      },
    },
  },
  errors: [
    "invalid_request",
    "not_leader",
    "not_enough_replicas",
    "recovering",
    "overloaded",
    "storage_failed",
    "stopping",
    "quorum_timeout",
    "quorum_unreachable",
    "leader_changed",
    "forward_lost",
  ],
});

export const LIST_DOC = describeRoute({
  tag: "keys",
  summary: "List keys in order",
  description:
    "A page may hold fewer than `limit` keys; go on with `after` = `next` until null. A worker " +
    "lists all partitions, each as its primary has it now.",
  parameters: [
    { name: "prefix", in: "query", description: "Only keys that begin so.", example: "user:" },
    { name: "after", in: "query", description: "Only keys behind this one.", example: "user:7" },
    {
      name: "limit",
      in: "query",
      description: "Most keys in the page.",
      example: 100,
      schema: { type: "integer", minimum: 1, maximum: 1000, default: 100 },
    },
  ],
  answers: {
    200: {
      description: "A page of live keys in the order of their code points.",
      schema: {
        type: "object",
        required: ["items", "next"],
        properties: {
          items: {
            type: "array",
            items: {
              type: "object",
              required: ["key", "value", "version"],
              properties: { key: { type: "string" }, value: ANY_VALUE, version: VERSION },
            },
          },
          next: { type: "string", nullable: true },
        },
      },
      example: { items: [{ key: "greeting", value: "hello", version: "1.42" }], next: null },
    },
  },
  errors: ["invalid_request", "recovering", "overloaded", "storage_failed"],
});
