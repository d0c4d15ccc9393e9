/** `/swagger`: complete, and without the Internet. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { call } from "../support/call.ts";
import { type HttpGroup, startHttpGroup } from "../support/http-group.ts";

let group: HttpGroup;
let url: string;

beforeAll(async () => {
  group = await startHttpGroup({ followers: 0, writeQuorum: 0 });
  url = group.leader.url;
});
afterAll(() => group.stop());

/** Calls that can't fail by a client's fault or the node's state. */
const NEVER_FAIL = new Set(["GET /", "GET /health", "GET /ping", "GET /metrics"]);

/** Routes that are no calls of the API, or stand for a missing key. */
const NOT_DESCRIBED = new Set([
  ...["GET /swagger", "GET /swagger/json", "GET /swagger/scalar.js"],
  ...["GET /ui/page.js", "GET /ui/page.css", "GET /ui/icon.svg"],
  ...["PUT /kv", "DELETE /kv", "PUT /kv/", "GET /kv/", "DELETE /kv/"],
]);

interface Operation {
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

describe("the description", () => {
  test("lists every route, each with a summary, answers, examples and its errors", async () => {
    const { body } = await call("GET", `${url}/swagger/json`);
    const paths = body.paths as Record<string, Record<string, Operation>>;
    const described = Object.entries(paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const routes = group.leader.routes
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
  });

  test("names only schemas that it has", async () => {
    const { text, body } = await call("GET", `${url}/swagger/json`);
    const named = [...text.matchAll(/#\/components\/schemas\/(\w+)/g)].map((match) => match[1]);
    expect(new Set(named)).toEqual(new Set(["Error"]));
    expect(body.components.schemas.Error.properties.error.enum).toContain("quorum_timeout");
  });

  test("shows requests that work as they stand", async () => {
    const { body } = await call("GET", `${url}/swagger/json`);
    const paths = body.paths as Record<string, Record<string, Operation>>;
    for (const [path, operations] of Object.entries(paths)) {
      for (const [method, { requestBody }] of Object.entries(operations)) {
        const example = requestBody?.content["application/json"]?.example;
        // Of no use at a leader without followers: a quorum of 3, and entries made by hand.
        const needsFollowers = ["/config", "/admin/set_quorum", "/replicate"].includes(path);
        if (example === undefined || needsFollowers) continue;
        const answer = await call(
          method.toUpperCase(),
          url + path.replace("{key}", "greeting"),
          example,
        );
        expect([method, path, answer.status]).toEqual([method, path, 200]);
      }
    }
  });
});

describe("the page", () => {
  test("names no other host, and takes its script from the node", async () => {
    const { status, text } = await call("GET", `${url}/swagger`);
    expect(status).toBe(200);
    expect(text.match(/https?:\/\/[^\s"'<)]+/g)).toBeNull();
    expect(text.match(/["'(]\/\/[^\s"'<)]+/g)).toBeNull();
    const scripts = [...text.matchAll(/<script[^>]*\bsrc="([^"]*)"/g)].map((match) => match[1]);
    expect(scripts).toEqual(["/swagger/scalar.js"]);
    const script = await call("GET", `${url}/swagger/scalar.js`);
    expect(script.headers.get("content-type")).toStartWith("text/javascript");
    expect(script.text.length).toBeGreaterThan(1_000_000);
  });

  test("may ask nobody but the node, whatever its script tries", async () => {
    const { headers } = await call("GET", `${url}/swagger`);
    const policy = headers.get("content-security-policy") ?? "";
    expect(policy).toStartWith("default-src 'self'");
    expect(policy).not.toContain("connect-src");
    expect(policy).not.toMatch(/https?:|\*/);
  });

  test("switches off what would ask or tell somebody else", async () => {
    const { text } = await call("GET", `${url}/swagger`);
    const configuration = /data-configuration='([^']*)'/.exec(text)?.[1] ?? "{}";
    expect(JSON.parse(configuration)).toMatchObject({
      agent: { disabled: true },
      telemetry: false,
      withDefaultFonts: false,
      hideClientButton: true,
    });
  });
});
