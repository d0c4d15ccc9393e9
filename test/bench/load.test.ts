/** The driver is a measuring instrument: these tests hold it against times that are known. */
import { afterEach, describe, expect, test } from "bun:test";
import type { Socket, TCPSocketListener } from "bun";
import { runClosedLoop } from "../../bench/load/closed-loop.ts";
import { runOpenLoop } from "../../bench/load/open-loop.ts";
import { NO_FAILURES } from "../../bench/load/protocol.ts";
import { toRequest } from "../../bench/load/request.ts";
import { countStatus, summarize } from "../../bench/load/statistics.ts";

const hostname = "127.0.0.1";
const running: { stop(force: boolean): unknown }[] = [];

afterEach(() => {
  for (const server of running.splice(0)) server.stop(true);
});

function serve(answer: (path: string) => Response | Promise<Response>): number {
  const server = Bun.serve({
    hostname,
    port: 0,
    fetch: (request) => answer(new URL(request.url).pathname),
  });
  running.push(server);
  return server.port ?? 0;
}

function listen(data: (socket: Socket<undefined>, chunk: Buffer) => void): number {
  const listener: TCPSocketListener<undefined> = Bun.listen<undefined>({
    hostname,
    port: 0,
    data: undefined,
    socket: { data },
  });
  running.push(listener);
  return listener.port;
}

const get = (index: number) => toRequest({ method: "GET", path: `/${index}`, host: hostname });

/** Answers after the known wait of its path, and says how long it really took, by its own clock. */
async function answerAfter(waitMs: number): Promise<Response> {
  const startedAt = performance.now();
  await new Promise((resolve) => setTimeout(resolve, waitMs));
  return new Response(String(performance.now() - startedAt));
}

const WAITS_MS = [2, 5, 9, 20, 40];

describe("the closed loop", () => {
  test("measures what a server that waits a known time makes, request by request", async () => {
    const port = serve((path) => answerAfter(WAITS_MS[Number(path.slice(1)) % 5] ?? 0));
    const startedAt = performance.now();
    const record = await runClosedLoop({
      hostname,
      port,
      clients: 4,
      requests: 100,
      request: get,
      keepBodies: true,
    });

    const elapsedMs = performance.now() - startedAt;

    expect(countStatus(record, 200)).toBe(100);
    const serverMs = record.bodies.map(Number);
    const overheadMs = serverMs.map((ms, row) => (record.latencyMs[row] ?? 0) - ms);
    // Never shorter than the server's own time; and of each client one at a time, so that all
    // together can't have taken longer than there was, however busy the machine.
    expect(Math.min(...overheadMs)).toBeGreaterThan(0);
    expect(record.latencyMs.reduce((sum, ms) => sum + ms, 0)).toBeLessThan(4 * elapsedMs);

    const driver = summarize(record.latencyMs);
    const server = summarize(serverMs);
    for (const quantile of ["p50", "p90", "p95", "mean"] as const) {
      expect(driver[quantile]).toBeGreaterThan(server[quantile]);
    }
    for (const [place, waitMs] of WAITS_MS.entries()) {
      const ofThisWait = record.latencyMs.filter((_, row) => row % 5 === place);
      // A timer may be up to a millisecond early by the rounding of its clock.
      expect(Math.min(...ofThisWait)).toBeGreaterThan(waitMs - 1);
    }
  });

  test("has at most one request of each client under way, and all clients busy", async () => {
    let underWay = 0;
    let most = 0;
    const port = serve(async () => {
      underWay += 1;
      most = Math.max(most, underWay);
      const response = await answerAfter(3);
      underWay -= 1;
      return response;
    });
    const perClient = new Map<number, number>();
    const record = await runClosedLoop({
      hostname,
      port,
      clients: 7,
      requests: 70,
      request: (index, client) => {
        perClient.set(client, (perClient.get(client) ?? 0) + 1);
        return get(index);
      },
    });
    expect(record.requests).toBe(70);
    expect(most).toBe(7);
    expect([...perClient.keys()].sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });

  test("reads answers larger than one read", async () => {
    const large = "x".repeat(3_000_000);
    const port = serve(() => new Response(large));
    const record = await runClosedLoop({
      hostname,
      port,
      clients: 2,
      requests: 4,
      request: get,
      keepBodies: true,
    });
    expect(record.bodies.map((body) => body.length)).toEqual([3e6, 3e6, 3e6, 3e6]);
  });

  test("sends requests larger than one write", async () => {
    const server = Bun.serve({
      hostname,
      port: 0,
      fetch: async (request) => new Response(String((await request.text()).length)),
    });
    running.push(server);
    const json = JSON.stringify("x".repeat(9_000_000));
    const record = await runClosedLoop({
      hostname,
      port: server.port ?? 0,
      clients: 2,
      requests: 4,
      request: () => toRequest({ method: "PUT", path: "/", host: hostname, json }),
      keepBodies: true,
    });
    expect(record.bodies).toEqual(Array(4).fill(String(json.length)));
  });

  test("stops at the signal and keeps what it has", async () => {
    const stop = new AbortController();
    const port = serve((path) => {
      if (path === "/30") stop.abort();
      return answerAfter(1);
    });
    const record = await runClosedLoop({
      hostname,
      port,
      clients: 3,
      requests: 100_000,
      request: get,
      signal: stop.signal,
    });
    expect(record.requests).toBeGreaterThan(30);
    expect(record.requests).toBeLessThan(40);
    expect(countStatus(record, 200)).toBe(record.requests);
  });
});

describe("a server that fails", () => {
  test("counts a lost connection as one failure and goes on over a new one", async () => {
    let answers = 0;
    const port = listen((socket) => {
      answers += 1;
      if (answers % 5 === 0) socket.end();
      else socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    });
    const record = await runClosedLoop({ hostname, port, clients: 3, requests: 100, request: get });
    expect(record.failures).toEqual({ ...NO_FAILURES, lost: 20 });
    expect(countStatus(record, 200)).toBe(80);
    expect(countStatus(record, 0)).toBe(20);
  });

  test("sets up a new connection, without a failure, after a last answer", async () => {
    const port = listen((socket) => {
      socket.end("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok");
    });
    const record = await runClosedLoop({ hostname, port, clients: 2, requests: 20, request: get });
    expect(countStatus(record, 200)).toBe(20);
  });

  test("gives a request up after its time, and only that one", async () => {
    const timeoutMs = 300;
    const port = serve((path) => answerAfter(path === "/7" ? 10_000 : 1));
    const options = { hostname, port, clients: 2, requests: 20, request: get, timeoutMs };
    const record = await runClosedLoop(options);
    expect(record.failures).toEqual({ ...NO_FAILURES, timeout: 1 });
    expect(record.status[7]).toBe(0);
    expect(record.latencyMs[7]).toBeGreaterThanOrEqual(timeoutMs);
    expect(countStatus(record, 200)).toBe(19);
  });

  test("counts every request as failed where nobody listens, and ends", async () => {
    const port = listen(() => {});
    for (const server of running.splice(0)) server.stop(true);
    const record = await runClosedLoop({ hostname, port, clients: 3, requests: 9, request: get });
    expect(record.failures).toEqual({ ...NO_FAILURES, connect: 9 });
  });

  test("counts rubbish as a lost answer", async () => {
    const port = listen((socket) => socket.write("this is no HTTP\r\n\r\n"));
    const record = await runClosedLoop({ hostname, port, clients: 2, requests: 6, request: get });
    expect(record.failures.lost).toBe(6);
  });
});

describe("a load on a node that does not lead", () => {
  const refused = (leader: unknown, error = "not_leader") =>
    Response.json({ error, leader }, { status: 403 });
  const urlOf = (port: number) => `http://${hostname}:${port}`;

  test("goes to the leader that it names, and stays there", async () => {
    const leader = serve((path) => new Response(path));
    let redirected = 0;
    const port = serve(() => {
      redirected += 1;
      return refused(urlOf(leader));
    });
    for (const run of [runClosedLoop, runOpenLoop]) {
      redirected = 0;
      const load = { clients: 3, connections: 3, ratePerSecond: 2_000 };
      const requests = { requests: 60, request: get, keepBodies: true };
      const record = await run({ hostname, port, ...load, ...requests });
      expect(countStatus(record, 200)).toBe(60);
      expect([...record.bodies].sort()).toEqual(
        Array.from({ length: 60 }, (_, index) => `/${index}`).sort(),
      );
      // Each client once.
      expect(redirected).toBeGreaterThan(0);
      expect(redirected).toBeLessThanOrEqual(3);
    }
  });

  test("is refused where it may not follow, or the leader is not known", async () => {
    const leader = serve(() => new Response("ok"));
    const common = { hostname, clients: 2, requests: 10, request: get };
    const bodies = [refused(null), refused("nowhere"), refused(urlOf(leader), "unsafe")];
    for (const answer of bodies) {
      const port = serve(() => answer.clone() as Response);
      expect(countStatus(await runClosedLoop({ ...common, port }), 403)).toBe(10);
    }
    const port = serve(() => refused(urlOf(leader)));
    const record = await runClosedLoop({ ...common, port, followLeader: false });
    expect(countStatus(record, 403)).toBe(10);
  });

  test("ends where two nodes send it to each other", async () => {
    const ports: number[] = [];
    let asked = 0;
    for (const index of [0, 1]) {
      ports.push(
        serve(() => {
          asked += 1;
          return refused(urlOf(ports[1 - index] ?? 0));
        }),
      );
    }
    const [port = 0] = ports;
    const record = await runClosedLoop({ hostname, port, clients: 1, requests: 1, request: get });
    expect(countStatus(record, 403)).toBe(1);
    expect(asked).toBe(6);
  });

  test("comes back to where it began when the leader is gone", async () => {
    const first = Bun.serve({ hostname, port: 0, fetch: () => new Response("old") });
    const second = serve(() => new Response("new"));
    let leader = first.url.origin;
    const port = serve(() => refused(leader));
    let settled = 0;
    const record = await runClosedLoop({
      hostname,
      port,
      clients: 1,
      requests: 200,
      keepBodies: true,
      request: (index) => {
        if (index === 50) {
          leader = urlOf(second);
          first.stop(true);
        }
        settled = index;
        return get(index);
      },
    });
    expect(settled).toBe(199);
    const failed = record.failures.lost + record.failures.connect;
    expect(failed).toBeGreaterThan(0);
    expect(failed).toBeLessThan(5);
    expect(record.bodies.filter((body) => body === "old")).toHaveLength(50);
    expect(record.bodies.filter((body) => body === "new")).toHaveLength(150 - failed);
  });
});

describe("the open loop", () => {
  test("keeps its rate and its requests' order in time", async () => {
    const port = serve(() => new Response("ok"));
    const record = await runOpenLoop({
      hostname,
      port,
      connections: 4,
      ratePerSecond: 500,
      requests: 200,
      request: get,
    });
    expect(countStatus(record, 200)).toBe(200);
    // The last of 200 is due after 199 intervals of 2 ms.
    expect(record.durationMs).toBeGreaterThan(398);
    expect(Math.min(...record.latencyMs)).toBeGreaterThan(0);
  });

  test("shows a stall of 200 ms to every request that was due while it lasted", async () => {
    // One connection, so that all wait behind the one that stalls. By theory the one due j
    // intervals after it waits what is left of the stall: 200 ms - j * 5 ms, from 200 down to 5.
    const stallMs = 200;
    const intervalMs = 5;
    const stalledRow = 40;
    let stalledForMs = 0;
    const port = serve(async (path) => {
      if (path !== `/${stalledRow}`) return new Response("ok");
      const response = await answerAfter(stallMs);
      stalledForMs = Number(await response.clone().text());
      return response;
    });
    const record = await runOpenLoop({
      hostname,
      port,
      connections: 1,
      ratePerSecond: 1000 / intervalMs,
      requests: 120,
      request: get,
    });

    const errorsMs: number[] = [];
    for (let after = 0; after * intervalMs < stalledForMs; after++) {
      const latencyMs = record.latencyMs[stalledRow + after] ?? 0;
      errorsMs.push(latencyMs - (stalledForMs - after * intervalMs));
    }
    expect(errorsMs.length).toBeGreaterThanOrEqual(40);
    expect(Math.min(...errorsMs)).toBeGreaterThan(-0.001);
    expect(summarize(errorsMs).p50).toBeLessThan(10);
    // Counted from the send, the same stall would show once and hardly again: the omission.
    const late = (latenciesMs: Float64Array) => latenciesMs.filter((ms) => ms > 100).length;
    expect(late(record.latencyMs)).toBeGreaterThanOrEqual(19);
    expect(late(record.serviceMs)).toBeLessThan(4);
  });
});
