/** `/via/{worker}/…`: a person's call passed on to a worker that has registered. */
import { afterAll, beforeAll, describe, expect, spyOn, test } from "bun:test";
import { MemoryControllerStore } from "../../src/controller/store.ts";
import { call } from "../support/call.ts";
import { type HttpController, startHttpController } from "../support/http-controller.ts";
import { type HttpGroup, startHttpGroup } from "../support/http-group.ts";
import { sendRaw, statusOf } from "../support/raw-http.ts";
import { waitUntil } from "../support/wait-until.ts";

let controller: HttpController;
let group: HttpGroup;
let via: string;
/** A worker that takes a call and never answers. */
let mute: ReturnType<typeof Bun.serve>;
/** A worker with much to say. */
let long: ReturnType<typeof Bun.serve>;

beforeAll(async () => {
  // What a worker answers is what a node of a group answers: here one that leads alone.
  group = await startHttpGroup({ followers: 0, writeQuorum: 0 });
  controller = startHttpController(new MemoryControllerStore(), { forwardTimeoutMs: 100 });
  mute = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Promise(() => {}) });
  long = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: ({ url }) => answerAtLength(url) });
  const gone = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response() });
  const goneUrl = `http://127.0.0.1:${gone.port}`;
  await gone.stop(true);
  for (const [id, address] of [
    ["w1", group.leader.url],
    ["mute", `http://127.0.0.1:${mute.port}`],
    ["long", `http://127.0.0.1:${long.port}`],
    ["gone", goneUrl],
  ]) {
    const answer = await call("POST", `${controller.url}/heartbeat`, { id, address });
    expect(answer.status).toBe(200);
  }
  via = `${controller.url}/via`;
});
afterAll(async () => {
  await controller.stop();
  await group.stop();
  await mute.stop(true);
  await long.stop(true);
});

/** Ends after ten pieces, with a fault, or not at all. */
function answerAtLength(url: string): Response {
  let pieces = 0;
  const body = new ReadableStream({
    async pull(controller) {
      await new Promise((resolve) => setImmediate(resolve));
      if (pieces++ < 10 || url.endsWith("leave")) controller.enqueue(new Uint8Array(64 * 1024));
      else if (url.endsWith("broken")) controller.error();
      else controller.close();
    },
  });
  return new Response(body);
}

describe("a call that is passed on", () => {
  test("writes, reads and removes at the worker, with its answers and headers", async () => {
    const put = await call("PUT", `${via}/w1/kv/a%2Fb%20c`, { value: { n: 1 } });
    expect(put.status).toBe(200);
    const direct = await call("GET", `${group.leader.url}/kv/a%2Fb%20c`);
    const passed = await call("GET", `${via}/w1/kv/a%2Fb%20c?level=local`);
    expect(passed.body).toEqual(direct.body);
    expect(passed.headers.get("etag")).toBe(`"${put.body.version}"`);
    const etag = { "if-none-match": passed.headers.get("etag") ?? "" };
    expect((await call("GET", `${via}/w1/kv/a%2Fb%20c`, undefined, etag)).status).toBe(304);
    const removed = await call("DELETE", `${via}/w1/kv/a%2Fb%20c`);
    expect(removed.body.existed).toBe(true);
    expect((await call("GET", `${via}/w1/kv/a%2Fb%20c`)).body.error).toBe("not_found");
  });

  test("keeps a broken escape broken, so that the worker can refuse it", async () => {
    const bytes = "GET /via/w1/kv/%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    const answer = await sendRaw(Number(new URL(controller.url).port), bytes);
    expect(statusOf(answer)).toBe(400);
    expect(answer).toContain("percent-escapes");
  });

  test("passes a large value through", async () => {
    const value = "x".repeat(60_000);
    expect((await call("PUT", `${via}/w1/kv/large`, { value })).status).toBe(200);
    expect((await call("GET", `${via}/w1/kv/large`)).body.value).toBe(value);
  });

  test("passes the worker's refusals on as they are", async () => {
    const answer = await call("PUT", `${via}/w1/kv/a`, { valeu: 1 });
    expect([answer.status, answer.body.error]).toEqual([400, "invalid_request"]);
  });

  test("goes to workers that have registered and to nobody else", async () => {
    for (const path of ["w9/kv/a", "127.0.0.1/kv/a", "/kv/a", "w1", "w1/", "..%2Fw1/kv/a"]) {
      const answer = await call("GET", `${via}/${path}`);
      expect([path, answer.status, answer.body.error]).toEqual([path, 404, "not_found"]);
    }
  });

  test("is one that people make", async () => {
    for (const path of ["admin/promote", "swagger", "peer", "via/w1/kv/a"]) {
      const answer = await call("GET", `${via}/w1/${path}`);
      expect([path, answer.status]).toEqual([path, 404]);
    }
  });

  test.each([
    ["whose client goes away", "leave"],
    ["whose worker breaks off", "broken"],
    ["that is answered whole", "whole"],
  ])("%s leaves no timer behind", async (_what, how) => {
    const made = spyOn(globalThis, "setTimeout");
    const cleared = spyOn(globalThis, "clearTimeout");
    try {
      const answer = await fetch(`${via}/long/dump?${how}`);
      if (how === "leave") await answer.body?.cancel();
      else await answer.arrayBuffer().catch(() => {});
      await waitUntil(
        () => {
          const timers = made.mock.results.filter((_, at) => made.mock.calls[at]?.[1] === 120_000);
          const ended = new Set<unknown>(cleared.mock.calls.map(([timer]) => timer));
          return timers.length === 1 && timers.every(({ value }) => ended.has(value));
        },
        { what: "the timer to be ended" },
      );
    } finally {
      made.mockRestore();
      cleared.mockRestore();
    }
  });

  test("that reaches nobody is refused: nothing has happened", async () => {
    const read = await call("GET", `${via}/gone/kv/a`);
    expect([read.status, read.body.error]).toEqual([504, "worker_unreachable"]);
    const write = await call("PUT", `${via}/gone/kv/a`, { value: 1 });
    expect(write.body).toMatchObject({ error: "worker_unreachable", outcome: "refused" });
    expect(write.body.message).toContain("is it running?");
  });

  test("that is not answered in time is indeterminate where it could write", async () => {
    const read = await call("GET", `${via}/mute/kv/a`);
    expect([read.status, read.body.error]).toEqual([504, "worker_unreachable"]);
    const write = await call("PUT", `${via}/mute/kv/a`, { value: 1 });
    expect([write.status, write.body.error]).toEqual([504, "forward_lost"]);
    expect(write.body.outcome).toBe("indeterminate");
  });
});
