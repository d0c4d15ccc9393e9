/**
 * What may come to the HTTP port: requests in proper HTTP with any content, and bytes that are
 * hardly HTTP at all. A case is plain data, so that it can be shrunk and printed; `requestBytes`
 * makes bytes of it.
 *
 * Wherever a key or value may stand there may stand MARK_HERE: it becomes the mark of that request,
 * by which its traces are found again.
 */
import fc from "fast-check";

/** What stands for the mark until it is known. */
export const MARK_HERE = "~mark~";

export interface RequestCase {
  readonly method: string;
  /** Path and query, as they go over the wire. */
  readonly target: string;
  readonly headers: readonly (readonly [string, string])[];
  /** As bytes in Latin-1, so that any byte may stand in it; undefined sends none. */
  readonly body: string | undefined;
  /** Sizes of chunks; undefined announces the length instead. */
  readonly chunks: readonly number[] | undefined;
}

/** What is done to the bytes of a request before they are sent. */
export type Damage =
  | { readonly kind: "none" }
  /** Only so much of it, from 0 to 1. */
  | { readonly kind: "cut"; readonly share: number }
  | { readonly kind: "flip"; readonly bits: readonly number[] }
  | { readonly kind: "insert"; readonly at: number; readonly text: string }
  /** A line more among the headers. */
  | { readonly kind: "header"; readonly line: string }
  /** Sent several times, one behind the other. */
  | { readonly kind: "repeat"; readonly times: number };

export interface Sent {
  readonly request: RequestCase;
  readonly damage: Damage;
}

const latin1 = (text: string) => Buffer.from(text, "utf8").toString("latin1");

/** Any text as one segment or parameter, escaped as clients do it. */
const escaped = fc
  .oneof(fc.string({ unit: "binary", maxLength: 12 }), fc.constant(MARK_HERE))
  .map((text) => encodeURIComponent(text).replaceAll("~mark~", MARK_HERE));

const oddEscape = fc.constantFrom(
  ...[
    "%ff",
    "%zz",
    "%c3",
    "%ED%A0%80",
    "%00",
    "%2F",
    "%2e%2e",
    "..",
    ".",
    "a+b",
    "%",
    "%F4%90%80%80",
  ],
);

const routes = [
  ...["kv", "get", "set", "put", "write", "read", "replicate", "admin", "config", "status"],
  ...["digest", "dump", "health", "ready", "metrics", "swagger", "peer", "ping", "store", ""],
  ...["set_quorum", "admin/set_quorum", "admin/store", "swagger/json", "__proto__", "kv/kv"],
];
const path = fc.oneof(
  { weight: 4, arbitrary: escaped.map((key) => `/kv/${MARK_HERE}${key}`) },
  { weight: 1, arbitrary: escaped.map((key) => `/kv/${key}`) },
  { weight: 1, arbitrary: fc.constantFrom("/set", "/write", "/put/a", "/replicate", "/config") },
  {
    weight: 3,
    arbitrary: fc
      .array(fc.oneof(fc.constantFrom(...routes), escaped, oddEscape), { maxLength: 4 })
      .map((segments) => `/${segments.join("/")}`),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      `/kv/${"k".repeat(1_025)}`,
      `/${"x".repeat(8_000)}`,
      "//",
      "/?",
      "/*",
    ),
  },
);
const parameter = fc.tuple(
  fc.constantFrom(
    "key",
    "value",
    "level",
    "limit",
    "after",
    "prefix",
    "version",
    "data",
    "%zz",
    "",
  ),
  fc.oneof(
    escaped,
    oddEscape,
    fc.constantFrom("linearizable", "local", "0", "-1", "1e9", "9007199254740993", "true"),
  ),
);
const query = fc.oneof(
  { weight: 6, arbitrary: fc.constant("") },
  {
    weight: 1,
    arbitrary: fc
      .array(parameter, { minLength: 1, maxLength: 4 })
      .map((parameters) => `?${parameters.map(([name, text]) => `${name}=${text}`).join("&")}`),
  },
);
const target = fc.tuple(path, query).map(([name, asked]) => `${name}${asked}`);

/** JSON texts that are awkward to keep, or no JSON. */
const oddValue = fc.constantFrom(
  ...["1e400", "-1e400", "1e-400", "9007199254740993", "-0", "0.1", "1E5", "01", "+1", ".5", "1."],
  ...['"\\ud800"', '"\\ud83d\\ude00"', '"\\u0000"', '"\\x"', "NaN", "Infinity", "undefined", "'a'"],
  ...['{"a":1,"a":2}', '{"__proto__":{"x":1}}', '{"constructor":1}', "[,]", "[1,]", "{,}", "", " "],
  ...[`${"[".repeat(512)}${"]".repeat(512)}`, `${"[".repeat(513)}${"]".repeat(513)}`],
  ...[
    "[".repeat(9_000),
    '{"a":'.repeat(3_000),
    `"${"x".repeat(9_000)}"`,
    "\ufeff1",
    "1 2",
    "/**/1",
  ],
);
const value = fc.oneof(
  { weight: 6, arbitrary: fc.constant(`"${MARK_HERE}"`) },
  { weight: 2, arbitrary: fc.json({ stringUnit: "binary" }) },
  { weight: 2, arbitrary: oddValue },
  { weight: 1, arbitrary: oddValue.map((odd) => `["${MARK_HERE}",${odd}]`) },
);

const field = fc.oneof(
  { weight: 4, arbitrary: value.map((text) => `"value":${text}`) },
  { weight: 2, arbitrary: escaped.map((key) => `"key":${JSON.stringify(`${MARK_HERE}${key}`)}`) },
  { weight: 1, arbitrary: value.map((text) => `"key":${text}`) },
  { weight: 1, arbitrary: value.map((text) => `"version":${text}`) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(
        fc.constantFrom("writeQuorum", "quorum", "minDelay", "maxDelay", "force", "valeu", ""),
        fc.constantFrom(
          "0",
          "1",
          "2",
          "-1",
          "1.5",
          "99",
          '"1ms"',
          '"x"',
          "null",
          "1e9",
          "[]",
          "{}",
        ),
      )
      .map(([name, text]) => `"${name}":${text}`),
  },
);
const object = fc
  .array(field, { minLength: 1, maxLength: 4 })
  .map((fields) => `{${fields.join(",")}}`);

const body = fc.oneof(
  { weight: 8, arbitrary: value.map((text) => latin1(`{"value":${text}}`)) },
  { weight: 8, arbitrary: value.map((text) => latin1(`{"key":"${MARK_HERE}","value":${text}}`)) },
  { weight: 4, arbitrary: object.map(latin1) },
  { weight: 1, arbitrary: fc.tuple(object, fc.nat()).map(([text, at]) => text.slice(0, at % 40)) },
  { weight: 1, arbitrary: value.map(latin1) },
  {
    weight: 2,
    arbitrary: fc.uint8Array({ maxLength: 100 }).map((b) => Buffer.from(b).toString("latin1")),
  },
  { weight: 1, arbitrary: fc.constant(`{"value":"${MARK_HERE}\xc3\x28"}`) },
  { weight: 1, arbitrary: fc.constant(`{"value":"${MARK_HERE}${"x".repeat(40_000)}"}`) },
);

const header = fc.oneof(
  fc.tuple(
    fc.constantFrom("If-None-Match", "Content-Type", "Accept", "X-Kvnode-Forwarded", "Cookie"),
    fc.string({ maxLength: 20 }).map((text) => text.trim()),
  ),
  fc.constantFrom<[string, string]>(
    ...([
      ["If-None-Match", '*, "1.1", W/"1.1", \xff'],
      ["Expect", "100-continue"],
      ["Connection", "close"],
      ["Content-Encoding", "gzip"],
      ["Accept-Encoding", "br, \x7f"],
      ["Range", "bytes=0-0,5-,-1"],
      ["Host", "[::"],
      ["Host", "evil/kv/z?"],
      ["X-Long", "y".repeat(4_000)],
      ["Upgrade", "h2c"],
    ] as [string, string][]),
  ),
);

const method = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom("GET", "PUT", "POST", "DELETE", "PATCH") },
  { weight: 1, arbitrary: fc.constantFrom("HEAD", "OPTIONS", "TRACE", "PROPFIND", "QUERY") },
);

/** Calls that there are, with keys and parameters of any kind. */
const call = fc.oneof(
  ...[
    { weight: 6, method: "PUT", path: `/kv/${MARK_HERE}` },
    { weight: 3, method: "PUT", path: `/kv/${MARK_HERE}/` },
    { weight: 2, method: "GET", path: "/kv/" },
    { weight: 2, method: "DELETE", path: "/kv/" },
    { weight: 1, method: "GET", path: "/kv" },
    { weight: 2, method: "POST", path: "/set" },
    { weight: 1, method: "GET", path: "/get/" },
    { weight: 2, method: "POST", path: "/write" },
    { weight: 1, method: "GET", path: "/read" },
    { weight: 2, method: "POST", path: "/put/" },
    { weight: 1, method: "POST", path: "/replicate" },
    { weight: 1, method: "POST", path: "/admin/set_quorum" },
    { weight: 1, method: "PATCH", path: "/config" },
    { weight: 1, method: "GET", path: "/status" },
  ].map(({ weight, method: verb, path: start }) => ({
    weight,
    arbitrary: fc
      .tuple(start.endsWith("/") ? fc.oneof(escaped, oddEscape) : fc.constant(""), query)
      .map(([key, asked]) => ({ method: verb, target: `${start}${key}${asked}` })),
  })),
);

const aimed = fc.oneof(
  { weight: 2, arbitrary: call },
  { weight: 1, arbitrary: fc.record({ method, target }) },
);
const rest = fc.record({
  headers: fc.array(header, { maxLength: 3 }),
  body: fc.option(body, { nil: undefined, freq: 5 }),
  chunks: fc.option(fc.array(fc.integer({ min: 1, max: 300 }), { maxLength: 5 }), {
    nil: undefined,
    freq: 2,
  }),
});
const request: fc.Arbitrary<RequestCase> = fc
  .tuple(aimed, rest)
  .map(([asked, more]) => ({ ...asked, ...more }));

const oddText = fc.oneof(
  fc.constantFrom("\0", "\r", "\n", "\r\n", "\r\n\r\n", "\t", " ", ":", "\xff\xfe", "%", "\x7f"),
  fc.string({ unit: "binary", maxLength: 5 }).map(latin1),
);
const oddLine = fc.oneof(
  fc.constantFrom(
    ...["Content-Length: 0", "Content-Length: -1", "Content-Length: 99999999999999999999"],
    ...["Content-Length: 5, 5", "Content-Length: 0x10", "Content-Length: 1e3", "Content-Length:"],
    ...["Transfer-Encoding: chunked", "Transfer-Encoding: gzip, chunked", "Transfer-Encoding: x"],
    ...["Transfer-Encoding : chunked", "Transfer-Encoding:\tchunked", " folded", "no colon", ": x"],
    ...[
      "Host: a\r\nHost: b",
      "Upgrade: websocket\r\nConnection: Upgrade",
      "Connection: upgrade, x",
    ],
    ...["X: \0", "X\0Y: 1", "Trailer: Content-Length", `Y: ${"y".repeat(70_000)}`],
    "n: 1\r\n".repeat(500).trimEnd(),
  ),
  fc.string({ maxLength: 30 }),
);
const damage: fc.Arbitrary<Damage> = fc.oneof(
  { weight: 12, arbitrary: fc.constant<Damage>({ kind: "none" }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("cut"),
      share: fc.double({ min: 0, max: 0.999, noNaN: true }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("flip"), bits: fc.array(fc.nat(), { minLength: 1 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("insert"), at: fc.nat(), text: oddText }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("header"), line: oddLine }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("repeat"),
      times: fc.integer({ min: 2, max: 20 }),
    }),
  },
);

/** One connection's worth of bytes. */
export const arbitrarySent: fc.Arbitrary<Sent> = fc.record({ request, damage });

/** The bytes of a case, with its mark in place. */
export function requestBytes({ request: asked, damage: how }: Sent, mark: string): Buffer {
  const marked = (text: string) => text.replaceAll(MARK_HERE, mark);
  const payload = asked.body === undefined ? undefined : marked(asked.body);
  const lines = [
    `${asked.method} ${marked(asked.target)} HTTP/1.1`,
    ...(asked.headers.some(([name]) => name === "Host") ? [] : ["Host: node"]),
    ...asked.headers.map(([name, text]) => `${name}: ${text}`),
    ...(how.kind === "header" ? [how.line] : []),
    ...(payload === undefined
      ? []
      : [asked.chunks ? "Transfer-Encoding: chunked" : `Content-Length: ${payload.length}`]),
  ];
  const rest =
    payload === undefined ? "" : asked.chunks ? inChunks(payload, asked.chunks) : payload;
  return damaged(Buffer.from(`${lines.join("\r\n")}\r\n\r\n${rest}`, "latin1"), how);
}

/** How many answers a case must have, or undefined where that is the node's to say. */
export function answersDue({ request: asked, damage: how }: Sent): number | undefined {
  // An upgrade, or bytes that are hardly HTTP: the runtime may answer by itself. It also closes a
  // connection on which a request comes before the one ahead of it is answered.
  const asksForMore = asked.headers.some(([name]) => name === "Upgrade");
  return how.kind === "none" && !asksForMore ? 1 : undefined;
}

/** Half a request: whatever is missing, nothing of it may be applied. */
export function isHalf({ request: asked, damage: how }: Sent, bytes: Buffer): boolean {
  if (how.kind !== "cut") return false;
  // A chunked body is whole with its empty chunk; the empty line behind it says nothing more.
  return asked.chunks === undefined || !bytes.toString("latin1").includes("\r\n0\r\n");
}

function damaged(bytes: Buffer, how: Damage): Buffer {
  switch (how.kind) {
    case "cut":
      return bytes.subarray(0, Math.floor(bytes.length * how.share));
    case "flip":
      for (const bit of how.bits) {
        const at = (bit >> 3) % bytes.length;
        bytes[at] = (bytes[at] as number) ^ (1 << (bit & 7));
      }
      return bytes;
    case "insert": {
      const at = how.at % bytes.length;
      const text = Buffer.from(how.text, "latin1");
      return Buffer.concat([bytes.subarray(0, at), text, bytes.subarray(at)]);
    }
    case "repeat":
      return Buffer.concat(Array.from({ length: how.times }, () => bytes));
    case "none":
    case "header":
      return bytes;
  }
}

function inChunks(payload: string, sizes: readonly number[]): string {
  let text = "";
  let at = 0;
  for (const size of sizes) {
    const chunk = payload.slice(at, at + size);
    if (chunk === "") break;
    text += `${chunk.length.toString(16)}\r\n${chunk}\r\n`;
    at += chunk.length;
  }
  const last = payload.slice(at);
  if (last !== "") text += `${last.length.toString(16)};extension=1\r\n${last}\r\n`;
  return `${text}0\r\n\r\n`;
}
