/** Report 004's calls and its demonstration, as a client that was written for it makes them. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { call } from "../support/call.ts";
import {
  type HttpCluster,
  type HttpWorker,
  placesOf,
  startHttpWorkers,
  waitUntilReady,
} from "../support/http-workers.ts";
import { waitUntil } from "../support/wait-until.ts";

let cluster: HttpCluster;
let controller: string;

beforeAll(async () => {
  cluster = await startHttpWorkers({ workers: 4 });
  controller = cluster.controller.url;
});
afterAll(() => cluster.stop());

const JSON_TYPE = { "content-type": "application/json" };
const put = (worker: HttpWorker, key: string, value: unknown) =>
  call("PUT", `${worker.url}/kv/${key}`, { value }, JSON_TYPE);
const post = (worker: HttpWorker, path: string, body: unknown) =>
  call("POST", worker.url + path, body, JSON_TYPE);

describe("at a worker", () => {
  test("PUT and GET /kv/{key}, at every worker", async () => {
    const [first] = cluster.workers;
    expect((await put(first!, "mykey", "hello")).status).toBe(200);
    for (const { url } of cluster.workers) {
      const read = await call("GET", `${url}/kv/mykey`);
      expect([read.status, read.body.value]).toEqual([200, "hello"]);
    }
  });

  test("GET /keys lists the copies that it holds, three of each key", async () => {
    await put(cluster.workers[0]!, "held", 1);
    const holders = async () => {
      const lists = await Promise.all(cluster.workers.map(({ url }) => call("GET", `${url}/keys`)));
      return lists.filter(({ body }) => body.keys.includes("held"));
    };
    await waitUntil(async () => (await holders()).length === 3, { what: "three holders" });
  });

  test("GET /health", async () => {
    for (const { url } of cluster.workers) {
      const health = await call("GET", `${url}/health`);
      expect([health.status, health.body.status]).toEqual([200, "ok"]);
    }
  });

  test("POST /replicate/{key} puts into a copy what no linearizable read shows", async () => {
    const { primary, replicas, others } = placesOf(cluster, "by-hand");
    const answer = await post(replicas[0]!, "/replicate/by-hand", {
      value: 1,
      version: 5,
      more: 1,
    });
    expect(answer.body).toEqual({ success: true, key: "by-hand", status: "replicated" });
    const local = await call("GET", `${replicas[0]!.url}/kv/by-hand?level=local`);
    expect(local.body).toMatchObject({ value: 1, version: "0.5" });
    expect((await call("GET", `${replicas[0]!.url}/kv/by-hand`)).status).toBe(404);
    const list = await call("GET", `${replicas[0]!.url}/kv?prefix=by-hand`);
    expect(list.body.items).toEqual([]);

    const older = await post(replicas[0]!, "/replicate/by-hand", { value: 2, version: 4 });
    expect(older.status).toBe(200);
    const atPrimary = await post(primary, "/replicate/by-hand", { value: 1 });
    expect([atPrimary.status, atPrimary.body.error]).toEqual([403, "not_follower"]);
    const elsewhere = await post(others[0]!, "/replicate/by-hand", { value: 1 });
    expect([elsewhere.status, elsewhere.body.error]).toEqual([409, "not_member"]);
    const bad = await post(replicas[0]!, "/replicate/by-hand", { version: 1 });
    expect([bad.status, bad.body.field]).toEqual([400, "value"]);

    const written = await put(cluster.workers[0]!, "by-hand", "real");
    expect(written.status).toBe(200);
    await waitUntil(
      async () =>
        (await call("GET", `${replicas[0]!.url}/kv/by-hand?level=local`)).body.value === "real",
      { what: "the real value at the copy" },
    );
    await post(replicas[0]!, "/replicate/by-hand", { value: "again", version: 999_999 });
    const read = await call("GET", `${replicas[0]!.url}/kv/by-hand?level=local`);
    expect(read.body.value).toBe("real");
  });

  test("POST /pull takes what the source has newer and this one should hold", async () => {
    const { replicas, others } = placesOf(cluster, "pulled");
    const [from, to] = replicas as [HttpWorker, HttpWorker];
    await post(from, "/replicate/pulled", { value: "by hand", version: 3 });
    const pulled = await post(to, "/pull", { source: from.url, keys: ["pulled", "other"] });
    expect(pulled.body).toMatchObject({ pulled: 1 });
    const read = await call("GET", `${to.url}/kv/pulled?level=local`);
    expect(read.body).toMatchObject({ value: "by hand", version: "0.3" });
    expect((await post(to, "/pull", { source: from.url, keys: ["pulled"] })).body.pulled).toBe(0);
    expect((await post(to, "/pull", { source: from.id })).body.pulled).toBe(0);

    const notOwn = await post(others[0]!, "/pull", { source: from.id, keys: ["pulled"] });
    expect(notOwn.body.pulled).toBe(0);
    const stranger = await post(to, "/pull", { source: "http://127.0.0.1:1" });
    expect([stranger.status, stranger.body.error]).toEqual([409, "not_member"]);
    for (const body of [{}, { source: 1 }, { source: from.url, keys: "pulled" }]) {
      expect((await post(to, "/pull", body)).status).toBe(400);
    }
  });
});

describe("the demonstration", () => {
  test("at the controller: health, the map of a key, the workers", async () => {
    const health = await call("GET", `${controller}/health`);
    expect(health.body).toMatchObject({ status: "controller up", workers_count: 4 });
    const map = await call("GET", `${controller}/map?key=demo-key`);
    expect(map.body.primary).toBe(placesOf(cluster, "demo-key").primary.url);
    expect(map.body.replicas).toHaveLength(2);
    const { body } = await call("GET", `${controller}/workers`);
    expect(body.workers.map(({ status }: { status: string }) => status)).toEqual(
      Array(4).fill("up"),
    );
  });

  test("a worker that ends is noticed, and others serve its keys", async () => {
    const [first] = cluster.workers;
    await put(first!, "demo-key", "demo-value");
    const { primary } = placesOf(cluster, "demo-key");
    await primary.stop();
    const living = cluster.workers.filter((worker) => worker !== primary);
    for (const { url } of living) {
      const read = await waitUntil(
        async () => {
          const answer = await call("GET", `${url}/kv/demo-key`);
          return answer.status === 200 ? answer : undefined;
        },
        { what: "the value after the failover" },
      );
      expect(read.body.value).toBe("demo-value");
      expect(read.body.node).not.toBe(primary.id);
    }
    const { body } = await call("GET", `${controller}/health`);
    expect(body.workers_count).toBe(3);
    // Each partition has three copies again.
    for (const worker of living) await waitUntilReady(worker);
    const written = await put(living[0]!, "demo-key", "after");
    expect(written.status).toBe(200);
  });
});
