/** Whatever comes, the node answers in JSON what is wrong with it, and lives. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import fc from "fast-check";
import { call } from "../support/call.ts";
import { type HttpGroup, startHttpGroup } from "../support/http-group.ts";

let group: HttpGroup;

beforeAll(async () => {
  group = await startHttpGroup({ followers: 1, writeQuorum: 1 });
});
afterAll(() => group.stop());

const METHODS = ["GET", "PUT", "POST", "DELETE", "PATCH", "HEAD", "OPTIONS"];

/** Path segments and parameters that routes know, among much that none does. */
const segment = fc.oneof(
  fc.constantFrom("kv", "get", "set", "put", "write", "read", "replicate", "admin", "config", ""),
  fc.constantFrom("set_quorum", "store", "swagger", "peer", "dump", "%ff", "%2F", "..", "a%00b"),
  fc.string({ unit: "binary", maxLength: 12 }).map(encodeURIComponent),
);
const parameter = fc.tuple(
  fc.constantFrom("key", "value", "level", "limit", "after", "prefix", "version", "x", "%zz"),
  fc.oneof(
    fc.constantFrom("", "linearizable", "0", "-1", "1e9", "%", "%c3%28"),
    fc.string({ unit: "binary", maxLength: 8 }).map(encodeURIComponent),
  ),
);
const target = fc
  .tuple(fc.array(segment, { maxLength: 4 }), fc.array(parameter, { maxLength: 3 }))
  .map(([segments, parameters]) => {
    const query = parameters.map(([name, value]) => `${name}=${value}`).join("&");
    return `/${segments.join("/")}${query === "" ? "" : `?${query}`}`;
  });

/** JSON with the fields that calls know, JSON of any kind, half of it, and bytes. */
const body = fc.oneof(
  fc
    .record(
      {
        key: fc.jsonValue(),
        value: fc.jsonValue(),
        version: fc.jsonValue(),
        quorum: fc.jsonValue(),
        writeQuorum: fc.jsonValue(),
        minDelay: fc.jsonValue(),
      },
      { requiredKeys: [] },
    )
    .map((object) => JSON.stringify(object)),
  fc.json(),
  fc.tuple(fc.json(), fc.nat(20)).map(([text, at]) => text.slice(0, at)),
  fc.uint8Array({ maxLength: 200 }).map((bytes) => new Uint8Array(bytes)),
);

test("no request makes a fault, at the leader or at a follower", async () => {
  const request = fc.record({ method: fc.constantFrom(...METHODS), target, body });
  await fc.assert(
    fc.asyncProperty(request, async ({ method, target: path, body: sent }) => {
      for (const node of group.nodes) {
        const hasBody = !["GET", "HEAD"].includes(method);
        const answer = await call(method, node.url + path, hasBody ? sent : undefined);
        expect(answer.status).not.toBe(500);
        if (answer.status >= 400 && method !== "HEAD") {
          expect([400, 403, 404, 405, 413]).toContain(answer.status);
          expect(answer.body.error).toBeString();
        }
        expect(node.errors).toEqual([]);
      }
    }),
    { numRuns: 1000 },
  );
}, 30_000);
