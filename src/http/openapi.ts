/** Short ways to describe a route for OpenAPI; the descriptions stand beside the routes. */
import type { DocumentDecoration } from "elysia";
import { ERROR_STATUS, type ErrorCode } from "../base/errors.ts";

type Schema = Record<string, unknown>;

/** A parameter in the path or in the query, always a text on the wire. */
export interface ParameterDoc {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly description: string;
  readonly example: unknown;
  readonly required?: boolean;
  readonly schema?: Schema;
}

/** What a call answers with one status. */
export interface AnswerDoc {
  readonly description: string;
  readonly example?: unknown;
  readonly schema?: Schema;
  /** Default: JSON. */
  readonly contentType?: string;
  /** Names of headers, each with its meaning. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface RouteDoc {
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  readonly parameters?: readonly ParameterDoc[];
  readonly body?: {
    readonly schema: Schema;
    readonly example: unknown;
    readonly required?: boolean;
  };
  /** By status, the errors left out. */
  readonly answers: Readonly<Record<number, AnswerDoc>>;
  /** Canonical errors; each falls under the status of its code. */
  readonly errors?: readonly ErrorCode[];
}

/** The canonical error, as `components.schemas.Error`. */
export const ERROR_SCHEMA: Schema = {
  type: "object",
  required: ["error", "message"],
  additionalProperties: true,
  properties: {
    error: { type: "string", enum: Object.keys(ERROR_STATUS), description: "Stable code." },
    message: { type: "string", description: "One sentence that says what to do." },
    outcome: {
      type: "string",
      enum: ["refused", "indeterminate"],
      description:
        "What the failure means for the data: refused, certainly not applied and safe to retry; " +
        "indeterminate, accepted but not confirmed.",
    },
  },
};

const ERROR_EXAMPLE: Record<ErrorCode, Schema> = {
  invalid_request: {
    message: "The key is empty; a key has 1 to 1,024 bytes.",
    outcome: "refused",
    field: "key",
  },
  not_leader: {
    message: "This node is a follower; write at the leader.",
    outcome: "refused",
    leader: "http://127.0.0.1:5000",
  },
  not_follower: { message: "This node leads its group; only a follower takes entries by hand." },
  foreign_page: {
    message: "A page of https://example.org asked for this; use kvnode's own page.",
    outcome: "refused",
  },
  not_found: { message: "There is no such key.", version: "1.42" },
  method_not_allowed: { message: "POST is not allowed here; allowed: GET.", allow: ["GET"] },
  unsafe: {
    message: "Taking over without http://127.0.0.1:5002 could lose acknowledged writes.",
    outcome: "refused",
    missing: ["http://127.0.0.1:5002"],
  },
  id_taken: {
    message:
      "The id w1 belongs to the worker at http://worker1:8001: give this one another NODE_ID.",
    outcome: "refused",
    reason: "id_taken",
  },
  not_member: {
    message: "This worker keeps no copy of that key's partition.",
    outcome: "refused",
    partition: 7,
  },
  too_large: {
    message: "The value is larger than 1048576 bytes of JSON text; send a smaller one.",
    outcome: "refused",
    maxValueBytes: 1_048_576,
  },
  not_enough_replicas: {
    message:
      "2 of 3 required followers are connected and synced; start the missing ones or lower the " +
      "write quorum.",
    outcome: "refused",
    connected: 2,
    required: 3,
  },
  recovering: { message: "This node has nothing yet; try again soon.", outcome: "refused" },
  overloaded: {
    message:
      "Too many writes wait for their followers; write again in a moment, or raise PENDING_BYTES.",
    outcome: "refused",
  },
  storage_failed: {
    message: "The disk is full; free some space, and this node goes on by itself.",
    outcome: "refused",
  },
  stopping: { message: "This node is stopping; ask another one.", outcome: "refused" },
  quorum_timeout: {
    message: "Only 2 of 3 followers acknowledged in time; the write may survive.",
    outcome: "indeterminate",
    acks: 2,
    required: 3,
    version: "1.42",
  },
  quorum_unreachable: {
    message: "Too few followers are left to acknowledge; the write may survive.",
    outcome: "indeterminate",
    acks: 2,
    required: 3,
    version: "1.42",
  },
  leader_changed: {
    message: "Another node leads now; the write may survive.",
    outcome: "indeterminate",
    version: "1.42",
  },
  leader_unreachable: { message: "The leader at http://127.0.0.1:5000 did not answer." },
  forward_lost: {
    message: "http://worker1:8001 was sent the write and did not answer; the write may survive.",
    outcome: "indeterminate",
  },
  worker_unreachable: {
    message: "The worker w1 at http://worker1:8001 did not answer; is it running?",
    worker: "w1",
  },
  internal: { message: "Something went wrong inside the node; its log says more." },
};

/** Any JSON value. */
export const ANY_VALUE: Schema = { description: "Any JSON value." };

/** The key in the path. */
export const KEY_IN_PATH: ParameterDoc = {
  name: "key",
  in: "path",
  required: true,
  description:
    "1 to 1,024 bytes of UTF-8. Slashes may stand as they are; send `.` or `..` between slashes " +
    "with %2F (`a%2F..%2Fb`), since clients resolve them otherwise. A key of exactly `.` or `..` " +
    "goes into the query behind an empty path key: `/kv/?key=..`.",
  example: "greeting",
};

/** Turns a description into what Elysia and OpenAPI want. */
export function describeRoute(doc: RouteDoc): DocumentDecoration {
  const responses: Record<string, unknown> = {};
  for (const [status, answer] of Object.entries(doc.answers))
    responses[status] = toResponse(answer);
  for (const [status, answer] of errorAnswers(doc.errors ?? [])) {
    responses[status] ??= answer;
  }
  const detail = {
    tags: [doc.tag],
    summary: doc.summary,
    ...(doc.description === undefined ? {} : { description: doc.description }),
    parameters: (doc.parameters ?? []).map((parameter) => ({
      schema: { type: "string" },
      ...parameter,
    })),
    ...(doc.body === undefined
      ? {}
      : {
          requestBody: {
            required: doc.body.required ?? true,
            content: {
              "application/json": { schema: doc.body.schema, example: doc.body.example },
            },
          },
        }),
    responses,
  };
  return detail as DocumentDecoration;
}

function toResponse(answer: AnswerDoc): Schema {
  const content = {
    [answer.contentType ?? "application/json"]: {
      schema: answer.schema ?? { type: "object" },
      ...(answer.example === undefined ? {} : { example: answer.example }),
    },
  };
  const headers = Object.fromEntries(
    Object.entries(answer.headers ?? {}).map(([name, description]) => [
      name,
      { description, schema: { type: "string" } },
    ]),
  );
  return { description: answer.description, headers, content };
}

function* errorAnswers(codes: readonly ErrorCode[]): Iterable<[string, Schema]> {
  const byStatus = Map.groupBy(codes, (code) => ERROR_STATUS[code]);
  for (const [status, group] of byStatus) {
    const examples = Object.fromEntries(
      group.map((code) => [code, { value: { error: code, ...ERROR_EXAMPLE[code] } }]),
    );
    const schema = { $ref: "#/components/schemas/Error" };
    yield [
      String(status),
      {
        description: group.map((code) => `\`${code}\``).join(", "),
        content: { "application/json": { schema, examples } },
      },
    ];
  }
}
