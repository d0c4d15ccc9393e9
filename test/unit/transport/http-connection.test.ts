/** Requests that are never sent twice: each is answered, certainly unsent, or lost. */
import { afterEach, describe, expect, test } from "bun:test";
import type { Socket, TCPSocketListener } from "bun";
import { HttpPool } from "../../../src/transport/http-pool.ts";
import { waitUntil } from "../../support/wait-until.ts";

const REQUEST = new TextEncoder().encode("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/** A server of few words: it hands each request's socket and number to the test. */
class ScriptedServer {
  readonly #listener: TCPSocketListener<unknown>;
  requests = 0;
  connections = 0;

  constructor(answer: (socket: Socket<unknown>, request: number) => void) {
    this.#listener = Bun.listen({
      hostname: "127.0.0.1",
      port: 0,
      socket: {
        open: () => {
          this.connections += 1;
        },
        data: (socket, bytes) => {
          for (const _head of bytes.toString().matchAll(/\r\n\r\n/g)) {
            this.requests += 1;
            answer(socket, this.requests);
          }
        },
      },
    });
  }

  get address(): string {
    return `http://127.0.0.1:${this.#listener.port}`;
  }

  stop(): void {
    this.#listener.stop(true);
  }
}

const servers: ScriptedServer[] = [];
const pools: HttpPool[] = [];

afterEach(() => {
  for (const pool of pools.splice(0)) pool.close();
  for (const server of servers.splice(0)) server.stop();
});

function serve(answer: (socket: Socket<unknown>, request: number) => void) {
  const server = new ScriptedServer(answer);
  servers.push(server);
  const pool = new HttpPool();
  pools.push(pool);
  const ask = (timeoutMs = 2_000) => pool.exchange(server.address, REQUEST, timeoutMs);
  return { server, pool, ask };
}

describe("a request to another node", () => {
  test("is answered, one after the other over one connection", async () => {
    const { server, ask } = serve((socket) => void socket.write(OK));
    for (let request = 0; request < 5; request++) {
      expect(await ask()).toEqual({ kind: "answer", status: 200, body: "ok" });
    }
    expect([server.requests, server.connections]).toEqual([5, 1]);
  });

  test("at once with others takes a connection of its own, which is kept", async () => {
    const waiting: Socket<unknown>[] = [];
    const { server, ask } = serve((socket) => void waiting.push(socket));
    const asked = [ask(), ask(), ask()];
    await waitUntil(() => waiting.length === 3, { what: "three requests" });
    for (const socket of waiting.splice(0)) socket.write(OK);
    expect((await Promise.all(asked)).map(({ kind }) => kind)).toEqual(Array(3).fill("answer"));
    const again = [ask(), ask(), ask()];
    await waitUntil(() => waiting.length === 3, { what: "three more" });
    for (const socket of waiting) socket.write(OK);
    await Promise.all(again);
    expect(server.connections).toBe(3);
  });

  test("is unsent where nobody listens", async () => {
    const { server, ask } = serve(() => {});
    server.stop();
    expect(await ask()).toEqual({ kind: "unsent" });
  });

  test("is lost, and not sent again, when a connection that was kept closes under it", async () => {
    const { server, ask } = serve((socket, request) => {
      if (request === 1) socket.write(OK);
      else socket.end();
    });
    expect(await ask()).toMatchObject({ kind: "answer" });
    expect(await ask()).toEqual({ kind: "lost" });
    expect([server.requests, server.connections]).toEqual([2, 1]);
    const { requests } = server;
    expect(await ask()).toEqual({ kind: "lost" });
    expect(server.requests).toBe(requests + 1);
  });

  test("is lost when no answer comes in time, and its connection is not used again", async () => {
    const { server, ask } = serve((socket, request) => {
      if (request > 1) socket.write(OK);
    });
    expect(await ask(50)).toEqual({ kind: "lost" });
    expect(await ask()).toMatchObject({ kind: "answer" });
    expect(server.connections).toBe(2);
  });

  test("has its answer in whatever pieces it comes", async () => {
    const body = "é".repeat(40_000);
    const head = `HTTP/1.1 503 Unavailable\r\ncontent-length:${Buffer.byteLength(body)}\r\n\r\n`;
    const bytes = Buffer.from(head + body);
    const sendInPieces = async (socket: Socket<unknown>) => {
      const cuts = [0, 5, 40, 70, 71, 30_000, bytes.length];
      for (const [index, from] of cuts.slice(0, -1).entries()) {
        socket.write(bytes.subarray(from, cuts[index + 1]));
        await Bun.sleep(1);
      }
    };
    const { ask } = serve((socket) => void sendInPieces(socket));
    expect(await ask()).toEqual({ kind: "answer", status: 503, body });
  });

  test("is lost where what comes back is no answer of a node", async () => {
    for (const rubbish of [
      "SSH-2.0-OpenSSH_9\r\n\r\n",
      "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
      "HTTP/1.1 100 Continue\r\n\r\n",
    ]) {
      const { ask } = serve((socket) => void socket.write(rubbish));
      expect(await ask(500)).toEqual({ kind: "lost" });
    }
  });

  test("takes no connection that the other end is about to close", async () => {
    const { server, ask } = serve((socket) => {
      socket.write(OK.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"));
    });
    expect(await ask()).toMatchObject({ kind: "answer", body: "ok" });
    expect(await ask()).toMatchObject({ kind: "answer", body: "ok" });
    expect(server.connections).toBe(2);
  });

  test("waits for its turn behind very many others, and is unsent if none comes", async () => {
    const waiting: Socket<unknown>[] = [];
    const { server, ask } = serve((socket) => void waiting.push(socket));
    const first = Array.from({ length: 128 }, () => ask());
    await waitUntil(() => waiting.length === 128, { what: "128 requests" });
    expect(await ask(50)).toEqual({ kind: "unsent" });
    const behind = ask();
    waiting[0]!.write(OK);
    await waitUntil(() => waiting.length === 129, { what: "the one behind them" });
    for (const socket of waiting.slice(1)) socket.write(OK);
    await Promise.all([...first, behind]);
    expect(server.connections).toBe(128);
  });
});
