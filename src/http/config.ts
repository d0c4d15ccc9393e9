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

/** The settings of the lab. */
export function config({ service, maxValueBytes }: HttpParts) {
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
        const fields = parseFields(await readBody(request, maxValueBytes));
        return answer(await service.configure(readChange(fields)));
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

function readChange(fields: ReadonlyMap<string, string>): Partial<LabConfig> {
  onlyFields(fields, FIELDS);
  if (fields.size === 0) {
    throw invalidRequest(`The body names no setting; known: ${FIELDS.join(", ")}.`);
  }
  const quorum = fields.get("writeQuorum");
  const minDelay = fields.get("minDelay");
  const maxDelay = fields.get("maxDelay");
  return {
    ...(quorum === undefined ? {} : { writeQuorum: readQuorum(quorum, "writeQuorum") }),
    ...(minDelay === undefined ? {} : { minDelayMs: readDelayMs(minDelay, "minDelay") }),
    ...(maxDelay === undefined ? {} : { maxDelayMs: readDelayMs(maxDelay, "maxDelay") }),
  };
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
  description: "All or nothing: a bad value changes nothing. Leader only.",
  body: { schema: SCHEMA, example: { writeQuorum: 5 } },
  answers: { 200: { description: "What holds now.", schema: SCHEMA, example: EXAMPLE } },
  errors: ["invalid_request", "not_leader", "too_large", "not_enough_replicas"],
});
