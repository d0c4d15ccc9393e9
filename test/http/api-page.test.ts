/** `/swagger`: complete, and without the Internet. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { call } from "../support/call.ts";
import { expectDescribed, type Operation } from "../support/described-routes.ts";
import { type HttpGroup, startHttpGroup } from "../support/http-group.ts";

let group: HttpGroup;
let url: string;

beforeAll(async () => {
  group = await startHttpGroup({ followers: 0, writeQuorum: 0 });
  url = group.leader.url;
});
afterAll(() => group.stop());

describe("the description", () => {
  test("lists every route, each with a summary, answers, examples and its errors", async () => {
    await expectDescribed(url, group.leader.routes);
  });

  test("names only schemas that it has", async () => {
    const { text, body } = await call("GET", `${url}/swagger/json`);
    const named = [...text.matchAll(/#\/components\/schemas\/(\w+)/g)].map((match) => match[1]);
    expect(new Set(named)).toEqual(new Set(["Error"]));
    expect(body.components.schemas.Error.properties.error.enum).toContain("quorum_timeout");
  });

  test("says of reads and writes with which codes they can be refused", async () => {
    const { body } = await call("GET", `${url}/swagger/json`);
    const ofKey = body.paths["/kv/{key}"] as Record<string, Operation>;
    const refused = [
      "not_enough_replicas",
      "recovering",
      "overloaded",
      "storage_failed",
      "stopping",
    ];
    const late = ["quorum_timeout", "leader_changed", "forward_lost"];
    for (const method of ["get", "put", "delete"]) {
      for (const [status, codes] of [
        ["503", refused],
        ["504", late],
      ] as const) {
        const description = ofKey[method]?.responses[status]?.description ?? "";
        for (const code of codes) {
          const says = description.includes(`\`${code}\``);
          expect([method, status, code, says]).toEqual([method, status, code, true]);
        }
      }
    }
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
