/** Calls the node that served the page. */
import type { Ask } from "./reply.ts";

/** How long the page waits for an answer; a write inside may take its own time-out first. */
const PATIENCE_MS = 15_000;

/** Asks the page's own server; never rejects. */
export const ask: Ask = async ({ method = "GET", path, body }) => {
  const startedAt = performance.now();
  try {
    const response = await fetch(path, {
      method,
      cache: "no-store",
      signal: AbortSignal.timeout(PATIENCE_MS),
      ...(body === undefined ? {} : { body, headers: { "content-type": "application/json" } }),
    });
    const text = await response.text();
    const ms = performance.now() - startedAt;
    return { status: response.status, ok: response.ok, text, body: toObject(text), ms };
  } catch {
    return { status: 0, ok: false, text: "", body: {}, ms: performance.now() - startedAt };
  }
};

function toObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
