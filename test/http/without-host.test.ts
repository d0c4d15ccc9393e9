/** Requests of HTTP/1.0 name no host; simple health checks still send them. */
import { expect, test } from "bun:test";
import { silentLogger } from "../../src/base/log.ts";
import { Connections } from "../../src/http/connections.ts";
import { listen } from "../../src/http/server.ts";
import { call } from "../support/call.ts";
import { startHttpGroup } from "../support/http-group.ts";
import { sendRaw, statusOf } from "../support/raw-http.ts";

test("a request without a host is counted under its route", async () => {
  const group = await startHttpGroup({ followers: 0, writeQuorum: 0 });
  const { port, url } = group.leader;
  expect(statusOf(await sendRaw(port, "GET /digest HTTP/1.0\r\n\r\n"))).toBe(200);
  const { text } = await call("GET", `${url}/metrics`);
  expect(text).toContain('\nkvnode_http_requests_total{route="/digest",status="200"} 1\n');
  await group.stop();
});

test("a health check without a host is answered however many requests are under way", async () => {
  const connections = new Connections({ connectionsMax: 0, logger: silentLogger });
  const server = listen({
    host: "127.0.0.1",
    port: 0,
    requestMsMax: 1_000,
    idleTimeoutMs: 1_000,
    connections,
    fetch: () => new Response(),
  });
  const statusOfPath = async (path: string) =>
    statusOf(await sendRaw(server.port ?? 0, `GET ${path} HTTP/1.0\r\n\r\n`));
  expect(await statusOfPath("/health")).toBe(200);
  expect(await statusOfPath("/kv/health")).toBe(503);
  connections.stop();
  await server.stop(true);
});
