/** `GET` and `PATCH /config`: what can be turned at run time, at the leader. */
import { Elysia } from "elysia";
import { durationMs, formatDuration, readDuration } from "../base/duration.ts";
import { jsonOf } from "./answers.ts";
import { invalidRequest, onlyFields, parseFields, readBody } from "./body.ts";
import { describeRoute } from "./openapi.ts";
import type { HttpParts } from "./parts.ts";
import { strictQuery } from "./query.ts";
import type { LabConfig } from "./service.ts";

const FIELDS = ["writeQuorum", "minDelay", "maxDelay"] as const;
const PATCH_FIELDS = [...FIELDS, "force"] as const;
const EXAMPLE = { writeQuorum: 3, minDelay: "0.1ms", maxDelay: "1ms" };
const DURATION = {
  oneOf: [{ type: "string" }, { type: "number" }],
  description: "A duration with its unit; a bare number is milliseconds.",
};
const SCHEMA = {
  type: "object",
  additionalProperties: false,
  properties: {
    writeQuorum: { type: "integer", minimum: 0, description: "At most the number of followers." },
    minDelay: DURATION,
    maxDelay: DURATION,
  },
};

const PATCH_SCHEMA = {
  ...SCHEMA,
  properties: {
    ...SCHEMA.properties,
    force: {
      type: "boolean",
      default: false,
      description:
        "With a lower writeQuorum: it holds at once, also where it can't be committed under the " +
        "old one. Logged as possible loss.",
    },
  },
};

/** The settings of the lab. */
export function config(parts: HttpParts) {
  const { service } = parts;
  return new Elysia({ name: "config" })
    .get(
      "/config",
      ({ request }) => {
        strictQuery(request.url, []);
        return answer(service.config());
      },
      { detail: GET_DOC },
    )
    .patch(
      "/config",
      async ({ request }) => {
        strictQuery(request.url, []);
        const fields = parseFields(await readBody(request, parts));
        const { change, force } = readChange(fields);
        return answer(await service.configure(change, { force }));
      },
      { parse: "none", detail: PATCH_DOC },
    );
}

function answer(config: LabConfig): Response {
  return jsonOf({
    writeQuorum: config.writeQuorum,
    minDelay: formatDuration(config.minDelayMs),
    maxDelay: formatDuration(config.maxDelayMs),
  });
}

function readChange(fields: ReadonlyMap<string, string>) {
  onlyFields(fields, PATCH_FIELDS);
  const force = readForce(fields);
  if (!FIELDS.some((field) => fields.has(field))) {
    throw invalidRequest(`The body names no setting; known: ${FIELDS.join(", ")}.`);
  }
  const quorum = fields.get("writeQuorum");
  if (force && quorum === undefined) {
    throw invalidRequest("force only goes with a writeQuorum; leave it out.", { field: "force" });
  }
  const minDelay = fields.get("minDelay");
  const maxDelay = fields.get("maxDelay");
  const change: Partial<LabConfig> = {
    ...(quorum === undefined ? {} : { writeQuorum: readQuorum(quorum, "writeQuorum") }),
    ...(minDelay === undefined ? {} : { minDelayMs: readDelayMs(minDelay, "minDelay") }),
    ...(maxDelay === undefined ? {} : { maxDelayMs: readDelayMs(maxDelay, "maxDelay") }),
  };
  return { change, force };
}

/** The field `force`, false where it is left out. */
export function readForce(fields: ReadonlyMap<string, string>): boolean {
  const text = fields.get("force") ?? "false";
  if (text === "true" || text === "false") return text === "true";
  throw invalidRequest(`force must be true or false, not ${text.slice(0, 40)}.`, {
    field: "force",
  });
}

/** A write quorum from JSON text; whether there are as many followers is the service's to say. */
export function readQuorum(text: string, field: string): number {
  const value: unknown = JSON.parse(text);
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw invalidRequest(
    `${field} must be a whole number from 0 to the number of followers, not ${text.slice(0, 40)}.`,
    { field },
  );
}

function readDelayMs(text: string, field: string): number {
  const value: unknown = JSON.parse(text);
  if (typeof value === "number" && Number.isFinite(value) && value >= 0) return value;
  const duration = typeof value === "string" ? readDuration(value) : undefined;
  if (duration === undefined) {
    throw invalidRequest(
      `${field} must be a duration such as "0.1ms", or milliseconds, not ${text.slice(0, 40)}.`,
      { field },
    );
  }
  return durationMs(duration.amount, duration.unit ?? "ms");
}

const GET_DOC = describeRoute({
  tag: "cluster",
  summary: "Read what can be turned at run time",
  answers: { 200: { description: "What holds now.", schema: SCHEMA, example: EXAMPLE } },
  errors: ["invalid_request"],
});

const PATCH_DOC = describeRoute({
  tag: "cluster",
  summary: "Turn the write quorum or the simulated network",
  description:
    "All or nothing: a bad value changes nothing. Leader only. A lower quorum holds once that is " +
    "committed under the old one; where too few followers are left for it, 503 " +
    "`not_enough_replicas` names who is missing, and `force` goes on without them.",
  body: { schema: PATCH_SCHEMA, example: { writeQuorum: 5 } },
  answers: { 200: { description: "What holds now.", schema: SCHEMA, example: EXAMPLE } },
  errors: [
    "invalid_request",
    "not_leader",
    "too_large",
    "not_enough_replicas",
    "storage_failed",
    "overloaded",
    "leader_changed",
  ],
});
