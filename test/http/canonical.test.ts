/** The canonical surface against a group of real nodes. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { call } from "../support/call.ts";
import {
  type HttpGroup,
  type HttpNode,
  startHttpGroup,
  startHttpNode,
  waitUntilEqual,
} from "../support/http-group.ts";
import { waitUntil } from "../support/wait-until.ts";

let group: HttpGroup;
let leader: HttpNode;
let follower: HttpNode;

beforeAll(async () => {
  group = await startHttpGroup({ followers: 2, writeQuorum: 2 });
  leader = group.leader;
  follower = group.followers[0] as HttpNode;
});
afterAll(() => group.stop());

describe("one key", () => {
  test("is written, read at every node, and removed", async () => {
    const put = await call("PUT", `${leader.url}/kv/greeting`, { value: "hello" });
    expect(put.status).toBe(200);
    const { version } = put.body;
    expect(version).toMatch(/^\d+\.\d+$/);
    expect(put.body).toEqual({ key: "greeting", version, acks: 2, required: 2, node: "leader" });
    expect(put.headers.get("content-type")).toBe("application/json");

    for (const node of group.nodes) {
      const get = await call("GET", `${node.url}/kv/greeting`);
      expect(get.status).toBe(200);
      expect(get.body).toEqual({ key: "greeting", value: "hello", version, node: node.id });
      expect(get.headers.get("etag")).toBe(`"${version}"`);
    }

    const removed = await call("DELETE", `${leader.url}/kv/greeting`);
    // RFC 9110, section 9.3.4: what is kept is not the body as it came, so there is no validator.
    for (const { headers } of [put, removed]) expect(headers.has("etag")).toBe(false);
    expect(removed.status).toBe(200);
    expect(removed.body).toMatchObject({ key: "greeting", existed: true, required: 2 });
    const gone = await call("GET", `${leader.url}/kv/greeting`);
    expect(gone.status).toBe(404);
    expect(gone.body).toMatchObject({ error: "not_found", version: removed.body.version });
  });

  test("that is absent costs no write when removed, and is 404 without a version", async () => {
    const before = (await call("GET", `${leader.url}/status`)).body.watermark;
    const removed = await call("DELETE", `${leader.url}/kv/never-there`);
    expect(removed.status).toBe(200);
    expect(removed.body).toMatchObject({ existed: false, version: null });
    expect((await call("GET", `${leader.url}/status`)).body.watermark).toBe(before);
    const missing = await call("GET", `${leader.url}/kv/never-there`);
    expect(missing.status).toBe(404);
    expect(missing.body).not.toHaveProperty("version");
  });

  test("answers 304 to a client that has its version, and 200 to one that has not", async () => {
    const put = await call("PUT", `${leader.url}/kv/cached`, { value: 1 });
    const tag = `"${put.body.version}"`;
    for (const known of [tag, `W/${tag}`, `"0.1", ${tag}`, "*"]) {
      const cached = await call("GET", `${leader.url}/kv/cached`, undefined, {
        "if-none-match": known,
      });
      expect([cached.status, cached.text]).toEqual([304, ""]);
      expect(cached.headers.get("etag")).toBe(tag);
    }
    const newer = await call("GET", `${leader.url}/kv/cached`, undefined, {
      "if-none-match": '"0.1"',
    });
    expect(newer.status).toBe(200);
  });

  test("answers HEAD as GET without a body", async () => {
    await call("PUT", `${leader.url}/kv/headed`, { value: "x" });
    const head = await call("HEAD", `${leader.url}/kv/headed`);
    expect([head.status, head.text]).toEqual([200, ""]);
    expect(head.headers.get("etag")).toMatch(/^"\d+\.\d+"$/);
  });

  test("is not written or removed at a follower, which names the leader", async () => {
    for (const answer of [
      await call("PUT", `${follower.url}/kv/refused`, { value: 1 }),
      await call("DELETE", `${follower.url}/kv/refused`),
    ]) {
      expect(answer.status).toBe(403);
      expect(answer.body).toMatchObject({
        error: "not_leader",
        outcome: "refused",
        leader: leader.url,
      });
    }
    expect((await call("GET", `${leader.url}/kv/refused`)).status).toBe(404);
  });
});

describe("a linearizable read", () => {
  test("sees the last write, at the leader and through a follower", async () => {
    for (let round = 0; round < 20; round++) {
      await call("PUT", `${leader.url}/kv/fresh`, { value: round });
      for (const node of group.nodes) {
        const read = await call("GET", `${node.url}/kv/fresh?level=linearizable`);
        expect(read.body).toMatchObject({ value: round, node: "leader" });
        expect(read.headers.get("etag")).toBe(`"${read.body.version}"`);
      }
    }
  });

  test("through a follower carries any key, a 404 and a 304", async () => {
    for (const path of ["/kv/a%2F..%2Fb%20%C3%A9?", "/kv/?key=..&"]) {
      const put = await call("PUT", `${leader.url}${path.slice(0, -1)}`, { value: path });
      const read = await call("GET", `${follower.url}${path}level=linearizable`);
      expect(read.body).toMatchObject({ key: put.body.key, value: path });
      const cached = await call("GET", `${follower.url}${path}level=linearizable`, undefined, {
        "if-none-match": `"${put.body.version}"`,
      });
      expect(cached.status).toBe(304);
    }
    const missing = await call("GET", `${follower.url}/kv/nowhere?level=linearizable`);
    expect([missing.status, missing.body.error]).toEqual([404, "not_found"]);
  });

  test("at a follower that knows no leader is 503 recovering", async () => {
    const lonely = startHttpNode({ id: "lonely", addresses: undefined, writeQuorum: 0 });
    try {
      const read = await call("GET", `${lonely.url}/kv/any?level=linearizable`);
      expect([read.status, read.body.error]).toEqual([503, "recovering"]);
    } finally {
      await lonely.stop();
    }
  });

  test("that was sent on to a follower is not sent on again", async () => {
    const read = await call("GET", `${follower.url}/kv/fresh?level=linearizable`, undefined, {
      "x-kvnode-forwarded": "somebody",
    });
    expect([read.status, read.body.error]).toEqual([503, "recovering"]);
  });

  test("at a follower whose leader is gone is 504 leader_unreachable", async () => {
    const small = await startHttpGroup({ followers: 1, writeQuorum: 1 });
    try {
      await small.leader.stop();
      const [left] = small.followers;
      const read = await call("GET", `${left?.url}/kv/any?level=linearizable`);
      expect([read.status, read.body.error]).toEqual([504, "leader_unreachable"]);
      expect(read.body.leader).toBe(small.leader.url);
    } finally {
      await small.stop();
    }
  });
});

describe("the list", () => {
  test("gives live keys in the order of their code points, page by page", async () => {
    const keys = ["list:a", "list:b", "list:é", "list:\u{ffff}", "list:\u{1f600}"];
    for (const key of keys.toReversed()) {
      await call("PUT", `${leader.url}/kv/${encodeURIComponent(key)}`, { value: key });
    }
    await call("PUT", `${leader.url}/kv/list:gone`, { value: 1 });
    await call("DELETE", `${leader.url}/kv/list:gone`);
    const found: string[] = [];
    let after: string | null = null;
    do {
      const more: string = after === null ? "" : `&after=${encodeURIComponent(after)}`;
      const page = await call("GET", `${leader.url}/kv?prefix=list:&limit=2${more}`);
      expect(page.body.items.length).toBeLessThanOrEqual(2);
      for (const item of page.body.items) {
        expect(item).toEqual({ key: item.key, value: item.key, version: expect.any(String) });
        found.push(item.key);
      }
      after = page.body.next;
    } while (after !== null);
    expect(found).toEqual(keys);
  });

  test("ends a page early rather than send hundreds of megabytes", async () => {
    const value = "x".repeat(60_000);
    for (let index = 0; index < 160; index++) {
      await call("PUT", `${leader.url}/kv/large:${index}`, { value });
    }
    const first = await call("GET", `${leader.url}/kv?prefix=large:&limit=1000`);
    expect(first.body.items.length).toBeLessThan(160);
    const rest = await call(
      "GET",
      `${leader.url}/kv?prefix=large:&limit=1000&after=${first.body.next}`,
    );
    expect(first.body.items.length + rest.body.items.length).toBe(160);
    expect(rest.body.next).toBeNull();
  });
});

describe("the cluster's calls", () => {
  test("status says what each node is and knows of the others", async () => {
    await waitUntilEqual(group);
    const { status, body } = await call("GET", `${leader.url}/status`);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      node: "leader",
      role: "leader",
      leader: leader.url,
      writeQuorum: 2,
      minDelay: "0ms",
      maxDelay: "0ms",
      node_type: "leader",
    });
    expect(body.followers).toHaveLength(2);
    expect(body.followers[0]).toMatchObject({
      node: "follower1",
      address: follower.url,
      connected: true,
      synced: true,
      lagEntries: 0,
    });
    const lean = await call("GET", `${follower.url}/status?data=false`);
    expect(lean.body).toMatchObject({ role: "follower", leader: leader.url, followers: [] });
    expect(lean.body).not.toHaveProperty("data");
  });

  test("config is read and turned at the leader, all of it or nothing", async () => {
    const original = (await call("GET", `${leader.url}/config`)).body;
    expect(original).toEqual({ writeQuorum: 2, minDelay: "0ms", maxDelay: "0ms" });
    const turned = await call("PATCH", `${leader.url}/config`, {
      writeQuorum: 1,
      minDelay: "0.1ms",
      maxDelay: 1.5,
    });
    expect(turned.body).toEqual({ writeQuorum: 1, minDelay: "0.1ms", maxDelay: "1.5ms" });
    expect((await call("PUT", `${leader.url}/kv/turned`, { value: 1 })).body.required).toBe(1);
    const bad = await call("PATCH", `${leader.url}/config`, { writeQuorum: 2, minDelay: "9s" });
    expect(bad.status).toBe(400);
    expect((await call("GET", `${leader.url}/config`)).body).toEqual(turned.body);
    expect((await call("PATCH", `${leader.url}/config`, original)).body).toEqual(original);
    const refused = await call("PATCH", `${follower.url}/config`, { writeQuorum: 1 });
    expect([refused.status, refused.body.error]).toEqual([403, "not_leader"]);
  });

  test("digest is equal at nodes that hold the same, and another after a write", async () => {
    const before = await waitUntilEqual(group);
    await call("PUT", `${leader.url}/kv/digested`, { value: Math.random() });
    expect(await waitUntilEqual(group)).not.toBe(before);
  });

  test("dump gives every key with value and version, also while writes go on", async () => {
    const dump = await fetch(`${leader.url}/dump`);
    const writing = Array.from({ length: 50 }, (_, index) =>
      call("PUT", `${leader.url}/kv/large:${index}`, { value: index }),
    );
    const body = (await dump.json()) as Record<string, { value: unknown; version: number }>;
    await Promise.all(writing);
    const { keys } = (await call("GET", `${leader.url}/digest`)).body;
    expect(Object.keys(body)).toHaveLength(keys);
    expect(body.fresh).toEqual({ value: 19, version: expect.any(Number), epoch: 1 } as never);
  });

  test("a client that leaves a dump in the middle harms nobody", async () => {
    const leaving = new AbortController();
    const dump = await fetch(`${leader.url}/dump`, { signal: leaving.signal });
    await dump.body?.getReader().read();
    leaving.abort();
    expect((await call("GET", `${leader.url}/health`)).status).toBe(200);
    expect(leader.errors).toEqual([]);
  });
});

describe("health", () => {
  test("is always there; ready says why a node is not fit to serve", async () => {
    const small = await startHttpGroup({ followers: 1, writeQuorum: 1 });
    try {
      expect((await call("GET", `${small.leader.url}/ready`)).body.ready).toBe(true);
      await small.followers[0]?.stop();
      await waitUntil(async () => !(await fetch(`${small.leader.url}/ready`)).ok, {
        what: "the leader to miss its follower",
      });
      const ready = await call("GET", `${small.leader.url}/ready`);
      expect(ready.status).toBe(503);
      expect(ready.body.reason).toBeString();
      expect((await call("GET", `${small.leader.url}/health`)).body).toMatchObject({
        status: "ok",
        role: "leader",
      });
      const refused = await call("PUT", `${small.leader.url}/kv/a`, { value: 1 });
      expect(refused.status).toBe(503);
      expect(refused.body).toMatchObject({
        error: "not_enough_replicas",
        outcome: "refused",
        connected: 0,
        required: 1,
      });
      expect((await call("GET", `${small.leader.url}/kv/a`)).status).toBe(404);
    } finally {
      await small.stop();
    }
  });

  test("the root says in words what answers here", async () => {
    const { status, text } = await call("GET", leader.url);
    expect(status).toBe(200);
    expect(text).toContain("/swagger");
  });
});

describe("a follower that has nothing yet", () => {
  test("says so to every read, and what it is to whoever asks", async () => {
    const lonely = startHttpNode({ id: "lonely", addresses: undefined, writeQuorum: 0 });
    try {
      const reads = ["/kv/a", "/kv", "/dump", "/get/a", "/read?key=a", "/admin/store"];
      for (const path of reads) {
        const read = await call("GET", lonely.url + path);
        expect([path, read.status]).toEqual([path, 503]);
        expect([read.body.error, read.body.code]).toContain("recovering");
      }
      const status = await call("GET", `${lonely.url}/status`);
      expect(status.body).toMatchObject({
        role: "follower",
        leader: null,
        synced: false,
        data: {},
      });
      expect((await call("GET", `${lonely.url}/ready`)).status).toBe(503);
      for (const path of ["/", "/health", "/ping", "/metrics", "/digest", "/config", "/swagger"]) {
        expect([path, (await call("GET", lonely.url + path)).status]).toEqual([path, 200]);
      }
      const write = await call("PUT", `${lonely.url}/kv/a`, { value: 1 });
      expect([write.status, write.body.error]).toEqual([403, "not_leader"]);
      expect(write.body).not.toHaveProperty("leader");
    } finally {
      await lonely.stop();
    }
  });
});

describe("metrics", () => {
  test("count writes by outcome, requests by route, and show each follower", async () => {
    const read = async (name: string) => {
      const { text } = await call("GET", `${leader.url}/metrics`);
      const line = text.split("\n").find((each) => each.startsWith(`${name} `));
      return Number(line?.slice(name.length + 1));
    };
    const acknowledged = 'kvnode_writes_total{outcome="acknowledged"}';
    const before = await read(acknowledged);
    await call("PUT", `${leader.url}/kv/counted`, { value: 1 });
    await call("POST", `${leader.url}/set`, { key: "counted", value: 2 });
    expect(await read(acknowledged)).toBe(before + 2);
    expect(await read("kvnode_write_duration_seconds_count")).toBeGreaterThanOrEqual(before + 2);
    expect(await read('kvnode_http_requests_total{route="/set",status="200"}')).toBe(1);
    await call("GET", `${leader.url}/${crypto.randomUUID()}`);
    expect(await read('kvnode_http_requests_total{route="other",status="404"}')).toBe(1);
    expect(
      await read(`kvnode_follower_synced{follower="follower1",address="${follower.url}"}`),
    ).toBe(1);
    expect(await read("kvnode_keys")).toBe((await call("GET", `${leader.url}/digest`)).body.keys);
    expect(await read("process_resident_memory_bytes")).toBeGreaterThan(1_000_000);
    expect(await read("process_heap_bytes")).toBeGreaterThan(100_000);
  });
});
