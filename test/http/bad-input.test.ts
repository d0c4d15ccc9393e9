/**
 * Bad input, one table: each row is refused with a clear error in JSON, never a 500 and never a
 * stack trace, and nothing has changed after it. Then what comes before there is a request at all.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { call } from "../support/call.ts";
import {
  type HttpGroup,
  type HttpNode,
  MAX_VALUE_BYTES,
  startHttpGroup,
  waitUntilEqual,
} from "../support/http-group.ts";
import { sendRaw, statusOf } from "../support/raw-http.ts";
import { waitUntil } from "../support/wait-until.ts";

let group: HttpGroup;
let leader: HttpNode;
let follower: HttpNode;

beforeAll(async () => {
  group = await startHttpGroup({ followers: 5, writeQuorum: 3 });
  leader = group.leader;
  follower = group.followers[0] as HttpNode;
  await call("PUT", `${leader.url}/kv/standing`, { value: "untouched" });
});
afterAll(() => group.stop());

/** All that a bad request could have changed. */
async function everything(): Promise<unknown> {
  await waitUntilEqual(group);
  const texts = group.nodes.map(async ({ url }) => [
    (await call("GET", `${url}/digest`)).text,
    (await call("GET", `${url}/dump`)).text,
    (await call("GET", `${url}/status`)).body.watermark,
  ]);
  return [await Promise.all(texts), (await call("GET", `${leader.url}/config`)).body];
}

let before: unknown;
beforeEach(async () => {
  before = await everything();
});
afterEach(async () => {
  expect(await everything()).toEqual(before);
  for (const node of group.nodes) expect(node.errors).toEqual([]);
});

const LONG_KEY = "k".repeat(1025);
const LARGE = "x".repeat(MAX_VALUE_BYTES);
const HUGE = `{"value":"${"x".repeat(MAX_VALUE_BYTES + 100_000)}"}`;
const BROKEN_UTF8 = Buffer.concat([
  Buffer.from('{"key":"a","value":"'),
  Buffer.from([0xc3, 0x28, 0xff]),
  Buffer.from('"}'),
]);
const DEEP = `{"key":"a","value":${"[".repeat(513)}${"]".repeat(513)}}`;
const value = (text: string) => `{"key":"a","value":${text}}`;

type Row = readonly [
  what: string,
  method: string,
  path: string,
  body: unknown,
  status: number,
  code: string,
];

const CANONICAL: readonly Row[] = [
  ["a body that is not JSON", "PUT", "/kv/a", "hello", 400, "invalid_request"],
  ["half a JSON text", "PUT", "/kv/a", '{"value":', 400, "invalid_request"],
  ["JSON with something behind it", "PUT", "/kv/a", '{"value":1} x', 400, "invalid_request"],
  ["two JSON texts", "PUT", "/kv/a", '{"value":1}{"value":2}', 400, "invalid_request"],
  ["no body", "PUT", "/kv/a", undefined, 400, "invalid_request"],
  ["an empty body", "PUT", "/kv/a", "", 400, "invalid_request"],
  ["a body of white space", "PUT", "/kv/a", " \n ", 400, "invalid_request"],
  ["an array as body", "PUT", "/kv/a", "[1]", 400, "invalid_request"],
  ["null as body", "PUT", "/kv/a", "null", 400, "invalid_request"],
  ["a text as body", "PUT", "/kv/a", '"value"', 400, "invalid_request"],
  ["no field value", "PUT", "/kv/a", "{}", 400, "invalid_request"],
  ["a misspelt field", "PUT", "/kv/a", '{"valeu":1}', 400, "invalid_request"],
  ["one field too many", "PUT", "/kv/a", '{"value":1,"ttl":5}', 400, "invalid_request"],
  ["a comma too many", "PUT", "/kv/a", '{"value":1,}', 400, "invalid_request"],
  ["a number that is infinite", "PUT", "/kv/a", '{"value":1e400}', 400, "invalid_request"],
  ["a number that becomes 0", "PUT", "/kv/a", '{"value":[1e-400]}', 400, "invalid_request"],
  ["a lost number", "PUT", "/kv/a", '{"value":9007199254740993}', 400, "invalid_request"],
  ["NaN", "PUT", "/kv/a", '{"value":NaN}', 400, "invalid_request"],
  ["nesting beyond 512", "PUT", "/kv/a", DEEP.replace('"key":"a",', ""), 400, "invalid_request"],
  ["a body that is not UTF-8", "PUT", "/kv/a", BROKEN_UTF8, 400, "invalid_request"],
  ["an empty key", "PUT", "/kv/", '{"value":1}', 400, "invalid_request"],
  ["an empty key to read", "GET", "/kv/", undefined, 400, "invalid_request"],
  ["an empty key in the query", "PUT", "/kv/?key=", '{"value":1}', 400, "invalid_request"],
  ["no key", "PUT", "/kv", '{"value":1}', 400, "invalid_request"],
  ["no key to remove", "DELETE", "/kv", undefined, 400, "invalid_request"],
  ["a key twice", "PUT", "/kv/a?key=b", '{"value":1}', 400, "invalid_request"],
  ["a key of 1,025 bytes", "PUT", `/kv/${LONG_KEY}`, '{"value":1}', 400, "invalid_request"],
  [
    "a key of 342 × 3 bytes",
    "PUT",
    `/kv/${"€".repeat(342)}`,
    '{"value":1}',
    400,
    "invalid_request",
  ],
  ["a key that is not UTF-8", "PUT", "/kv/a%ff", '{"value":1}', 400, "invalid_request"],
  ["half an escape", "PUT", "/kv/a%zz", '{"value":1}', 400, "invalid_request"],
  ["a cut escape", "GET", "/kv/a%c3", undefined, 400, "invalid_request"],
  ["a lone surrogate", "GET", "/kv/%ED%A0%80", undefined, 400, "invalid_request"],
  ["a broken escape in the query", "GET", "/kv?prefix=%ff", undefined, 400, "invalid_request"],
  ["a value that is too large", "PUT", "/kv/a", `{"value":"${LARGE}"}`, 413, "too_large"],
  ["a body that is far too large", "PUT", "/kv/a", HUGE, 413, "too_large"],
  ["an unknown query parameter", "PUT", "/kv/a?quorum=1", '{"value":1}', 400, "invalid_request"],
  ["an unknown level", "GET", "/kv/a?level=strong", undefined, 400, "invalid_request"],
  ["limit 0", "GET", "/kv?limit=0", undefined, 400, "invalid_request"],
  ["limit 1001", "GET", "/kv?limit=1001", undefined, 400, "invalid_request"],
  ["a limit that is no number", "GET", "/kv?limit=ten", undefined, 400, "invalid_request"],
  ["a misspelt list parameter", "GET", "/kv?limits=10", undefined, 400, "invalid_request"],
  ["quorum −1", "PATCH", "/config", '{"writeQuorum":-1}', 400, "invalid_request"],
  ["quorum 6 of 5", "PATCH", "/config", '{"writeQuorum":6}', 400, "invalid_request"],
  ["quorum 2.5", "PATCH", "/config", '{"writeQuorum":2.5}', 400, "invalid_request"],
  ['quorum "3"', "PATCH", "/config", '{"writeQuorum":"3"}', 400, "invalid_request"],
  ["quorum null", "PATCH", "/config", '{"writeQuorum":null}', 400, "invalid_request"],
  ["quorum true", "PATCH", "/config", '{"writeQuorum":true}', 400, "invalid_request"],
  ["quorum 1e30", "PATCH", "/config", '{"writeQuorum":1e30}', 400, "invalid_request"],
  ["a misspelt quorum", "PATCH", "/config", '{"writequorum":2}', 400, "invalid_request"],
  ["no setting at all", "PATCH", "/config", "{}", 400, "invalid_request"],
  [
    "a good quorum, a bad delay",
    "PATCH",
    "/config",
    '{"writeQuorum":2,"minDelay":"soon"}',
    400,
    "invalid_request",
  ],
  ["a delay below 0", "PATCH", "/config", '{"maxDelay":-1}', 400, "invalid_request"],
  [
    "a shortest delay above the longest",
    "PATCH",
    "/config",
    '{"minDelay":"2ms"}',
    400,
    "invalid_request",
  ],
  ["config at a query", "GET", "/config?writeQuorum=2", undefined, 400, "invalid_request"],
  ["an unknown route", "GET", "/nowhere", undefined, 404, "not_found"],
  ["a path above the root", "GET", "/../../etc/passwd", undefined, 404, "not_found"],
  ["a wrong method on a key", "POST", "/kv/a", '{"value":1}', 405, "method_not_allowed"],
  ["a wrong method on a route", "DELETE", "/status", undefined, 405, "method_not_allowed"],
  ["a method nobody uses", "PROPFIND", "/kv/a", undefined, 405, "method_not_allowed"],
];

/** In a dialect the code stands under `error` or, where that is a sentence, under `code`. */
const DIALECTS: readonly Row[] = [
  ...(["/set", "/write", "/put/a", "/admin/set_quorum", "/replicate"] as const).flatMap(
    (path): Row[] => [
      ["a body that is not JSON", "POST", path, "hello", 400, "invalid_request"],
      ["no body", "POST", path, undefined, 400, "invalid_request"],
      ["an array", "POST", path, "[]", 400, "invalid_request"],
      ["no field", "POST", path, "{}", 400, "invalid_request"],
      ["a body that is not UTF-8", "POST", path, BROKEN_UTF8, 400, "invalid_request"],
      ["a body that is far too large", "POST", path, HUGE, 413, "too_large"],
    ],
  ),
  ...(["/set", "/write", "/replicate"] as const).flatMap((path): Row[] => [
    ["no key", "POST", path, '{"value":1}', 400, "invalid_request"],
    ["no value", "POST", path, '{"key":"a"}', 400, "invalid_request"],
    ["an empty key", "POST", path, '{"key":"","value":1}', 400, "invalid_request"],
    ["a key that is a number", "POST", path, '{"key":7,"value":1}', 400, "invalid_request"],
    ["a key that is null", "POST", path, '{"key":null,"value":1}', 400, "invalid_request"],
    ["a key that is too long", "POST", path, { key: LONG_KEY, value: 1 }, 400, "invalid_request"],
    ["a surrogate as key", "POST", path, '{"key":"\\ud800","value":1}', 400, "invalid_request"],
    ["a lost number", "POST", path, value("9007199254740993"), 400, "invalid_request"],
    ["nesting beyond 512", "POST", path, DEEP, 400, "invalid_request"],
    ["a value that is too large", "POST", path, value(`"${LARGE}"`), 413, "too_large"],
  ]),
  ["no key in the query", "POST", "/write?value=1", undefined, 400, "invalid_request"],
  ["no value in the query", "POST", "/write?key=a", undefined, 400, "invalid_request"],
  ["a broken escape", "POST", "/write?key=%ff&value=1", undefined, 400, "invalid_request"],
  ["no key", "GET", "/read", undefined, 400, "invalid_request"],
  ["an empty key", "GET", "/read?key=", undefined, 400, "invalid_request"],
  ["an empty key", "GET", "/get/", undefined, 400, "invalid_request"],
  ["an empty key", "PUT", "/put/", '{"value":1}', 400, "invalid_request"],
  ["a broken escape", "GET", "/get/%ff", undefined, 400, "invalid_request"],
  ...["-1", "6", "2.5", '"3"', "null", "[]"].map(
    (quorum): Row => [
      `quorum ${quorum}`,
      "POST",
      "/admin/set_quorum",
      `{"quorum":${quorum}}`,
      400,
      "invalid_request",
    ],
  ),
  ...["0", "-1", "1.5", '"7"', "null", "9007199254740992"].map(
    (version): Row => [
      `version ${version}`,
      "POST",
      "/replicate",
      `{"key":"a","value":1,"version":${version}}`,
      400,
      "invalid_request",
    ],
  ),
  ["a wrong method", "GET", "/set", undefined, 405, "method_not_allowed"],
  ["a wrong method", "DELETE", "/dump", undefined, 405, "method_not_allowed"],
];

describe.each([
  ["canonical", CANONICAL],
  ["dialect", DIALECTS],
])("bad %s input is refused and changes nothing:", (surface, rows) => {
  for (const [what, method, path, body, status, code] of rows) {
    test(`${what} (${method} ${path.slice(0, 40)})`, async () => {
      const { url } = path === "/replicate" ? follower : leader;
      const answer = await call(method, url + path, body);
      expect(answer.status).toBe(status);
      expect(answer.headers.get("content-type")).toBe("application/json");
      const { error, message, reason } = answer.body;
      if (surface === "canonical" || status === 405) {
        expect(error).toBe(code);
        expect(message).toBeString();
      } else {
        expect([error, answer.body.code]).toContain(code);
        expect(message ?? reason).toBeString();
      }
      if (status === 400 || status === 413) expect(answer.body.outcome).toBe("refused");
      if (status === 405) expect(answer.headers.get("allow")).toBe(answer.body.allow.join(", "));
      expect(answer.text).not.toMatch(/\bat .*\.ts|node_modules|Error:/);
    });
  }
});

describe("what is no proper HTTP does no harm:", () => {
  const put = (headers: string, body: string) =>
    `PUT /kv/a HTTP/1.1\r\nHost: node\r\n${headers}\r\n\r\n${body}`;

  test("a body that is cut off in the middle", async () => {
    const body = '{"value":"cut';
    const raw = await sendRaw(leader.port, put("Content-Length: 50", body), { hangUpAfterMs: 100 });
    expect(statusOf(raw)).not.toBe(200);
  });

  test("a chunked body that is cut off in the middle", async () => {
    const chunk = '{"value":"cut off here"}';
    const head = put("Transfer-Encoding: chunked", `${chunk.length.toString(16)}\r\n${chunk}\r\n`);
    const raw = await sendRaw(leader.port, head, { hangUpAfterMs: 100 });
    expect(statusOf(raw)).not.toBe(200);
  });

  test("10,000 headers", async () => {
    const headers = Array.from({ length: 10_000 }, (_, index) => `x-${index}: ${index}`);
    const raw = await sendRaw(leader.port, put(headers.join("\r\n"), ""));
    expect(statusOf(raw)).toBe(431);
  });

  test("one header of 100,000 bytes", async () => {
    const raw = await sendRaw(leader.port, put(`x: ${"y".repeat(100_000)}`, ""));
    expect(statusOf(raw)).toBe(431);
  });

  test("a request to open a link under a key that ends like the peer route", async () => {
    const upgrade =
      "Host: node\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    for (const [target, status] of [
      ["/peer", 101],
      ["/kv/a/peer", 404],
      ["/kv/a?level=/peer", 400],
    ] as const) {
      const raw = await sendRaw(leader.port, `GET ${target} HTTP/1.1\r\n${upgrade}`, {
        hangUpAfterMs: 200,
      });
      expect({ target, status: statusOf(raw) }).toEqual({ target, status });
    }
  });

  test("a length that is no number", async () => {
    const raw = await sendRaw(leader.port, put("Content-Length: many", '{"value":1}'), {
      hangUpAfterMs: 200,
    });
    expect(statusOf(raw)).toBe(400);
  });

  test("two lengths that differ", async () => {
    const lengths = "Content-Length: 11\r\nContent-Length: 12";
    const raw = await sendRaw(leader.port, put(lengths, '{"value":1} '), { hangUpAfterMs: 200 });
    expect(statusOf(raw)).not.toBe(200);
  });

  test("an announced length of a terabyte is refused before a byte of it comes", async () => {
    const raw = await sendRaw(leader.port, put("Content-Length: 1099511627776", "{"), {
      hangUpAfterMs: 300,
    });
    expect(statusOf(raw)).toBe(413);
    expect(raw).toContain('"error":"too_large"');
  });

  test("a stream without end is cut at the limit", async () => {
    let pulled = 0;
    const endless = new ReadableStream({
      pull(controller) {
        pulled += 65_536;
        controller.enqueue(new Uint8Array(65_536).fill(0x20));
      },
    });
    const answer = await call("PUT", `${leader.url}/kv/a`, endless).catch(() => undefined);
    // A client that is still sending may see the connection close before it reads the answer.
    if (answer !== undefined)
      expect([answer.status, answer.body.error]).toEqual([413, "too_large"]);
    expect(pulled).toBeLessThan(64 * 1024 * 1024);
  });

  test("bytes that are no HTTP at all", async () => {
    const raw = await sendRaw(leader.port, "\u0000\u0001\u0002 rubbish\r\n\r\n", {
      hangUpAfterMs: 200,
    });
    expect(statusOf(raw)).not.toBe(200);
  });

  test("a request without a host is served all the same", async () => {
    const raw = await sendRaw(leader.port, "GET /kv/standing/ HTTP/1.0\r\n\r\n");
    expect(statusOf(raw)).toBe(404);
    expect(raw).toContain('"key":"standing/"');
    const found = await sendRaw(leader.port, "GET /kv/standing HTTP/1.0\r\n\r\n");
    expect(found).toContain('"value":"untouched"');
  });

  test.each([
    ["a text", "hello"],
    ["no bytes", new Uint8Array(0)],
    ["random bytes", crypto.getRandomValues(new Uint8Array(4096))],
    ["zeros", new Uint8Array(1000)],
    ["a length that promises more", new Uint8Array([1, 255, 255, 255, 255, 255, 255, 255, 255, 1])],
  ])("a WebSocket client that sends %s to the peer route is shown out", async (_what, rubbish) => {
    for (const node of [leader, follower]) {
      const socket = new WebSocket(`${node.url.replace("http", "ws")}/peer`);
      let closed = false;
      socket.onclose = () => {
        closed = true;
      };
      socket.onerror = () => {};
      await waitUntil(() => closed || socket.readyState === WebSocket.OPEN, {
        what: "the peer route to answer",
      });
      socket.send(rubbish);
      await waitUntil(() => closed, { what: `${node.id} to close the link` });
    }
  });

  test("a plain request to the peer route", async () => {
    const answer = await call("GET", `${leader.url}/peer`);
    expect([answer.status, answer.body.error]).toEqual([404, "not_found"]);
  });
});
