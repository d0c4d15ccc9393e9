/**
 * One end of what is measured alone, as a process: `bun part-process.ts ROLE`. It listens on a free
 * port and says which on its first line; it ends when its standard input does.
 */
import { fdatasyncSync, openSync, writeSync } from "node:fs";
import { Elysia } from "elysia";
import { ANSWER_BYTES, FRAME_BYTES, FRAMES } from "./part-roles.ts";

const SAID_EVERY_MS = 500;
const HOST = "127.0.0.1";
const BODY = `{"key":"key-00000000","value":"${"x".repeat(100)}","version":"1.42","node":"leader"}`;
const HEADERS = { headers: { "content-type": "application/json", etag: '"1.42"' } };

/** Each listens and gives its port, or works until it is ended. */
const ROLES: Record<string, () => number | Promise<number>> = {
  /** Sends each read back. */
  tcp() {
    const echo = Bun.listen({
      ...{ hostname: HOST, port: 0 },
      socket: {
        open: (socket) => void socket.setNoDelay(true),
        data: (socket, chunk) => void socket.write(chunk),
      },
    });
    return echo.port;
  },
  /** Answers each message of a link with one as long as an acknowledgement. */
  link() {
    const answer = new Uint8Array(ANSWER_BYTES);
    const server = Bun.serve({
      ...{ hostname: HOST, port: 0, idleTimeout: 0 },
      fetch: (request, own) => (own.upgrade(request) ? undefined : new Response()),
      websocket: { perMessageDeflate: false, message: (socket) => void socket.send(answer) },
    });
    return server.port ?? 0;
  },
  /** A fixed answer to all; a body is read as a node reads it. */
  bun() {
    const server = Bun.serve({
      ...{ hostname: HOST, port: 0 },
      fetch: (request) => (request.method === "PUT" ? readAnd(request) : fixed()),
    });
    return server.port ?? 0;
  },
  /** The same with two routes of Elysia. */
  elysia() {
    const app = new Elysia()
      .put("/kv/*", ({ request }) => readAnd(request), { parse: "none" })
      .get("/kv/*", fixed)
      .compile();
    const server = Bun.serve({ hostname: HOST, port: 0, fetch: app.fetch });
    return server.port ?? 0;
  },
  /** Writes a page into the file and syncs it, over and over, and says how many a second. */
  sync() {
    const file = openSync(process.argv[3] ?? "", "w+");
    const frame = Buffer.alloc(FRAME_BYTES);
    for (let index = 0; index < FRAMES; index++) writeSync(file, frame);
    fdatasyncSync(file);
    void syncAlways(file, frame);
    return 0;
  },
};

async function readAnd(request: Request): Promise<Response> {
  await request.arrayBuffer();
  return fixed();
}

function fixed(): Response {
  return new Response(BODY, HEADERS);
}

async function syncAlways(file: number, frame: Buffer): Promise<void> {
  // The line with the port comes first.
  await Bun.sleep(0);
  let done = 0;
  let from = performance.now();
  for (;;) {
    writeSync(file, frame, 0, FRAME_BYTES, (done % FRAMES) * FRAME_BYTES);
    fdatasyncSync(file);
    done += 1;
    const now = performance.now();
    if (now - from < SAID_EVERY_MS) continue;
    console.log(`${done / ((now - from) / 1000)}`);
    [done, from] = [0, now];
    // So that the end of the standard input is noticed.
    await Bun.sleep(0);
  }
}

process.stdin.on("end", () => process.exit());
process.stdin.resume();
console.log(String(await ROLES[process.argv[2] ?? ""]?.()));
