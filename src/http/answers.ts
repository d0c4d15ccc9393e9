/** JSON answers, made as text: values are kept as text and never parsed on their way out. */
import { KvError } from "../base/errors.ts";
import { InvariantError } from "../base/invariant.ts";
import type { Logger } from "../base/log.ts";

const JSON_TYPE = "application/json";
const PLAIN_HEADERS = { "content-type": JSON_TYPE };
const PLAIN = { headers: PLAIN_HEADERS };

/** Printable ASCII without quote and backslash: a JSON string is that text between quotes. */
const NEEDS_NO_ESCAPE = /^[ !#-[\]-~]*$/;

/** A text as JSON string, quicker than JSON.stringify for ordinary keys. */
export function quote(text: string): string {
  return NEEDS_NO_ESCAPE.test(text) ? `"${text}"` : JSON.stringify(text);
}

/** 200, or another status, with a JSON text. */
export function jsonText(text: string, status = 200): Response {
  if (status === 200) return new Response(text, PLAIN);
  return new Response(text, { status, headers: PLAIN_HEADERS });
}

/** A JSON text with the ETag of a version. */
export function taggedText(text: string, version: string): Response {
  return new Response(text, { headers: { "content-type": JSON_TYPE, etag: `"${version}"` } });
}

/** A plain object as JSON answer. */
export function jsonOf(value: unknown, status = 200): Response {
  return jsonText(JSON.stringify(value), status);
}

/**
 * Makes a KvError of whatever was thrown; what nobody expected is logged and becomes `internal`. A
 * broken invariant also becomes an uncaught exception, which ends the process.
 */
export function toKvError(error: unknown, logger: Logger, request: Request): KvError {
  if (error instanceof KvError) return error;
  if (error instanceof InvariantError) {
    queueMicrotask(() => {
      throw error;
    });
  }
  const stack = error instanceof Error ? error.stack : String(error);
  logger.error("http.failed", { method: request.method, url: request.url.slice(0, 256), stack });
  return new KvError({
    code: "internal",
    message: "Something went wrong inside the node; its log says more.",
  });
}

/** The canonical fields of an error: code, message, outcome and details. */
export function errorFields(error: KvError): Record<string, unknown> {
  const outcome = error.outcome === undefined ? {} : { outcome: error.outcome };
  return { error: error.code, message: error.message, ...outcome, ...error.details };
}

/** The canonical answer to an error. */
export function errorAnswer(error: KvError): Response {
  const answer = jsonOf(errorFields(error), error.status);
  const allow = error.details.allow;
  // Whoever keeps this connection for its next call would find it closed under it.
  if (error.code === "stopping") answer.headers.set("connection", "close");
  if (error.code === "method_not_allowed" && Array.isArray(allow)) {
    answer.headers.set("allow", allow.join(", "));
  }
  return answer;
}
