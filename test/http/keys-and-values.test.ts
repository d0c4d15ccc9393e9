/** Every key and every JSON value comes back as it was sent, at the leader and at a follower. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { call } from "../support/call.ts";
import {
  type HttpGroup,
  type HttpNode,
  MAX_VALUE_BYTES,
  startHttpGroup,
} from "../support/http-group.ts";

let group: HttpGroup;
let leader: HttpNode;
let follower: HttpNode;

beforeAll(async () => {
  group = await startHttpGroup({ followers: 1, writeQuorum: 1 });
  leader = group.leader;
  follower = group.followers[0] as HttpNode;
});
afterAll(() => group.stop());

describe("keys", () => {
  const rows: readonly [path: string, key: string][] = [
    ["/kv/plain", "plain"],
    ["/kv/a/b/c", "a/b/c"],
    ["/kv/a//b/", "a//b/"],
    ["/kv//", "/"],
    ["/kv/a%2Fb%2f", "a/b/"],
    ["/kv/a%20b", "a b"],
    ["/kv/a+b", "a+b"],
    ["/kv/100%25", "100%"],
    ["/kv/%2525", "%25"],
    ["/kv/%F0%9F%98%80", "😀"],
    ["/kv/%C3%A9t%C3%A9", "été"],
    ["/kv/e%CC%81", "e\u0301"],
    ["/kv/a%2F..%2Fb", "a/../b"],
    ["/kv/a%2F.%2Fb", "a/./b"],
    ["/kv/..%2F..", "../.."],
    ["/kv/...", "..."],
    ["/kv/?key=.", "."],
    ["/kv/?key=..", ".."],
    ["/kv/?key=a%20b+c", "a b c"],
    ["/kv/q%3Fx=1%26y%23z", "q?x=1&y#z"],
    ["/kv/%22quoted%22%5Cback", '"quoted"\\back'],
    ["/kv/line%0Abreak%00nul", "line\nbreak\u0000nul"],
    ["/kv/__proto__", "__proto__"],
    ["/kv/constructor", "constructor"],
    ["/kv/status", "status"],
    ["/kv/kv/kv", "kv/kv"],
    ["/kv/peer", "peer"],
    ["/kv/a/peer", "a/peer"],
    ["/kv/*", "*"],
    ["/kv/:key", ":key"],
    [`/kv/${"k".repeat(1024)}`, "k".repeat(1024)],
    [`/kv/${"%C3%A9".repeat(512)}`, "é".repeat(512)],
    [`/kv/${"%F0%9F%98%80".repeat(256)}`, "😀".repeat(256)],
  ];
  for (const [path, key] of rows) {
    test(`${path.slice(0, 60)} names ${JSON.stringify(key).slice(0, 40)}`, async () => {
      const put = await call("PUT", leader.url + path, { value: path });
      expect([put.status, put.body.key]).toEqual([200, key]);
      for (const node of group.nodes) {
        const get = await call("GET", node.url + path);
        expect([get.status, get.body.key, get.body.value]).toEqual([200, key, path]);
      }
      const listed = await call("GET", `${follower.url}/kv?prefix=${encodeURIComponent(key)}`);
      expect(listed.body.items[0]).toMatchObject({ key, value: path });
      const removed = await call("DELETE", leader.url + path);
      expect([removed.status, removed.body.existed]).toEqual([200, true]);
    });
  }

  test("of any Unicode text come back, through the path, the list and every dialect", async () => {
    const anyKey = fc
      .string({ unit: "binary", minLength: 1, maxLength: 40 })
      .filter((key) => key !== "." && key !== "..");
    await fc.assert(
      fc.asyncProperty(anyKey, async (key) => {
        const escaped = encodeURIComponent(key);
        expect((await call("PUT", `${leader.url}/kv/${escaped}`, { value: key })).body.key).toBe(
          key,
        );
        expect((await call("GET", `${follower.url}/kv/${escaped}`)).body.value).toBe(key);
        expect((await call("GET", `${follower.url}/get/${escaped}`)).body).toMatchObject({ key });
        expect((await call("GET", `${follower.url}/read?key=${escaped}`)).body.value).toBe(key);
        const dump = JSON.parse((await call("GET", `${follower.url}/dump`)).text);
        expect(Object.hasOwn(dump, key)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });
});

/** The text of the value as it stands in an answer, which parsing would hide. */
function valueText(answer: string): string {
  const start = answer.indexOf('"value":') + '"value":'.length;
  return answer.slice(start, answer.indexOf(',"version":'));
}

describe("values", () => {
  const texts = [
    "null",
    "false",
    "true",
    "0",
    "-0",
    "1.0",
    "1e2",
    "-1.5E-3",
    "9007199254740992",
    "0.1",
    '""',
    '"text"',
    '"😀 \\ud83d\\ude00 \\u0000 \\" \\\\ \\/"',
    "[]",
    "{}",
    '{ "a" : [ 1 , 2.0 ] , "a" : null }',
    '{"value":1}',
    '{"__proto__":{"x":1},"constructor":2}',
    '"}{\\"value\\":2}"',
    "[".repeat(512) + "]".repeat(512),
    JSON.stringify("x".repeat(MAX_VALUE_BYTES - 2)),
  ];
  const bodies: readonly [name: string, wrap: (text: string) => string][] = [
    ["tight", (text) => `{"value":${text}}`],
    ["spaced", (text) => `\n{ "value" :\t${text} }\r\n`],
    ["with an escaped name", (text) => `{"\\u0076alue":${text}}`],
    ["repeated", (text) => `{"value":"first","value":${text}}`],
  ];
  for (const [name, wrap] of bodies) {
    for (const text of texts) {
      test(`${text.slice(0, 40)} comes back byte for byte from a ${name} body`, async () => {
        const put = await call("PUT", `${leader.url}/kv/value`, wrap(text));
        expect(put.status).toBe(200);
        for (const node of group.nodes) {
          const get = await call("GET", `${node.url}/kv/value`);
          expect(valueText(get.text)).toBe(text);
        }
      });
    }
  }

  test("of any kind come back as the same JSON from every way in and out", async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue({ maxDepth: 4 }), async (value) => {
        const text = JSON.stringify(value);
        const { url } = leader;
        const ways = [
          () => call("PUT", `${url}/kv/any`, `{"value":${text}}`),
          () => call("POST", `${url}/set`, `{"key":"any","value":${text}}`),
          () => call("POST", `${url}/write`, `{"value":${text},"key":"any"}`),
          () => call("POST", `${url}/put/any`, `{"more":[1],"value": ${text} }`),
        ];
        for (const write of ways) {
          expect((await write()).status).toBe(200);
          expect(valueText((await call("GET", `${follower.url}/kv/any`)).text)).toBe(text);
        }
        expect(valueText((await call("GET", `${follower.url}/get/any`)).text)).toBe(text);
        expect((await call("GET", `${follower.url}/read?key=any`)).body.value).toEqual(
          JSON.parse(text),
        );
        expect((await call("GET", `${follower.url}/admin/store`)).text).toContain(`"any":${text}`);
        expect((await call("GET", `${follower.url}/dump`)).text).toContain(`{"value":${text},`);
      }),
      { numRuns: 60 },
    );
  });

  test("written as no library prints them are kept so by the dialects too", async () => {
    for (const text of ["-0", "1.0", "1E+2", '"\\u0041"', '{ "b":1, "a" : 2.50 }']) {
      await call("POST", `${leader.url}/set`, `{"value" : ${text} ,"key":"as-sent"}`);
      expect(valueText((await call("GET", `${follower.url}/kv/as-sent`)).text)).toBe(text);
      expect(valueText((await call("GET", `${follower.url}/get/as-sent`)).text)).toBe(text);
    }
  });

  test("a body in chunks without a length is taken like any other", async () => {
    const text = JSON.stringify({ value: "y".repeat(40_000) });
    const chunks = new ReadableStream({
      start(controller) {
        for (let at = 0; at < text.length; at += 1000) {
          controller.enqueue(new TextEncoder().encode(text.slice(at, at + 1000)));
        }
        controller.close();
      },
    });
    expect((await call("PUT", `${leader.url}/kv/chunked`, chunks)).status).toBe(200);
    const { body } = await call("GET", `${follower.url}/kv/chunked`);
    expect(body.value).toBe("y".repeat(40_000));
  });
});
