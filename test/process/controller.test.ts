/** ROLE=controller as a person meets it: kill -9, other settings, a directory in use. */
import { describe, expect, test } from "bun:test";
import { truncateSync } from "node:fs";
import { join } from "node:path";
import { call } from "../support/call.ts";
import { freePort } from "../support/free-port.ts";
import { beat } from "../support/http-controller.ts";
import { type Finished, runKvnode, startNode } from "../support/kvnode-process.ts";
import { ScriptedWorker, SETTINGS } from "../support/scripted-worker.ts";
import { FAST_ROOT, temporaryDirectories } from "../support/temporary-directory.ts";
import { waitUntil } from "../support/wait-until.ts";

const newDirectory = temporaryDirectories(FAST_ROOT);
const ONE_LINE = /^kvnode: [^\n]+\.\n$/;

async function startIn(directory: string, env: Record<string, string> = {}) {
  const started = startNode({
    ...{ ROLE: "controller", HOST: "127.0.0.1", PORT: String(freePort()), DATA_DIR: directory },
    ...{ LOG_FORMAT: "json", HEARTBEAT_INTERVAL: "50ms", HEARTBEAT_TIMEOUT: "500ms" },
    ...{ CHECK_INTERVAL: "50ms", ...env },
  });
  await waitUntil(async () => (await call("GET", `${started.url}/health`)).status === 200, {
    what: "the controller to be alive",
  });
  return started;
}

function refusalIn(directory: string, env: Record<string, string> = {}) {
  const args = ["serve", "--role", "controller", "--port", String(freePort())];
  return runKvnode([...args, "--data-dir", directory], { env });
}

function expectRefusal({ code, stderr }: Finished, sentence: string): void {
  expect(stderr).toMatch(ONE_LINE);
  expect(stderr).toContain(sentence);
  expect(code).toBe(2);
}

/** Says that three workers live until all partitions are placed. */
async function place(url: string, workers: readonly ScriptedWorker[]): Promise<void> {
  await waitUntil(
    async () => {
      await beat(url, workers);
      const { partitions } = (await call("GET", `${url}/map`)).body;
      return partitions.every(({ state }: { state: string }) => state === "ok");
    },
    { what: "the partitions to be placed" },
  );
}

describe("a controller", () => {
  test("that is killed goes on with the same cluster, map and generations", async () => {
    const directory = newDirectory();
    const workers = ["w1", "w2", "w3"].map((id) => new ScriptedWorker(id));
    const first = await startIn(directory);
    await place(first.url, workers);
    const { cluster } = (await call("GET", `${first.url}/status`)).body;
    const map = (await call("GET", `${first.url}/map`)).body;
    first.kill("SIGKILL");
    await first.finished;
    const second = await startIn(directory);
    const status = (await call("GET", `${second.url}/status`)).body;
    expect(status.cluster).toEqual(cluster);
    expect(status.mapVersion).toBe(map.mapVersion);
    await place(second.url, workers);
    expect((await call("GET", `${second.url}/map`)).body).toEqual(map);
    second.kill("SIGTERM");
    const { code, stdout } = await second.finished;
    expect(code).toBe(0);
    expect(stdout).toContain("node.stopped");
  });

  test("does not start with another cluster's settings, nor twice, nor damaged", async () => {
    const directory = newDirectory();
    const first = await startIn(directory);
    await beat(first.url, [new ScriptedWorker("w1")]);
    const twice = await refusalIn(directory);
    expectRefusal(twice, `is in use by the node controller (process ${first.pid})`);
    first.kill("SIGTERM");
    await first.finished;
    for (const [env, sentence] of [
      [{ PARTITIONS: "9" }, `PARTITIONS="9" is not allowed: this cluster was begun with 8`],
      [{ REPLICAS: "4" }, `REPLICAS="4" is not allowed: this cluster was begun with 3`],
      [{ WRITE_QUORUM: "3" }, `WRITE_QUORUM="3" is not allowed: this cluster was begun with 2`],
    ] as const) {
      const refused = await refusalIn(directory, env);
      expectRefusal(refused, sentence);
    }
    const same = { PARTITIONS: String(SETTINGS.partitions), REPLICAS: "3", WRITE_QUORUM: "2" };
    const again = await startIn(directory, same);
    again.kill("SIGTERM");
    await again.finished;
    truncateSync(join(directory, "kvnode.db"), 4_096);
    const damaged = await refusalIn(directory);
    expectRefusal(damaged, "put the newest copy of its directory back");
  });
});
