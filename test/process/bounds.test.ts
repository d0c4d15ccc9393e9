/** What many, slow or rude clients can do to a node: against real processes. */
import { describe, expect, test } from "bun:test";
import { call } from "../support/call.ts";
import {
  type GroupNode,
  startGroup,
  startNode,
  waitUntilReady,
} from "../support/kvnode-process.ts";
import { openSlowClients } from "../support/slow-clients.ts";
import { waitUntil } from "../support/wait-until.ts";

const HALF_A_HEAD = "PUT /kv/slow HTTP/1.1\r\nHost: node\r\nX-Padding: ";
const HALF_A_BODY = 'PUT /kv/slow HTTP/1.1\r\nHost: node\r\nContent-Length: 1000\r\n\r\n{"value":"';
const WHOLE_READ = "GET /health HTTP/1.1\r\nHost: node\r\n\r\n";

const portOf = (node: GroupNode) => Number(new URL(node.url).port);

async function metricOf(node: GroupNode, name: string): Promise<number> {
  const { text } = await call("GET", `${node.url}/metrics`);
  return Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1] ?? Number.NaN);
}

describe("a node that 2,000 slow clients have come to", () => {
  test("answers others at once, takes its followers back, and is rid of them in time", async () => {
    const env = { WRITE_QUORUM: "1", IDLE_TIMEOUT: "1s", REPLICATION_TIMEOUT: "1s" };
    const group = await startGroup({ followers: 2, env });
    const [follower, other] = group.followers as [GroupNode, GroupNode];
    const slow = await openSlowClients(portOf(group.leader), 2_000, (index) =>
      index % 4 === 0 ? HALF_A_BODY : HALF_A_HEAD,
    );
    const idle = await openSlowClients(portOf(group.leader), 1, () => WHOLE_READ);
    const dribble = setInterval(() => slow.send("x"), 500);

    const slowest: number[] = [];
    for (let index = 0; index < 200; index++) {
      const startedAtMs = performance.now();
      const { status } = await call("PUT", `${group.leader.url}/kv/${index}`, { value: index });
      slowest.push(performance.now() - startedAtMs);
      expect(status).toBe(200);
    }
    expect(slowest.sort((a, b) => a - b)[190]).toBeLessThan(100);

    // A node that starts again finds its leader, whoever else is there.
    const slowAtFollower = await openSlowClients(portOf(other), 500, () => HALF_A_HEAD);
    follower.kill("SIGKILL");
    await follower.finished;
    const again = startNode(follower.env);
    await waitUntilReady(again);
    await waitUntilReady(other);

    // A half head after a fixed time, a half body and an idle one after IDLE_TIMEOUT.
    await waitUntil(() => slow.open() + idle.open() === 0, {
      what: "all of them to be closed",
      timeoutMs: 25_000,
    });
    expect(idle.received[0]).toStartWith("HTTP/1.1 200");
    clearInterval(dribble);
    slowAtFollower.close();
    expect((await call("GET", `${group.leader.url}/kv?prefix=slow`)).body.items).toEqual([]);
    again.kill("SIGTERM");
    await again.finished;
    await group.stop();
  }, 60_000);
});

describe("more connections than MAX_CONNECTIONS", () => {
  test("cost the idle ones their connection, and a request under way its refusal", async () => {
    const env = { WRITE_QUORUM: "1", MAX_CONNECTIONS: "60", REPLICATION_TIMEOUT: "3s" };
    const group = await startGroup({ followers: 1, env });
    const { leader } = group;
    const [follower] = group.followers as [GroupNode];

    const idle = await openSlowClients(portOf(leader), 300, () => WHOLE_READ);
    await waitUntil(() => idle.open() <= 60, { what: "the idle ones to be closed" });
    expect(idle.received.every((text) => text.startsWith("HTTP/1.1 200"))).toBe(true);
    idle.close();
    expect(await metricOf(leader, "kvnode_http_connections_closed_total")).toBeGreaterThan(200);
    expect(leader.stdout() + leader.stderr()).toContain("connections.crowded");

    follower.kill("SIGSTOP");
    const write = (index: number) =>
      `PUT /kv/w${index} HTTP/1.1\r\nHost: node\r\nContent-Length: 11\r\n\r\n{"value":1}`;
    const writers = await openSlowClients(portOf(leader), 90, write);
    const answered = (status: string) =>
      writers.received.filter((text) => text.startsWith(`HTTP/1.1 ${status}`)).length;
    await waitUntil(() => answered("503") === 30, { what: "the last ones to be refused" });
    const refusal = writers.received.find((text) => text.startsWith("HTTP/1.1 503")) ?? "";
    expect(refusal.toLowerCase()).toContain("connection: close");
    expect(JSON.parse(refusal.slice(refusal.indexOf("{")))).toMatchObject({
      error: "overloaded",
      outcome: "refused",
      maxConnections: 60,
    });
    expect((await call("GET", `${leader.url}/health`)).status).toBe(200);
    expect((await call("GET", `${leader.url}/kv/w0`)).body.error).toBe("overloaded");

    follower.kill("SIGCONT");
    await waitUntil(() => answered("200") === 60, { what: "the others to be acknowledged" });
    expect((await call("GET", `${leader.url}/kv?prefix=w`)).body.items).toHaveLength(60);
    writers.close();
    await group.stop();
  }, 30_000);
});

describe("one connection", () => {
  test("has one write under way at most: one sent before its answer is never done", async () => {
    const group = await startGroup({ followers: 1, env: { WRITE_QUORUM: "1", MIN_DELAY: "50ms" } });
    const write = (key: string) =>
      `PUT /kv/${key} HTTP/1.1\r\nHost: node\r\nContent-Length: 11\r\n\r\n{"value":1}`;
    const client = await openSlowClients(portOf(group.leader), 1, () => write("a") + write("b"));
    await waitUntil(() => client.open() === 0, { what: "the connection to be closed" });
    expect((await call("GET", `${group.leader.url}/kv/b`)).status).toBe(404);
    await group.stop();
  });

  test("with a head of more than 16 KiB is refused before it is a request", async () => {
    const group = await startGroup({ followers: 0 });
    const head = `GET / HTTP/1.1\r\nHost: node\r\nX: ${"y".repeat(17_000)}\r\n\r\n`;
    const client = await openSlowClients(portOf(group.leader), 1, () => head);
    await waitUntil(() => client.open() === 0, { what: "the end" });
    expect(client.received[0]).toStartWith("HTTP/1.1 431");
    await group.stop();
  });
});

describe("links of other nodes", () => {
  test("are bounded, and the next one is refused", async () => {
    const group = await startGroup({ followers: 1 });
    const [follower] = group.followers as [GroupNode];
    const url = `${follower.url.replace("http", "ws")}/peer`;
    const sockets = Array.from({ length: 80 }, () => new WebSocket(url));
    const open = () => sockets.filter(({ readyState }) => readyState === WebSocket.OPEN).length;
    const closed = () => sockets.filter(({ readyState }) => readyState === WebSocket.CLOSED).length;
    await waitUntil(() => open() + closed() === 80, { what: "every link to be decided" });
    // One of the 64 is the leader's.
    expect(open()).toBe(63);
    const upgrade = { connection: "upgrade", upgrade: "websocket" };
    const key = { "sec-websocket-version": "13", "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==" };
    const refused = await call("GET", `${follower.url}/peer`, undefined, { ...upgrade, ...key });
    expect([refused.status, refused.body.error]).toEqual([503, "overloaded"]);
    expect((await call("PUT", `${group.leader.url}/kv/a`, { value: 1 })).status).toBe(200);
    for (const socket of sockets) socket.terminate();
    await group.stop();
  });
});
