/** Wrong starts of a partitioned cluster's nodes, as the person meets them who made the mistake. */
import { describe, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { call } from "../support/call.ts";
import { freePort } from "../support/free-port.ts";
import { type Finished, type GroupNode, runKvnode, startNode } from "../support/kvnode-process.ts";
import { FAST_ROOT, temporaryDirectories } from "../support/temporary-directory.ts";
import { waitUntil } from "../support/wait-until.ts";

const newDirectory = temporaryDirectories(FAST_ROOT);
const ONE_LINE = /^kvnode: [^\n]+\.\n$/;
const LIVENESS = { HEARTBEAT_INTERVAL: "100ms", HEARTBEAT_TIMEOUT: "1s", LOG_FORMAT: "json" };

function startController(directory: string, env: Readonly<Record<string, string>> = {}) {
  const own = { ROLE: "controller", NODE_ID: "controller", CHECK_INTERVAL: "100ms" };
  const place = { HOST: "127.0.0.1", PORT: String(freePort()), DATA_DIR: directory };
  return startNode({ ...own, ...place, ...LIVENESS, ...env });
}

function workerEnv(id: string, controller: GroupNode, directory: string) {
  return {
    ...{ ROLE: "worker", NODE_ID: id, CONTROLLER: controller.url, DATA_DIR: directory },
    ...{ HOST: "127.0.0.1", PORT: String(freePort()), REPLICAS: "2", PARTITIONS: "8" },
    ...LIVENESS,
  };
}

/** Two workers that keep two copies of each partition. */
async function startTwo() {
  const root = newDirectory();
  const controller = startController(join(root, "controller"));
  const workers = ["w1", "w2"].map((id) => startNode(workerEnv(id, controller, join(root, id))));
  for (const { url } of [controller, ...workers]) {
    await waitUntil(async () => (await call("GET", `${url}/ready`)).status === 200, {
      what: `${url} to be ready`,
    });
  }
  return { root, controller, workers: workers as [GroupNode, GroupNode] };
}

/** The sentence with which the controller refuses this worker, as the worker tells it. */
async function refusalOf(worker: GroupNode): Promise<string> {
  return waitUntil(
    async () => {
      const { controllerState, controllerReason } = (await call("GET", `${worker.url}/status`))
        .body;
      return controllerState === "refused" ? controllerReason : undefined;
    },
    { what: `${worker.id} to be refused` },
  );
}

function expectOneLine({ code, stdout, stderr }: Finished, ...parts: string[]): void {
  expect(stderr).toMatch(ONE_LINE);
  for (const part of parts) expect(stderr).toContain(part);
  expect([code, stdout]).toEqual([2, ""]);
}

async function stop(...nodes: readonly GroupNode[]): Promise<void> {
  for (const node of nodes) node.kill("SIGTERM");
  const ends = await Promise.all(nodes.map(({ finished }) => finished));
  expect(ends.map(({ code }) => code)).toEqual(nodes.map(() => 0));
}

describe("a node of a partitioned cluster", () => {
  test("does not start with a WRITE_QUORUM above REPLICAS", async () => {
    const directory = newDirectory();
    for (const role of [["controller"], ["worker", "--controller", "127.0.0.1:1"]]) {
      const [name = "", ...more] = role;
      const quorum = ["--replicas", "2", "--write-quorum", "3", "--data-dir", directory];
      const args = ["serve", "--role", name, ...more, ...quorum, "--port", String(freePort())];
      expectOneLine(await runKvnode(args), 'WRITE_QUORUM="3" is not allowed', "REPLICAS");
    }
  });

  test("does not start as a worker without a controller to ask", async () => {
    const end = await runKvnode(["serve", "--role", "worker", "--port", String(freePort())]);
    expectOneLine(end, "CONTROLLER");
  });
});

describe("a running cluster", () => {
  test("keeps its settings, its ids and its data apart from those of others", async () => {
    const { root, controller, workers } = await startTwo();
    const [first, second] = workers;
    expect((await call("PUT", `${first.url}/kv/a`, { value: 1 })).status).toBe(200);

    // An id that lives elsewhere is refused by name; the one who has it does not notice.
    const taken = startNode(workerEnv("w1", controller, join(root, "another")));
    const reason = await refusalOf(taken);
    expect(reason).toContain("w1");
    expect(reason).toContain(first.url);
    const ready = await call("GET", `${taken.url}/ready`);
    expect([ready.status, ready.body.reason]).toEqual([503, reason]);
    const write = await call("PUT", `${taken.url}/kv/a`, { value: 2 });
    expect([write.status, write.body.outcome]).toEqual([503, "refused"]);
    const { refused } = (await call("GET", `${controller.url}/status`)).body;
    expect(refused).toMatchObject([{ id: "w1", address: taken.url, error: "id_taken" }]);
    expect((await call("GET", `${second.url}/kv/a`)).body.value).toBe(1);

    // So is one of another CLUSTER.
    const env = { ...workerEnv("w3", controller, join(root, "w3")), CLUSTER: "other" };
    const stranger = startNode(env);
    expect(await refusalOf(stranger)).toContain("other");
    await stop(taken, stranger);

    // Another number of partitions over a directory that has one: the start is refused.
    await stop(second);
    const changed = await runKvnode(["serve"], { env: { ...second.env, PARTITIONS: "16" } });
    expectOneLine(changed, "PARTITIONS", "16", "8");

    // A controller that has lost its directory is another cluster's, and workers keep their data.
    controller.kill("SIGKILL");
    await controller.finished;
    rmSync(join(root, "controller"), { recursive: true });
    const blank = startNode(controller.env);
    const back = startNode(second.env);
    expect(await refusalOf(back)).toContain("cluster");
    const local = () => call("GET", `${back.url}/kv/a?level=local`);
    await waitUntil(async () => (await local()).body.value === 1, { what: "the data to be there" });
    for (const node of [first, back, blank]) {
      node.kill("SIGKILL");
      await node.finished;
    }
  }, 30_000);
});
