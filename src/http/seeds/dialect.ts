/**
 * What the reports' dialects share: a dialect reads a request in its report's words, calls the
 * canonical service, and answers (also errors) in its report's words. Unknown fields are ignored.
 */
import type { KvError } from "../../base/errors.ts";
import { toKvError } from "../answers.ts";
import { checkValue, invalidRequest, parseFields, readBody } from "../body.ts";
import { checkKey } from "../keys.ts";
import type { HttpParts } from "../parts.ts";
import { queryOf } from "../query.ts";

/** Turns an error into a report's answer. */
export type ErrorForm = (error: KvError) => Response;

/** A handler that answers its failures in a report's form. */
export function answering(
  parts: HttpParts,
  form: ErrorForm,
  handle: (request: Request) => Response | Promise<Response>,
): (context: { request: Request }) => Promise<Response> {
  return async ({ request }) => {
    try {
      return await handle(request);
    } catch (error) {
      return form(toKvError(error, parts.logger, request));
    }
  };
}

/** A write's quorum was not there or did not answer; each report has one status for both. */
export function isQuorumFailure(error: KvError): boolean {
  return error.code === "not_enough_replicas" || error.outcome === "indeterminate";
}

/** Acknowledgements that a failed write had, as far as the error says. */
export function acksOf(error: KvError): number {
  const { acks } = error.details;
  return typeof acks === "number" ? acks : 0;
}

/** Key and value of a body `{"key", "value"}`; the value as its own text. */
export async function readItem(
  request: Request,
  parts: HttpParts,
): Promise<{ key: string; value: string; fields: ReadonlyMap<string, string> }> {
  const fields = parseFields(await readBody(request, parts));
  const key = stringField(fields, "key");
  return { key: checkKey(key), value: valueField(fields, parts), fields };
}

/**
 * Key and value of a body or, as report 001 does it, of the query, whose value is a text. Fields
 * beside them come as raw JSON text.
 */
export async function readItemOrQuery(
  request: Request,
  parts: HttpParts,
): Promise<{ key: string; value: string; fields: ReadonlyMap<string, string> }> {
  const query = queryOf(request.url);
  if (!query.has("key") && !query.has("value")) return await readItem(request, parts);
  const value = query.get("value");
  if (value === undefined) throw missing("value", "the query");
  return {
    key: checkKey(requiredParameter(query, "key")),
    value: checkValue(JSON.stringify(value), parts.maxValueBytes),
    fields: query,
  };
}

/** The raw text of the field "value", which may be kept. */
export function valueField(fields: ReadonlyMap<string, string>, parts: HttpParts): string {
  const value = fields.get("value");
  if (value === undefined) throw missing("value", "the body");
  return checkValue(value, parts.maxValueBytes);
}

/** A query parameter that must be there. */
export function requiredParameter(query: ReadonlyMap<string, string>, name: string): string {
  const value = query.get(name);
  if (value === undefined) throw missing(name, "the query");
  return value;
}

/** A hand-made version from JSON text, undefined where none is given. */
export function readVersion(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const version = /^\d+$/.test(text) ? Number(text) : 0;
  if (version >= 1 && Number.isSafeInteger(version)) return version;
  throw invalidRequest("The version must be a whole number from 1.", { field: "version" });
}

function stringField(fields: ReadonlyMap<string, string>, name: string): string {
  const text = fields.get(name);
  if (text === undefined) throw missing(name, "the body");
  const value: unknown = JSON.parse(text);
  if (typeof value === "string") return value;
  throw invalidRequest(`The field "${name}" must be a string.`, { field: name });
}

function missing(name: string, where: string): KvError {
  return invalidRequest(`The field "${name}" is missing in ${where}.`, { field: name });
}
