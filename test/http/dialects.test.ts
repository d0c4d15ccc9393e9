/** Each report's calls, as a client that was written for that report makes them. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Answer, call } from "../support/call.ts";
import {
  type HttpGroup,
  type HttpNode,
  startHttpGroup,
  waitUntilEqual,
} from "../support/http-group.ts";
import { waitUntil } from "../support/wait-until.ts";

let group: HttpGroup;
let leader: HttpNode;
let follower: HttpNode;
/** A leader whose one follower is gone: every write lacks its quorum. */
let broken: HttpGroup;

beforeAll(async () => {
  group = await startHttpGroup({ followers: 3, writeQuorum: 3 });
  leader = group.leader;
  follower = group.followers[0] as HttpNode;
  broken = await startHttpGroup({ followers: 1, writeQuorum: 1 });
  await broken.followers[0]?.stop();
  await waitUntil(async () => !(await fetch(`${broken.leader.url}/ready`)).ok, {
    what: "the leader to miss its follower",
  });
});
afterAll(async () => {
  await group.stop();
  await broken.stop();
});

const get = (node: HttpNode, path: string): Promise<Answer> => call("GET", node.url + path);
const post = (node: HttpNode, path: string, body?: unknown): Promise<Answer> =>
  call("POST", node.url + path, body, { "content-type": "application/json" });

describe("report 000", () => {
  test("sets at the leader and gets everywhere, keys with slashes too", async () => {
    const key = "src/subdir/hello.html";
    const set = await post(leader, "/set", { key, value: "<p>hello</p>" });
    expect(set.status).toBe(200);
    expect(set.body).toMatchObject({ success: true, key, value: "<p>hello</p>", replicas: 3 });
    for (const node of group.nodes) {
      const read = await get(node, `/get/${key}`);
      expect(read.status).toBe(200);
      expect(read.body).toMatchObject({ success: true, key, value: "<p>hello</p>" });
    }
  });

  test("is refused at a follower with 403", async () => {
    const set = await post(follower, "/set", { key: "a", value: 1 });
    expect(set.status).toBe(403);
    expect(set.body).toMatchObject({ success: false, error: expect.any(String) });
    expect((await get(leader, "/get/a")).status).toBe(404);
  });

  test("reads an absent key as 404", async () => {
    const read = await get(follower, "/get/nowhere");
    expect(read.status).toBe(404);
    expect(read.body).toMatchObject({ success: false, error: expect.any(String) });
  });

  test("is told 500 when the quorum fails, and what that means for the data", async () => {
    const set = await post(broken.leader, "/set", { key: "a", value: 1 });
    expect(set.status).toBe(500);
    expect(set.body).toMatchObject({
      success: false,
      error: expect.any(String),
      outcome: "refused",
    });
    expect((await get(broken.leader, "/get/a")).status).toBe(404);
  });

  test("reads node_type, data_count and data in the status", async () => {
    await post(leader, "/set", { key: "shown", value: { deep: [1.5] } });
    await waitUntilEqual(group);
    for (const node of group.nodes) {
      const { body } = await get(node, "/status");
      expect(body.node_type).toBe(node === leader ? "leader" : "follower");
      expect(body.data.shown).toEqual({ deep: [1.5] });
      expect(Object.keys(body.data)).toHaveLength(body.data_count);
      expect(body.data_truncated).toBe(false);
    }
  });

  test("puts an entry into a follower by hand, and not into the leader", async () => {
    const replicated = await post(follower, "/replicate", { key: "by-hand-000", value: "x" });
    expect(replicated.status).toBe(200);
    expect(replicated.body).toMatchObject({ success: true, key: "by-hand-000" });
    expect((await get(follower, "/get/by-hand-000")).body.value).toBe("x");
    const refused = await post(leader, "/replicate", { key: "by-hand-000", value: "x" });
    expect(refused.status).toBe(403);
    expect(refused.body).toMatchObject({ success: false, error: expect.any(String) });
  });

  test("sees at most 1,000 keys in the status, and that there are more", async () => {
    const own = await startHttpGroup({ followers: 0, writeQuorum: 0 });
    try {
      for (let index = 0; index < 1001; index++) {
        await post(own.leader, "/set", { key: `key:${index}`, value: index });
      }
      const { body } = await get(own.leader, "/status");
      expect(body.data_count).toBe(1001);
      expect(Object.keys(body.data)).toHaveLength(1000);
      expect(body.data_truncated).toBe(true);
    } finally {
      await own.stop();
    }
  });
});

describe("report 001", () => {
  test("writes as JSON and reads from every node", async () => {
    const write = await post(leader, "/write", { key: "name", value: "Catalin" });
    expect(write.status).toBe(200);
    expect(write.body).toMatchObject({
      status: "success",
      key: "name",
      value: "Catalin",
      node: "leader",
    });
    for (const node of group.nodes) {
      const read = await get(node, "/read?key=name");
      expect(read.status).toBe(200);
      expect(read.body).toMatchObject({ key: "name", value: "Catalin", node: node.id });
    }
  });

  test("writes as query parameters, where every value is a text", async () => {
    const rows = [
      ["key=counter&value=1", "counter", "1"],
      ["value=a%20b+c&key=user%3A1", "user:1", "a b c"],
      ["key=empty&value=", "empty", ""],
      ["key=json&value=%7B%22a%22%3A1%7D", "json", '{"a":1}'],
      ["key=emoji&value=%F0%9F%98%80", "emoji", "😀"],
    ] as const;
    for (const [query, key, value] of rows) {
      const write = await post(leader, `/write?${query}`);
      expect([write.status, write.body.value]).toEqual([200, value]);
      const read = await get(follower, `/read?key=${encodeURIComponent(key)}`);
      expect(read.body).toMatchObject({ key, value });
    }
  });

  test("reads an absent key as 404", async () => {
    expect((await get(follower, "/read?key=nowhere")).status).toBe(404);
  });

  test("is told 503 when the quorum fails", async () => {
    const write = await post(broken.leader, "/write?key=a&value=1");
    expect(write.status).toBe(503);
    expect(write.body.detail).toBeString();
  });

  test("replicates by query parameters to a follower", async () => {
    const replicated = await post(follower, "/replicate?key=by-hand-001&value=7");
    expect(replicated.status).toBe(200);
    expect((await get(follower, "/read?key=by-hand-001")).body.value).toBe("7");
  });
});

describe("report 002", () => {
  test("puts with PUT and POST and reads from every node", async () => {
    for (const method of ["PUT", "POST"]) {
      const value = `by ${method}`;
      const put = await call(method, `${leader.url}/put/test-key-1`, { value });
      expect(put.status).toBe(200);
      expect(put.body).toMatchObject({ status: "ok", replicas_confirmed: 3 });
      for (const node of group.nodes) {
        const read = await get(node, "/get/test-key-1");
        expect([read.status, read.body.found, read.body.value]).toEqual([200, true, value]);
      }
    }
  });

  test("finds an absent key absent", async () => {
    const read = await get(follower, "/get/absent");
    expect([read.status, read.body.found]).toEqual([404, false]);
  });

  test("finds null, false, 0 and the empty text present", async () => {
    for (const value of [null, false, 0, ""]) {
      await post(leader, "/put/falsy", { value });
      expect((await get(leader, "/get/falsy")).body).toMatchObject({ found: true, value });
    }
  });

  test("is refused at a follower as not leader", async () => {
    const put = await post(follower, "/put/a", { value: 1 });
    expect([put.status, put.body.error]).toEqual([403, "not leader"]);
  });

  test("is told 500 and the reason when the quorum fails", async () => {
    const put = await post(broken.leader, "/put/a", { value: 1 });
    expect(put.status).toBe(500);
    expect(put.body).toMatchObject({
      status: "error",
      replicas_confirmed: 0,
      reason: "quorum not reached",
    });
  });

  test("sets the quorum, and every write after that is confirmed by as many", async () => {
    for (const quorum of [1, 2, 3]) {
      const set = await post(leader, "/admin/set_quorum", { quorum });
      expect(set.status).toBe(200);
      for (let index = 0; index < 5; index++) {
        const put = await post(leader, `/put/key-${index}`, { value: `val-${index}` });
        expect(put.body.replicas_confirmed).toBeGreaterThanOrEqual(quorum);
      }
    }
    expect((await get(leader, "/config")).body.writeQuorum).toBe(3);
    expect((await post(follower, "/admin/set_quorum", { quorum: 1 })).status).toBe(403);
  });

  test("fetches the whole store of every node for its consistency check", async () => {
    const { store } = (await get(leader, "/admin/store")).body;
    expect(store["test-key-1"]).toBe("by POST");
    // The first follower holds what was put into it by hand besides.
    for (const node of group.followers.slice(1)) {
      await waitUntil(
        async () => Bun.deepEquals((await get(node, "/admin/store")).body.store, store),
        { what: `${node.id} to have the leader's store`, timeoutMs: 3000 },
      );
    }
  });
});

describe("report 003", () => {
  test("pings every node", async () => {
    for (const node of group.nodes) expect((await get(node, "/ping")).status).toBe(200);
  });

  test("writes at the leader, is refused at a follower, and the last write wins", async () => {
    await post(leader, "/write", { key: "overwritten", value: "old" });
    await post(leader, "/write", { key: "overwritten", value: "new" });
    for (const node of group.nodes) {
      expect((await get(node, "/read?key=overwritten")).body.value).toBe("new");
    }
    expect((await post(follower, "/write", { key: "overwritten", value: "x" })).status).toBe(403);
  });

  test("sees rising integer versions in equal dumps of all nodes", async () => {
    const versions: number[] = [];
    for (let round = 0; round < 5; round++) {
      await post(leader, "/write", { key: "versioned", value: round });
      versions.push((await get(leader, "/dump")).body.versioned.version);
    }
    expect(versions).toEqual(versions.toSorted((a, b) => a - b));
    expect(new Set(versions).size).toBe(5);
    expect(versions.every(Number.isInteger)).toBe(true);
    const { versioned } = (await get(leader, "/dump")).body;
    for (const node of group.nodes) {
      expect((await get(node, "/dump")).body.versioned).toEqual(versioned);
    }
  });

  test("replicates by hand: the newer version stands, whatever the order", async () => {
    const by = (version: number) => ({ key: "by-hand-003", value: `v${version}`, version });
    for (const version of [5, 3, 7, 6]) {
      const answer = await post(follower, "/replicate", by(version));
      expect(answer.status).toBe(200);
      expect(answer.body).toEqual({ success: true, key: "by-hand-003", status: "replicated" });
    }
    expect((await get(follower, "/read?key=by-hand-003")).body.value).toBe("v7");
    await post(follower, "/replicate", { key: "by-hand-003", value: "without" });
    expect((await get(follower, "/dump")).body["by-hand-003"]).toMatchObject({
      value: "without",
      version: 8,
      epoch: 0,
    });
  });

  test("a hand-made entry never stands in the way of the leader's", async () => {
    await post(follower, "/replicate", { key: "contested", value: "hand", version: 1_000_000 });
    await post(leader, "/write", { key: "contested", value: "leader" });
    expect((await get(follower, "/read?key=contested")).body.value).toBe("leader");
    await post(follower, "/replicate", { key: "contested", value: "hand", version: 2_000_000 });
    expect((await get(follower, "/read?key=contested")).body.value).toBe("leader");
  });
});
