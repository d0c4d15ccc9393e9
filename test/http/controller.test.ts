/** The controller's HTTP surface, with a real server, a real store, and scripted workers. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { MemoryControllerStore } from "../../src/controller/store.ts";
import { StorageError } from "../../src/core/storage.ts";
import { openControllerStore } from "../../src/storage/sqlite-controller.ts";
import { call } from "../support/call.ts";
import { beat, type HttpController, startHttpController } from "../support/http-controller.ts";
import { ScriptedWorker, SETTINGS } from "../support/scripted-worker.ts";
import { FAST_ROOT, temporaryDirectories } from "../support/temporary-directory.ts";
import { waitUntil } from "../support/wait-until.ts";

const newDirectory = temporaryDirectories(FAST_ROOT);
const IDS = ["w1", "w2", "w3", "w4"];

/** Starts a controller whose four scripted workers go on beating until the end. */
async function startPlaced(controller: HttpController) {
  const workers = IDS.map((id) => new ScriptedWorker(id));
  let going = true;
  const silent = new Set<string>();
  for (const worker of workers) worker.reaches = (id) => !silent.has(id);
  const beating = (async () => {
    while (going) {
      await beat(
        controller.url,
        workers.filter(({ id }) => !silent.has(id)),
      );
      await Bun.sleep(20);
    }
  })();
  const stop = async () => {
    going = false;
    await beating;
    await controller.stop();
  };
  await waitUntil(
    async () => {
      const { body } = await call("GET", `${controller.url}/status`);
      const states = body.partitions.map((one: { state: string }) => one.state);
      return states.length === SETTINGS.partitions && states.every((one: string) => one === "ok");
    },
    { what: "every partition to be ok" },
  );
  return { ...controller, workers, silent, stop };
}

describe("before any worker has registered", () => {
  let controller: HttpController;
  beforeAll(() => {
    controller = startHttpController(new MemoryControllerStore());
  });
  afterAll(() => controller.stop());

  test("it is alive, and knows nobody", async () => {
    const { body } = await call("GET", `${controller.url}/health`);
    expect(body).toMatchObject({ status: "controller up", workers_count: 0, role: "controller" });
    expect((await call("GET", `${controller.url}/workers`)).body).toEqual({ workers: [] });
    expect((await call("GET", `${controller.url}/map`)).body).toEqual({
      mapVersion: 0,
      partitions: [],
    });
    const status = await call("GET", `${controller.url}/status`);
    expect(status.body).toMatchObject({ cluster: null, workers: [], partitions: [], events: [] });
  });

  test("nobody keeps a key yet, which is said with a sentence", async () => {
    const { status, body } = await call("GET", `${controller.url}/map?key=a`);
    expect([status, body.error]).toEqual([503, "recovering"]);
    expect(body.message).toContain("start the workers");
  });

  test("it is fit to judge when it has listened for one HEARTBEAT_TIMEOUT", async () => {
    const early = await call("GET", `${controller.url}/ready`);
    if (early.status === 503) expect(early.body.reason).toMatch(/^It has listened .* of 600ms\.$/);
    await waitUntil(async () => (await call("GET", `${controller.url}/ready`)).status === 200, {
      what: "the controller to be ready",
    });
    expect(controller.controller.uptimeMs).toBeGreaterThanOrEqual(600);
  });
});

describe("a cluster of four workers", () => {
  let cluster: Awaited<ReturnType<typeof startPlaced>>;
  let url: string;
  beforeAll(async () => {
    const store = openControllerStore({ directory: newDirectory(), nodeId: "controller" });
    cluster = await startPlaced(startHttpController(store));
    ({ url } = cluster);
  });
  afterAll(() => cluster.stop());

  test("counts the living, as report 004 does", async () => {
    const { body } = await call("GET", `${url}/health`);
    expect(body).toMatchObject({ status: "controller up", workers_count: 4 });
  });

  test("says of a key who keeps it, primary first and the replicas without it", async () => {
    const { status, body } = await call("GET", `${url}/map?key=demo-key`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ key: "demo-key", epoch: 1, state: "ok" });
    expect(body.replicas).toHaveLength(2);
    expect(body.replicas).not.toContain(body.primary);
    expect(body.members).toHaveLength(3);
    const addresses = body.members.map((member: { address: string }) => member.address);
    expect(new Set(addresses)).toEqual(new Set([body.primary, ...body.replicas]));
    const [primary] = body.members.filter((one: { role: string }) => one.role === "primary");
    expect(primary).toMatchObject({ address: body.primary, state: "synced" });
    const escaped = await call("GET", `${url}/map?key=a%2Fb%20c`);
    expect(escaped.body.key).toBe("a/b c");
  });

  test("says of every partition who keeps it", async () => {
    const { body } = await call("GET", `${url}/map`);
    expect(body.partitions).toHaveLength(SETTINGS.partitions);
    expect(body.mapVersion).toBeGreaterThan(0);
    const one = await call("GET", `${url}/map?key=x`);
    const { key: _key, ...place } = one.body;
    expect(body.partitions[place.partition]).toEqual(place);
  });

  test("lists its workers with the age of their heartbeats, and copies and primaries", async () => {
    const { body } = await call("GET", `${url}/workers`);
    expect(body.workers.map((worker: { id: string }) => worker.id)).toEqual(IDS);
    let copies = 0;
    let primaries = 0;
    for (const worker of body.workers) {
      expect(worker).toMatchObject({ status: "up", address: `http://${worker.id}:8000` });
      expect(worker.heartbeatAgeMs).toBeLessThan(600);
      copies += worker.partitions;
      primaries += worker.primaries;
    }
    expect([copies, primaries]).toEqual([SETTINGS.partitions * 3, SETTINGS.partitions]);
  });

  test("shows all of it at once, with what has happened", async () => {
    const { body } = await call("GET", `${url}/status`);
    expect(body).toMatchObject({ node: "controller", role: "controller", problem: null });
    expect(body.cluster).toMatchObject({ name: "kvnode", ...SETTINGS });
    expect(body.partitions).toHaveLength(SETTINGS.partitions);
    for (const [index, partition] of body.partitions.entries()) {
      expect(partition).toMatchObject({ partition: index, generation: 1, epoch: 1, missing: [] });
      expect(partition.members[0]).toContainAllKeys([
        ...["id", "address", "role", "state", "lagEntries"],
      ]);
    }
    expect(body.moving).toEqual([]);
    const types = body.events.map((event: { type: string }) => event.type);
    expect(types).toContain("worker_joined");
    expect(types).toContain("placed");
  });

  test("gives events from a number on", async () => {
    const all = (await call("GET", `${url}/events`)).body.events;
    const { number } = all[1];
    const later = (await call("GET", `${url}/events?after=${number}`)).body.events;
    expect(later).toEqual(all.filter((event: { number: number }) => event.number > number));
    expect((await call("GET", `${url}/events?after=soon`)).status).toBe(400);
  });

  test("shows Prometheus the workers, partitions, generations and heartbeats", async () => {
    const { text, headers } = await call("GET", `${url}/metrics`);
    expect(headers.get("content-type")).toContain("version=0.0.4");
    for (const line of [
      'kvnode_workers{status="up"} 4',
      'kvnode_workers{status="down"} 0',
      `kvnode_partitions{state="ok"} ${SETTINGS.partitions}`,
      'kvnode_partitions{state="lost"} 0',
      "kvnode_generation_max 1",
      "kvnode_storage_healthy 1",
      'kvnode_worker_partitions{worker="w1"}',
      'kvnode_cluster_events_total{type="worker_joined"} 4',
      'kvnode_http_requests_total{route="/heartbeat",status="200"}',
    ]) {
      expect(text).toContain(line);
    }
    expect(
      Number(/kvnode_heartbeats_total\{outcome="taken"\} (\d+)/.exec(text)?.[1]),
    ).toBeGreaterThan(4);
  });

  test("refuses what it does not know in its canonical calls", async () => {
    for (const [method, path, body] of [
      ["GET", "/map?kye=a", undefined],
      ["GET", "/map?key=", undefined],
      ["GET", "/map?key=%ff", undefined],
      ["GET", "/workers?all=1", undefined],
      ["GET", "/status?dat=false", undefined],
      ["POST", "/admin/drain", { worker: "w1", undoo: true }],
      ["POST", "/admin/drain", { worker: "w1", undo: "yes" }],
      ["POST", "/admin/drain", { worker: 1 }],
      ["POST", "/admin/drain", {}],
      ["POST", "/admin/drain", "w1"],
    ] as const) {
      const answer = await call(method, url + path, body);
      expect([path, answer.status, answer.body.error]).toEqual([path, 400, "invalid_request"]);
    }
    expect((await call("GET", `${url}/nowhere`)).status).toBe(404);
    const wrong = await call("POST", `${url}/map`);
    expect([wrong.status, wrong.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
    expect(cluster.errors).toEqual([]);
  });

  test("describes every call, with its errors", async () => {
    const { body } = await call("GET", `${url}/swagger/json`);
    const described = Object.entries(body.paths as Record<string, object>).flatMap(
      ([path, operations]) =>
        Object.keys(operations).map((name) => `${name.toUpperCase()} ${path}`),
    );
    const routes = cluster.routes
      .map(({ method, path }) => `${method} ${path.replace("/via/*", "/via/{worker}/{path}")}`)
      .filter((route) => !/ \/(swagger|ui)\b/.test(route));
    expect(described.toSorted()).toEqual(routes.toSorted());
    expect((await call("GET", `${url}/swagger`)).status).toBe(200);
  });

  test("has something to say to a person with curl", async () => {
    const { status, text } = await call("GET", `${url}/`);
    expect(status).toBe(200);
    expect(text).toContain("4 workers");
  });
});

describe("a heartbeat", () => {
  let controller: HttpController;
  let url: string;
  beforeAll(() => {
    controller = startHttpController(new MemoryControllerStore());
    url = `${controller.url}/heartbeat`;
  });
  afterAll(() => controller.stop());
  afterEach(() => expect(controller.errors).toEqual([]));

  test("in report 004's form registers a worker", async () => {
    const body = { id: "w1", address: "http://localhost:8001", load: 0.5 };
    const answer = await call("POST", url, body);
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({
      status: "ok",
      cluster: { name: "kvnode", partitions: 64, replicas: 3, writeQuorum: 2 },
    });
    expect((await call("GET", `${controller.url}/health`)).body.workers_count).toBe(1);
  });

  const GOOD = { id: "w1", address: "http://localhost:8001" };
  const RUBBISH: readonly (readonly [string, unknown, string])[] = [
    ["nothing", "", "empty"],
    ["no JSON", "id=w1", "not JSON"],
    ["a list", [1], "must be a JSON object"],
    ["no id", { address: GOOD.address }, '"id"'],
    ["an id that is no name", { ...GOOD, id: "a b" }, '"id"'],
    ["an id that is too long", { ...GOOD, id: "x".repeat(65) }, '"id"'],
    ["no address", { id: "w1" }, '"address"'],
    ["an address without http", { ...GOOD, address: "localhost:8001" }, '"address"'],
    ["an address of a file", { ...GOOD, address: "file:///etc/passwd" }, '"address"'],
    ["an address with a path", { ...GOOD, address: "http://a:1/b" }, '"address"'],
    ["an address with a user", { ...GOOD, address: "http://a@b:1" }, '"address"'],
    ["an address with a line", { ...GOOD, address: "http://a:1\nx" }, '"address"'],
    ["a negative map", { ...GOOD, mapVersion: -1 }, '"mapVersion"'],
    ["a broken map", { ...GOOD, mapVersion: 1.5 }, '"mapVersion"'],
    ["another protocol", { ...GOOD, protocol: 2 }, "version 1 of the heartbeat"],
    ["copies that are none", { ...GOOD, copies: {} }, '"copies"'],
    ["more copies than there can be", { ...GOOD, copies: Array(65_537).fill(0) }, "at most 65536"],
    ["a copy that is none", { ...GOOD, copies: [null] }, "A report in copies"],
    ["a copy of no partition", { ...GOOD, copies: [{ copy: 1 }] }, '"partition"'],
    ["settings beyond bounds", { ...GOOD, settings: { partitions: 0 } }, '"partitions"'],
    ["an instance that is a list", { ...GOOD, instance: [1] }, '"instance"'],
    ["an open question", { ...GOOD, stopping: "perhaps" }, '"stopping"'],
  ];
  for (const [what, body, sentence] of RUBBISH) {
    test(`with ${what} is refused with a sentence`, async () => {
      const answer = await call("POST", url, body);
      expect([answer.status, answer.body.error]).toEqual([400, "invalid_request"]);
      expect(answer.body.message).toContain(sentence);
      expect(answer.body.message).not.toContain("\n");
    });
  }

  test("of an id that lives elsewhere is 409 id_taken", async () => {
    const body = { id: "w1", address: "http://localhost:9999" };
    const answer = await call("POST", url, body);
    expect([answer.status, answer.body.error]).toEqual([409, "id_taken"]);
    expect(answer.body.message).toContain("http://localhost:8001");
    const { refused } = (await call("GET", `${controller.url}/status`)).body;
    expect(refused).toMatchObject([{ ...body, error: "id_taken" }]);
  });

  test("of another cluster is 409, of none named it is taken", async () => {
    const other = await call("POST", url, { ...GOOD, cluster: "other" });
    expect([other.status, other.body.error]).toEqual([409, "not_member"]);
    const foreign = await call("POST", url, { ...GOOD, clusterId: "0123456789abcdef" });
    expect([foreign.status, foreign.body.error]).toEqual([409, "not_member"]);
    expect((await call("POST", url, GOOD)).status).toBe(200);
  });

  test("whose quorum is above the copies begins no cluster", async () => {
    const own = startHttpController(new MemoryControllerStore());
    const settings = { partitions: 8, replicas: 2, writeQuorum: 3 };
    const answer = await call("POST", `${own.url}/heartbeat`, { ...GOOD, settings });
    expect([answer.status, answer.body.error]).toEqual([400, "invalid_request"]);
    expect(answer.body.message).toContain("WRITE_QUORUM=3 is above REPLICAS=2");
    expect((await call("GET", `${own.url}/status`)).body.cluster).toBeNull();
    await own.stop();
  });
});

describe("a worker that falls silent", () => {
  test("is down, its partitions get other primaries, and it is back when it speaks", async () => {
    const cluster = await startPlaced(startHttpController(new MemoryControllerStore()));
    const { url, silent } = cluster;
    const { primary } = (await call("GET", `${url}/map?key=k`)).body;
    const victim = IDS.find((id) => primary === `http://${id}:8000`) as string;
    silent.add(victim);
    await waitUntil(
      async () => {
        const { body } = await call("GET", `${url}/map?key=k`);
        return body.primary !== primary && body.state !== "taking over" && body.epoch > 1;
      },
      { what: "another primary" },
    );
    const health = await call("GET", `${url}/health`);
    expect(health.body.workers_count).toBe(3);
    const down = (await call("GET", `${url}/workers`)).body.workers.find(
      (worker: { id: string }) => worker.id === victim,
    );
    expect(down.status).toBe("down");
    silent.delete(victim);
    await waitUntil(async () => (await call("GET", `${url}/health`)).body.workers_count === 4, {
      what: "the worker to be back",
    });
    const types = (await call("GET", `${url}/events`)).body.events.map(
      (event: { type: string }) => event.type,
    );
    for (const type of ["worker_down", "takeover", "worker_back"]) expect(types).toContain(type);
    await cluster.stop();
  });
});

describe("a drain", () => {
  test("is stored, empties the worker, and can be undone", async () => {
    const directory = newDirectory();
    const store = openControllerStore({ directory, nodeId: "controller" });
    const cluster = await startPlaced(startHttpController(store));
    const { url } = cluster;
    const workerOf = async (id: string) =>
      (await call("GET", `${url}/workers`)).body.workers.find(
        (worker: { id: string }) => worker.id === id,
      );
    const answer = await call("POST", `${url}/admin/drain`, { worker: "w2" });
    expect(answer.body).toMatchObject({ id: "w2", status: "draining" });
    const kept = [...store.load()].find(({ kind, id }) => kind === "worker" && id === "w2");
    expect(kept?.value).toMatchObject({ draining: true });
    await waitUntil(async () => (await workerOf("w2")).partitions === 0, {
      what: "w2 to be empty",
    });
    const undone = await call("POST", `${url}/admin/drain`, { worker: "w2", undo: true });
    expect(undone.body).toMatchObject({ id: "w2", status: "up" });
    await waitUntil(async () => (await workerOf("w2")).partitions > 0, {
      what: "w2 to get its share back",
    });
    const unknown = await call("POST", `${url}/admin/drain`, { worker: "w9" });
    expect([unknown.status, unknown.body.error]).toEqual([404, "not_found"]);
    expect(unknown.body.message).toContain("w1, w2, w3, w4");
    await cluster.stop();
    store.close();
  });
});

describe("while the disk takes nothing", () => {
  test("health says so, it is not ready, and heartbeats are refused", async () => {
    const store = new MemoryControllerStore();
    let broken = false;
    const brittle = {
      load: () => store.load(),
      commit: (changes: Parameters<typeof store.commit>[0]) => {
        if (broken) throw new StorageError("The disk is full; make room on it.");
        store.commit(changes);
      },
      close() {},
    };
    const controller = startHttpController(brittle, { heartbeatTimeoutMs: 100 });
    const { url } = controller;
    await beat(url, [new ScriptedWorker("w1")]);
    broken = true;
    const refused = await call("POST", `${url}/heartbeat`, new ScriptedWorker("w2").heartbeat());
    expect([refused.status, refused.body.error]).toEqual([503, "storage_failed"]);
    expect(refused.body.message).toContain("The disk is full; make room on it.");
    const health = await call("GET", `${url}/health`);
    expect([health.status, health.body.problem]).toEqual([200, expect.stringContaining("full")]);
    const ready = await call("GET", `${url}/ready`);
    expect([ready.status, ready.body.error]).toEqual([503, "storage_failed"]);
    expect((await call("GET", `${url}/metrics`)).text).toContain("kvnode_storage_healthy 0");
    broken = false;
    await waitUntil(async () => (await call("GET", `${url}/ready`)).status === 200, {
      what: "it to be ready again",
    });
    await beat(url, [new ScriptedWorker("w2")]);
    await controller.stop();
  });
});
