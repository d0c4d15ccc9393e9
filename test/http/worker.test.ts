/** The canonical calls at the workers of a partitioned cluster. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { call } from "../support/call.ts";
import { expectDescribed } from "../support/described-routes.ts";
import { type HttpCluster, placesOf, startHttpWorkers } from "../support/http-workers.ts";
import { waitUntil } from "../support/wait-until.ts";

let cluster: HttpCluster;

beforeAll(async () => {
  cluster = await startHttpWorkers({ workers: 4 });
});
afterAll(() => cluster.stop());

const JSON_TYPE = { "content-type": "application/json" };
const put = (url: string, key: string, value: unknown) =>
  call("PUT", `${url}/kv/${key}`, { value }, JSON_TYPE);

describe("a key", () => {
  test("is written and read at any worker; the answer names the primary", async () => {
    const { primary } = placesOf(cluster, "everywhere");
    for (const { url } of cluster.workers) {
      const written = await put(url, "everywhere", { from: url });
      expect(written.status).toBe(200);
      expect(written.body).toMatchObject({ key: "everywhere", acks: 1, required: 1 });
      expect(written.body.node).toBe(primary.id);
      for (const reader of cluster.workers) {
        const read = await call("GET", `${reader.url}/kv/everywhere`);
        expect(read.body).toEqual({
          key: "everywhere",
          value: { from: url },
          version: written.body.version,
          node: primary.id,
        });
        expect(read.headers.get("etag")).toBe(`"${read.body.version}"`);
      }
    }
  });

  test("comes back with the text of its value, byte for byte, over any way", async () => {
    const value = '{"b":1.0,"a":[-0,"\\u00e9",1e2],"key":"x"}';
    for (const { url } of cluster.workers) {
      await call("PUT", `${url}/kv/text`, `{"value": ${value} }`, JSON_TYPE);
      for (const reader of cluster.workers) {
        const { text } = await call("GET", `${reader.url}/kv/text`);
        expect(text).toContain(`"value":${value},`);
      }
    }
  });

  test.each(["a/b c", "ü%", "..", "?&=#+", '"quoted"\\', "𝄞"])("may be %s", async (key) => {
    const { url } = cluster.workers[0]!;
    const path = key === ".." ? "?key=.." : encodeURIComponent(key);
    for (const worker of cluster.workers) {
      expect((await put(worker.url, path, worker.id)).body.key).toBe(key);
      const read = await call("GET", `${url}/kv/${path}`);
      expect(read.body).toMatchObject({ key, value: worker.id });
    }
  });

  test("is read locally where there is a copy, and at the primary where not", async () => {
    await put(cluster.workers[0]!.url, "local", 1);
    const { primary, replicas, others } = placesOf(cluster, "local");
    expect(replicas).toHaveLength(2);
    expect(others).toHaveLength(1);
    for (const { id, url } of [primary, ...replicas]) {
      const read = await waitUntil(
        async () => {
          const answer = await call("GET", `${url}/kv/local?level=local`);
          return answer.status === 200 ? answer : undefined;
        },
        { what: `the copy at ${id}` },
      );
      expect(read.body.node).toBe(id);
    }
    const elsewhere = await call("GET", `${others[0]!.url}/kv/local?level=local`);
    expect(elsewhere.body).toMatchObject({ value: 1, node: primary.id });
  });

  test("that is absent is 404 everywhere, also once it was there", async () => {
    for (const { url } of cluster.workers) {
      expect((await call("GET", `${url}/kv/never`)).status).toBe(404);
    }
    await put(cluster.workers[0]!.url, "gone", 1);
    const removed = await call("DELETE", `${cluster.workers[1]!.url}/kv/gone`);
    expect(removed.body).toMatchObject({ key: "gone", existed: true });
    const again = await call("DELETE", `${cluster.workers[2]!.url}/kv/gone`);
    expect(again.body).toMatchObject({ existed: false });
    for (const { url } of cluster.workers) {
      const read = await call("GET", `${url}/kv/gone`);
      expect(read.status).toBe(404);
      expect(read.body.error).toBe("not_found");
    }
  });

  test("is 304 for who has its version", async () => {
    const { body } = await put(cluster.workers[0]!.url, "tagged", 1);
    for (const { url } of cluster.workers) {
      const headers = { "if-none-match": `"${body.version}"` };
      expect((await call("GET", `${url}/kv/tagged`, undefined, headers)).status).toBe(304);
    }
  });

  test("that is too large or bad is refused wherever it is asked", async () => {
    for (const { url } of cluster.workers) {
      const large = await put(url, "large", "x".repeat(70_000));
      expect([large.status, large.body.outcome]).toEqual([413, "refused"]);
      const bad = await call("PUT", `${url}/kv/bad`, '{"value":1e400}', JSON_TYPE);
      expect([bad.status, bad.body.error]).toEqual([400, "invalid_request"]);
    }
  });

  test("of nearly the largest size is sent on whole", async () => {
    const value = "é".repeat(30_000);
    for (const { url } of cluster.workers) {
      expect((await put(url, "nearly", value)).status).toBe(200);
      expect((await call("GET", `${url}/kv/nearly`)).body.value).toBe(value);
    }
  });
});

describe("a request that was sent on", () => {
  test("is answered by the primary alone; others refuse it and say who that is", async () => {
    const { primary, replicas, others } = placesOf(cluster, "sent-on");
    const headers = { ...JSON_TYPE, "x-kvnode-forwarded": "w9" };
    for (const { url } of [...replicas, ...others]) {
      const answer = await call("PUT", `${url}/kv/sent-on`, { value: 1 }, headers);
      expect(answer.status).toBe(503);
      expect(answer.body).toMatchObject({
        error: "recovering",
        outcome: "refused",
        primary: primary.url,
        generation: 1,
      });
    }
    const answer = await call("PUT", `${primary.url}/kv/sent-on`, { value: 1 }, headers);
    expect(answer.status).toBe(200);
  });

  test("is counted where it was asked, as one write", async () => {
    const { others } = placesOf(cluster, "counted");
    const counts = async () => {
      const texts = await Promise.all(
        cluster.workers.map(async ({ url }) => (await call("GET", `${url}/metrics`)).text),
      );
      return texts.map((text) =>
        Number(/kvnode_writes_total\{outcome="acknowledged"\} (\d+)/.exec(text)?.[1]),
      );
    };
    const before = await counts();
    await put(others[0]!.url, "counted", 1);
    const after = await counts();
    const differences = after.map((count, index) => count - (before[index] ?? 0));
    const asked = cluster.workers.indexOf(others[0]!);
    expect(differences).toEqual(cluster.workers.map((_, index) => (index === asked ? 1 : 0)));
    const { text } = await call("GET", `${others[0]!.url}/metrics`);
    expect(Number(/kvnode_sent_on_total (\d+)/.exec(text)?.[1])).toBeGreaterThan(0);
    expect(text).toContain(`kvnode_copies ${others[0]!.worker.node.groups.size}\n`);
  });
});

describe("the list", () => {
  test("goes over all partitions in pages, the same at every worker", async () => {
    const keys = Array.from({ length: 30 }, (_, index) => `list/${String(index).padStart(2, "0")}`);
    const [first] = cluster.workers;
    await Promise.all(keys.map((key) => put(first!.url, key, 1.5)));
    for (const { url } of cluster.workers) {
      const found: string[] = [];
      let next: string | null = "";
      while (next !== null) {
        const after: string = next === "" ? "" : `&after=${encodeURIComponent(next)}`;
        const { body } = await call("GET", `${url}/kv?prefix=list/&limit=7${after}`);
        expect(Object.keys(body)).toEqual(["items", "next"]);
        found.push(...body.items.map((item: { key: string }) => item.key));
        next = body.next;
      }
      expect(found).toEqual(keys);
    }
  });
});

describe("a worker's own calls", () => {
  test("status shows its copies and its controller, and no data", async () => {
    let copies = 0;
    for (const { id, url } of cluster.workers) {
      const { body } = await call("GET", `${url}/status`);
      expect(body).toMatchObject({
        node: id,
        address: url,
        role: "worker",
        controller: cluster.controller.url,
        controllerState: "heard",
        cluster: { partitions: 8, replicas: 3, writeQuorum: 2 },
        node_type: "worker",
      });
      copies += body.partitions.length;
      const primaries = body.partitions.filter((copy: { role: string }) => copy.role === "primary");
      expect(primaries).toHaveLength(body.primaries);
      for (const copy of primaries) {
        expect(copy).toMatchObject({ primary: url, synced: true, generation: 1 });
        expect(copy.followers).toHaveLength(2);
      }
      expect(body.data).toBeUndefined();
    }
    expect(copies).toBe(3 * 8);
  });

  test("digest and dump of one partition are equal at its members alone", async () => {
    await put(cluster.workers[0]!.url, "compared", 1);
    const { partition, primary, replicas, others } = placesOf(cluster, "compared");
    const digestOf = (url: string) => call("GET", `${url}/digest?partition=${partition}`);
    await waitUntil(
      async () => {
        const all = await Promise.all([primary, ...replicas].map(({ url }) => digestOf(url)));
        return all.every(({ text }) => text === all[0]?.text);
      },
      { what: "equal digests" },
    );
    const { body } = await digestOf(primary.url);
    expect(body).toMatchObject({ partition, generation: 1, keys: expect.any(Number) });
    const dump = await call("GET", `${replicas[0]!.url}/dump?partition=${partition}`);
    expect(dump.body.compared).toMatchObject({ value: 1, epoch: 1 });
    for (const path of ["digest", "dump"]) {
      const refused = await call("GET", `${others[0]!.url}/${path}?partition=${partition}`);
      expect([refused.status, refused.body.error]).toEqual([409, "not_member"]);
      const bad = await call("GET", `${primary.url}/${path}?partition=x`);
      expect([bad.status, bad.body.field]).toEqual([400, "partition"]);
    }
  });

  test("health is alive and ready is fit to serve", async () => {
    const { url, id } = cluster.workers[0]!;
    const health = await call("GET", `${url}/health`);
    expect(health.body).toEqual({ status: "ok", node: id, role: "worker" });
    expect((await call("GET", `${url}/ready`)).body).toEqual({ ready: true, node: id });
  });

  test("config turns the simulated network and leaves the cluster's quorum alone", async () => {
    const { url } = cluster.workers[0]!;
    const turned = await call("PATCH", `${url}/config`, { maxDelay: "1ms" }, JSON_TYPE);
    expect(turned.body).toMatchObject({ writeQuorum: 2, maxDelay: "1ms" });
    const back = await call("PATCH", `${url}/config`, { maxDelay: 0 }, JSON_TYPE);
    expect(back.body.maxDelay).toBe("0ms");
    const refused = await call("PATCH", `${url}/config`, { writeQuorum: 1 }, JSON_TYPE);
    expect([refused.status, refused.body.field]).toEqual([400, "writeQuorum"]);
  });

  test("nobody promotes a worker by hand", async () => {
    const { url } = cluster.workers[0]!;
    const answer = await call("POST", `${url}/admin/promote`);
    expect([answer.status, answer.body.error]).toEqual([409, "unsafe"]);
  });

  test("every call is described", async () => {
    const { url, routes } = cluster.workers[0]!;
    await expectDescribed(url, routes);
    expect(routes.map(({ path }) => path)).toContain("/keys");
  });

  test("nothing went wrong inside", () => {
    expect(cluster.workers.flatMap(({ errors }) => errors)).toEqual([]);
  });
});
