/**
 * The partitioned cluster as a person starts it: docker-compose.partitioned.yml, real ports, real
 * signals, and the demonstration of the report that it follows. It runs by `npm run test:compose`
 * only; where there is no Docker it says so and skips.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { runKvnode } from "../support/kvnode-process.ts";
import { waitUntil } from "../support/wait-until.ts";
import { compose, composeOrSkip, inspect, refuseOthersContainers } from "./docker.ts";

const MINUTES = 60_000;
const STACK = { file: "docker-compose.partitioned.yml", project: "kvnode-partitioned-test" };
const CONTROLLER = "http://127.0.0.1:8000";
const WORKERS = ["worker1", "worker2", "worker3", "worker4"];

const program = await composeOrSkip();

function onCluster(...args: string[]): Promise<string> {
  return compose(program, STACK, ...args);
}

function urlOf(worker: string): string {
  return `http://127.0.0.1:${8001 + WORKERS.indexOf(worker)}`;
}

function put(worker: string, key: string, value: unknown): Promise<Response> {
  return fetch(`${urlOf(worker)}/kv/${key}`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ value }),
  });
}

async function valueAt(worker: string, key: string): Promise<unknown> {
  return ((await (await fetch(`${urlOf(worker)}/kv/${key}`)).json()) as { value: unknown }).value;
}

/** Writes so many keys, through the workers in turn. */
async function putAll(prefix: string, count: number, workers: readonly string[]): Promise<void> {
  const statuses = await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const worker = workers[index % workers.length] ?? "worker1";
      return (await put(worker, `${prefix}${index}`, index)).status;
    }),
  );
  expect(new Set(statuses)).toEqual(new Set([200]));
}

/** Writes through these workers, one write after the other, until it is told to stop. */
function writeOn(prefix: string, workers: readonly string[]): () => Promise<number[]> {
  let going = true;
  const statuses: number[] = [];
  const ended = (async () => {
    for (let index = 0; going; index++) {
      const worker = workers[index % workers.length] ?? "worker1";
      statuses.push((await put(worker, `${prefix}${index % 50}`, index)).status);
      await Bun.sleep(5);
    }
  })();
  return async () => {
    going = false;
    await ended;
    return statuses;
  };
}

interface Status {
  readonly workers: readonly { id: string; status: string; partitions: number }[];
  readonly partitions: readonly { state: string }[];
}

async function status(): Promise<Status> {
  return (await (await fetch(`${CONTROLLER}/status`)).json()) as Status;
}

async function stateOf(worker: string): Promise<string | undefined> {
  return (await status()).workers.find(({ id }) => id === worker)?.status;
}

async function everyPartitionIsOk(): Promise<boolean> {
  const { partitions } = await status();
  return partitions.length > 0 && partitions.every(({ state }) => state === "ok");
}

/** A controller that does not answer yet counts as a no. */
function holds(condition: () => Promise<boolean>): () => Promise<boolean> {
  return () => condition().catch(() => false);
}

async function allIsWell(what: string): Promise<void> {
  await waitUntil(holds(everyPartitionIsOk), { what, timeoutMs: MINUTES });
}

describe("a controller and four workers as containers", () => {
  beforeAll(async () => {
    await refuseOthersContainers();
    await onCluster("build");
    await onCluster("up", "--detach");
  }, 15 * MINUTES);

  afterAll(async () => {
    await onCluster("down", "--volumes", "--remove-orphans", "--timeout", "5");
  }, 2 * MINUTES);

  test(
    "become healthy, and all partitions are kept",
    async () => {
      await allIsWell("64 partitions that are ok");
      for (const node of ["controller", ...WORKERS]) {
        await waitUntil(
          async () => (await inspect(`kvstore_${node}`, ".State.Health.Status")) === "healthy",
          { what: `${node} to be healthy`, timeoutMs: 30_000 },
        );
      }
      expect(await (await fetch(`${CONTROLLER}/health`)).json()).toMatchObject({
        status: "controller up",
        workers_count: 4,
      });
    },
    2 * MINUTES,
  );

  test("say where a key is kept, and show the page", async () => {
    const map = (await (await fetch(`${CONTROLLER}/map?key=demo-key`)).json()) as {
      primary: string;
      replicas: string[];
    };
    const kept = [map.primary, ...map.replicas];
    expect(kept).toHaveLength(3);
    for (const address of kept) expect(address).toMatch(/^http:\/\/worker([1-4]):800\1$/);
    const page = await fetch(`${CONTROLLER}/`, { headers: { accept: "text/html" } });
    expect(page.headers.get("content-type")).toStartWith("text/html");
  });

  test("read at every worker what was written at one, and through the controller", async () => {
    expect((await put("worker1", "demo-key", "demo-value")).status).toBe(200);
    for (const worker of WORKERS) expect(await valueAt(worker, "demo-key")).toBe("demo-value");
    const via = await fetch(`${CONTROLLER}/via/worker3/kv/demo-key`);
    expect(await via.json()).toMatchObject({ value: "demo-value" });
    await putAll("all-", 100, WORKERS);
  });

  test(
    "are checked from outside, where their own addresses lead nowhere",
    async () => {
      const { code, stdout, stderr } = await runKvnode(["check", "--node", CONTROLLER]);
      expect({ code, stderr, stdout }).toMatchObject({ code: 0, stderr: "" });
      expect(stdout).toContain("All 64 partitions are equal in all 192 copies: 101 keys.");
      // The controller's name inside the network is no address out here; its port leads there.
      const shown = await runKvnode(["status", "--node", urlOf("worker1")]);
      expect(shown.stdout).toContain("64 partitions: 64 ok");
    },
    MINUTES,
  );

  test(
    "go on when a worker is stopped, and bring its copies back elsewhere",
    async () => {
      const others = WORKERS.filter((worker) => worker !== "worker2");
      const stopWriting = writeOn("meanwhile-", others);
      await onCluster("stop", "worker2");
      await putAll("stopped-", 30, others);
      await waitUntil(async () => (await stateOf("worker2")) === "down", {
        what: "worker2 to be down",
        timeoutMs: 30_000,
      });
      await allIsWell("three copies of everything without worker2");
      expect(new Set(await stopWriting())).toEqual(new Set([200]));
      expect(await valueAt("worker1", "demo-key")).toBe("demo-value");
      await putAll("without-", 30, others);
    },
    3 * MINUTES,
  );

  test(
    "give a worker that is started again its share, with all that was written meanwhile",
    async () => {
      const stopWriting = writeOn("meanwhile-", ["worker1", "worker3", "worker4"]);
      await onCluster("start", "worker2");
      await waitUntil(
        holds(async () => {
          const { workers } = await status();
          const back = workers.find(({ id }) => id === "worker2");
          return back?.status === "up" && back.partitions > 0 && (await everyPartitionIsOk());
        }),
        { what: "worker2 to have its share again", timeoutMs: 2 * MINUTES },
      );
      expect(new Set(await stopWriting())).toEqual(new Set([200]));
      expect(await valueAt("worker2", "without-7")).toBe(7);
      const { code, stdout } = await runKvnode(["check", "--node", CONTROLLER]);
      expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining("211 keys") });
    },
    4 * MINUTES,
  );

  test(
    "lose nothing when all five are killed at once",
    async () => {
      await onCluster("kill");
      await onCluster("start");
      await allIsWell("64 partitions that are ok again");
      for (const worker of WORKERS) expect(await valueAt(worker, "demo-key")).toBe("demo-value");
      const { code, stdout } = await runKvnode(["check", "--node", CONTROLLER]);
      expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining("211 keys") });
    },
    3 * MINUTES,
  );

  test(
    "end at the signal with exit code 0, the controller too",
    async () => {
      await onCluster("stop");
      for (const node of ["controller", ...WORKERS]) {
        expect({ node, code: await inspect(`kvstore_${node}`, ".State.ExitCode") }).toEqual({
          node,
          code: "0",
        });
      }
    },
    MINUTES,
  );
});
