/** Reading request bodies: bounded, strict UTF-8, JSON with fields as raw text. */
import { KvError } from "../base/errors.ts";
import { findUnkeepable, memberTexts } from "../base/json-text.ts";
import type { BodyBudget } from "./body-budget.ts";

/** Room in a body for everything but the value: field names, white space, an escaped key. */
const BODY_OVERHEAD_BYTES = 16 * 1024;

/** Announced bodies up to this are received whole, which is quicker, and are not counted. */
const SMALL_BODY_BYTES = 64 * 1024;

const strictUtf8 = new TextDecoder("utf-8", { fatal: true });

/** `{"value": …}` and nothing before it, which is what nearly every client sends. */
const VALUE_FIELD_FIRST = /^[ \t\n\r]*\{[ \t\n\r]*"value"[ \t\n\r]*:/;
const LAST_BRACE_AND_SPACE = /^\}[ \t\n\r]*$/;

/** The most ordinary body: a value that is a string of ASCII without escapes. It may be kept. */
const PLAIN_STRING_BODY = /^\{"value": ?"[ !#-[\]-~]*"\}$/;
/** No string value begins before. */
const PLAIN_STRING_FROM = '{"value":'.length;
/** Longer ones are sooner parsed than matched. */
const PLAIN_STRING_BODY_MAX = 512;

/** What bounds a body. */
export interface BodyLimits {
  /** Longest value, in bytes of JSON text as UTF-8. */
  readonly maxValueBytes: number;
  readonly bodies: BodyBudget;
}

/** A 400 `invalid_request`; nothing was applied. */
export function invalidRequest(message: string, details?: Record<string, unknown>): KvError {
  return new KvError({
    code: "invalid_request",
    message,
    outcome: "refused",
    ...(details === undefined ? {} : { details }),
  });
}

function tooLarge(maxValueBytes: number): KvError {
  return new KvError({
    code: "too_large",
    message: `The value is larger than ${maxValueBytes} bytes of JSON text; send a smaller one.`,
    outcome: "refused",
    details: { maxValueBytes },
  });
}

/**
 * Reads a body that carries at most one value, as text; an absent body is the empty text.
 * Rejects with `too_large` without reading where the length is announced, `overloaded` where too
 * much is being received, and `invalid_request` for bytes that are not UTF-8 or a body that ends
 * early. A small body takes one promise behind the runtime's own.
 */
export function readBody(request: Request, limits: BodyLimits): Promise<string> {
  const limitBytes = limits.maxValueBytes + BODY_OVERHEAD_BYTES;
  const announced = request.headers.get("content-length");
  const announcedBytes = announced === null ? Number.NaN : Number(announced);
  if (announcedBytes > limitBytes) return Promise.reject(tooLarge(limits.maxValueBytes));
  if (announcedBytes <= SMALL_BODY_BYTES) {
    return request.arrayBuffer().then(decodeStrictly, failCutOff);
  }
  if (request.body === null) return Promise.resolve("");
  return readStream(request.body, limitBytes, limits).then(decodeStrictly);
}

function decodeStrictly(bytes: Uint8Array | ArrayBuffer): string {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    throw invalidRequest("The body is not UTF-8; send JSON text encoded as UTF-8.");
  }
}

async function readStream(
  stream: ReadableStream<Uint8Array>,
  limitBytes: number,
  { maxValueBytes, bodies }: BodyLimits,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read().catch(failCutOff);
      if (done) return Buffer.concat(chunks, size);
      if (size + value.byteLength > limitBytes) throw tooLarge(maxValueBytes);
      bodies.take(value.byteLength, size);
      size += value.byteLength;
      chunks.push(value);
    }
  } catch (error) {
    reader.cancel().catch(() => {});
    throw error;
  } finally {
    bodies.give(size);
  }
}

function failCutOff(): never {
  throw invalidRequest("The body ended early; send all of it.");
}

/**
 * The value's JSON text, byte for byte, from a canonical body `{"value": …}`. Throws
 * `invalid_request` or `too_large`.
 */
export function valueOfBody(text: string, maxValueBytes: number): string {
  if (
    text.length <= Math.min(PLAIN_STRING_BODY_MAX, maxValueBytes) &&
    PLAIN_STRING_BODY.test(text)
  ) {
    return text.slice(text.indexOf('"', PLAIN_STRING_FROM), -1);
  }
  return checkValue(quickValue(text) ?? strictValue(text), maxValueBytes);
}

/** Most bodies in one step: what stands between the first colon and the last brace is the value. */
function quickValue(text: string): string | undefined {
  const start = VALUE_FIELD_FIRST.exec(text)?.[0].length;
  if (start === undefined) return undefined;
  const end = text.lastIndexOf("}");
  if (end < start) return undefined;
  if (end !== text.length - 1 && !LAST_BRACE_AND_SPACE.test(text.slice(end))) return undefined;
  const slice = text.slice(start, end);
  try {
    JSON.parse(slice);
  } catch {
    return undefined;
  }
  return slice.trim();
}

function strictValue(text: string): string {
  const fields = parseFields(text);
  onlyFields(fields, ["value"]);
  const value = fields.get("value");
  if (value === undefined) {
    throw invalidRequest('The field "value" is missing; send {"value": …}.', { field: "value" });
  }
  return value;
}

/** Gives the value's text back if it may be kept; else throws `too_large` or `invalid_request`. */
export function checkValue(value: string, maxValueBytes: number): string {
  const mayBeTooLarge = value.length * 3 > maxValueBytes;
  if (mayBeTooLarge && Buffer.byteLength(value) > maxValueBytes) throw tooLarge(maxValueBytes);
  const reason = findUnkeepable(value);
  if (reason !== undefined) {
    throw invalidRequest(`The value can't be kept exactly: ${reason}.`, { field: "value" });
  }
  return value;
}

/** The raw texts of a JSON object's fields by name. Throws `invalid_request` for anything else. */
export function parseFields(text: string): Map<string, string> {
  if (text.trim() === "") throw invalidRequest("The body is empty; send a JSON object.");
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message.slice(0, 120) : "";
    throw invalidRequest(`The body is not JSON (${reason}); send a JSON object.`);
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    throw invalidRequest("The body must be a JSON object.");
  }
  return memberTexts(text);
}

/** Throws `invalid_request` for the first field that the call does not know. */
export function onlyFields(fields: ReadonlyMap<string, string>, allowed: readonly string[]): void {
  for (const field of fields.keys()) {
    if (!allowed.includes(field)) {
      throw invalidRequest(
        `The field ${JSON.stringify(field.slice(0, 64))} is unknown; known: ${allowed.join(", ")}.`,
        { field: field.slice(0, 64) },
      );
    }
  }
}
