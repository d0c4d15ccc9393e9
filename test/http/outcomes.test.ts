/**
 * The three outcomes of a write as a client sees them, in the canonical calls and in every dialect:
 * acknowledged, refused (certainly not applied), indeterminate (it may survive).
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { call } from "../support/call.ts";
import { type HttpGroup, startHttpGroup, waitUntilEqual } from "../support/http-group.ts";

const REPLICATION_TIMEOUT_MS = 100;

let group: HttpGroup;
let url: string;

beforeAll(async () => {
  group = await startHttpGroup({
    followers: 2,
    writeQuorum: 2,
    replicationTimeoutMs: REPLICATION_TIMEOUT_MS,
  });
  url = group.leader.url;
  // Every copy comes, but later than a client waits.
  const slow = { minDelay: "300ms", maxDelay: "300ms" };
  expect((await call("PATCH", `${url}/config`, slow)).status).toBe(200);
});
afterAll(() => group.stop());

describe("a write whose quorum does not answer in time", () => {
  const rows = [
    ["PUT", "/kv/canonical", { value: 1 }, 504],
    ["POST", "/set", { key: "report-000", value: 1 }, 500],
    ["POST", "/write", { key: "report-001", value: 1 }, 503],
    ["POST", "/put/report-002", { value: 1 }, 500],
  ] as const;
  for (const [method, path, body, status] of rows) {
    test(`is ${status} indeterminate for ${method} ${path}, and gets everywhere`, async () => {
      const key = "key" in body ? body.key : path.slice(path.lastIndexOf("/") + 1);
      const write = await call(method, url + path, body);
      expect(write.status).toBe(status);
      expect(write.body).toMatchObject({ outcome: "indeterminate", acks: 0, required: 2 });
      expect(write.body.version).toMatch(/^\d+\.\d+$/);
      if (path.startsWith("/put")) expect(write.body.replicas_confirmed).toBe(0);
      await waitUntilEqual(group);
      for (const node of group.nodes) {
        expect((await call("GET", `${node.url}/kv/${key}`)).body).toMatchObject({
          value: 1,
          version: write.body.version,
        });
      }
    });
  }

  test("is counted as indeterminate", async () => {
    const { text } = await call("GET", `${url}/metrics`);
    expect(text).toContain('kvnode_writes_total{outcome="indeterminate"} 4');
  });

  test("a removal is 504 indeterminate as well, and gets everywhere", async () => {
    const removed = await call("DELETE", `${url}/kv/canonical`);
    expect(removed.status).toBe(504);
    expect(removed.body).toMatchObject({ error: "quorum_timeout", outcome: "indeterminate" });
    await waitUntilEqual(group);
    for (const node of group.nodes) {
      expect((await call("GET", `${node.url}/kv/canonical`)).status).toBe(404);
    }
  });
});
