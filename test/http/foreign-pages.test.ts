/** What a page of another site may have a browser send here. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { call } from "../support/call.ts";
import { type HttpGroup, startHttpGroup } from "../support/http-group.ts";

let group: HttpGroup;

beforeAll(async () => {
  group = await startHttpGroup({ followers: 1, writeQuorum: 1 });
});
afterAll(() => group.stop());

async function write(headers: Record<string, string>): Promise<Response> {
  const body = JSON.stringify({ key: "from-a-page", value: 1 });
  const all = { "content-type": "text/plain", ...headers };
  return fetch(`${group.leader.url}/set`, { method: "POST", headers: all, body });
}

describe("a POST that a browser sends", () => {
  test.each([
    [{ origin: "https://example.org" }],
    [{ origin: "null" }],
    [{ origin: "http://localhost:1" }],
    [{ "sec-fetch-site": "cross-site" }],
  ])("for another site's page is refused and changes nothing: %p", async (headers) => {
    const answer = await write(headers);
    expect(answer.status).toBe(403);
    expect(await answer.json()).toMatchObject({ error: "foreign_page", outcome: "refused" });
    const { status } = await call("GET", `${group.leader.url}/kv/from-a-page`);
    expect(status).toBe(404);
  });

  test("for a page of this node is taken, and so is one of no page at all", async () => {
    const { origin } = new URL(group.leader.url);
    const sameSite = { origin, "sec-fetch-site": "same-origin" };
    for (const headers of [{ origin }, sameSite, {}] as Record<string, string>[]) {
      expect((await write(headers)).status).toBe(200);
    }
  });
});
