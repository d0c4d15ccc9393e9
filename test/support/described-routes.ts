/** The rules that the description of an API keeps, whatever node it is of. */
import { expect } from "bun:test";
import { call } from "./call.ts";

/** Calls that can't fail by a client's fault or the node's state. */
const NEVER_FAIL = new Set(["GET /", "GET /health", "GET /ping", "GET /metrics"]);

/** Routes that are no calls of the API, or stand for a missing key. */
const NOT_DESCRIBED = new Set([
  ...["GET /swagger", "GET /swagger/json", "GET /swagger/scalar.js"],
  ...["GET /ui/page.js", "GET /ui/page.css", "GET /ui/icon.svg"],
  ...["PUT /kv", "DELETE /kv", "PUT /kv/", "GET /kv/", "DELETE /kv/"],
]);

export interface Operation {
  readonly summary?: string;
  readonly tags?: readonly string[];
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: { readonly content: Record<string, Described> };
  readonly responses: Record<string, { description?: string; content?: Record<string, Described> }>;
}

interface Described {
  readonly schema?: object;
  readonly example?: unknown;
  readonly examples?: object;
}

/** Every route stands in `/swagger/json`, with a summary, answers, examples and its errors. */
export async function expectDescribed(
  url: string,
  all: readonly { readonly method: string; readonly path: string }[],
): Promise<void> {
  const { body } = await call("GET", `${url}/swagger/json`);
  const paths = body.paths as Record<string, Record<string, Operation>>;
  const described = Object.entries(paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const routes = all
    .map(({ method, path }) => `${method} ${path.replace(/\*$/, "{key}")}`)
    .filter((route) => !NOT_DESCRIBED.has(route));
  expect(described.toSorted()).toEqual(routes.toSorted());
  expect(described.length).toBeGreaterThan(20);

  for (const route of described) {
    const [method = "", path = ""] = route.split(" ");
    const operation = paths[path]?.[method.toLowerCase()] as Operation;
    expect([route, operation.summary]).toEqual([route, expect.any(String)]);
    expect([route, operation.tags?.length]).toEqual([route, 1]);
    const failures = Object.keys(operation.responses).filter((status) => /^[45]/.test(status));
    expect([route, failures.length > 0]).toEqual([route, !NEVER_FAIL.has(route)]);
    for (const [status, answer] of Object.entries(operation.responses)) {
      expect([route, status, answer.description]).toEqual([route, status, expect.any(String)]);
      if (status === "304") continue;
      for (const content of Object.values(answer.content ?? {})) {
        expect([route, status, content.schema]).toEqual([route, status, expect.any(Object)]);
        const shows = content.example !== undefined || content.examples !== undefined;
        expect([route, status, shows]).toEqual([route, status, path !== "/"]);
      }
    }
    if (path.endsWith("{key}")) {
      expect(operation.parameters?.some(({ name }) => name === "key")).toBe(true);
    }
  }
}
