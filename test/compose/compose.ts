/**
 * The containers as a person starts them: docker-compose.yml, real ports, real signals. It runs by
 * `npm run test:compose` only; where there is no Docker it says so and skips.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { waitUntil } from "../support/wait-until.ts";
import { compose, composeOrSkip, inspect, refuseOthersContainers, run } from "./docker.ts";

const MINUTES = 60_000;
const NODES = ["leader", "follower1", "follower2", "follower3", "follower4", "follower5"];
const LEADER = urlOf("leader");

const STACK = { file: "docker-compose.yml", project: "kvnode-compose-test" };

const program = await composeOrSkip();

function urlOf(node: string): string {
  return `http://127.0.0.1:${5000 + NODES.indexOf(node)}`;
}

function containerOf(node: string): string {
  return `kvstore_${node}`;
}

function onCluster(...args: string[]): Promise<string> {
  return compose(program, STACK, ...args);
}

function put(key: string, value: unknown): Promise<Response> {
  return fetch(`${LEADER}/kv/${key}`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ value }),
  });
}

async function putAll(prefix: string, count: number): Promise<void> {
  const statuses = await Promise.all(
    Array.from(
      { length: count },
      async (_, index) => (await put(`${prefix}${index}`, index)).status,
    ),
  );
  expect(new Set(statuses)).toEqual(new Set([200]));
}

async function digestOf(node: string): Promise<string> {
  return (await fetch(`${urlOf(node)}/digest`)).text();
}

/** True once everybody is ready, the leader last. */
async function everybodyIsReady(): Promise<boolean> {
  const answers = await Promise.all(NODES.map((node) => fetch(`${urlOf(node)}/ready`)));
  return answers.every((answer) => answer.ok);
}

describe("six containers of one image", () => {
  beforeAll(async () => {
    await refuseOthersContainers();
    await onCluster("build");
    await onCluster("up", "--detach");
  }, 15 * MINUTES);

  afterAll(async () => {
    await onCluster("down", "--volumes", "--remove-orphans", "--timeout", "5");
  }, 2 * MINUTES);

  test(
    "become healthy and ready",
    async () => {
      await waitUntil(everybodyIsReady, { what: "six ready nodes", timeoutMs: 30_000 });
      for (const node of NODES) {
        await waitUntil(
          async () => (await inspect(containerOf(node), ".State.Health.Status")) === "healthy",
          { what: `${node} to be healthy`, timeoutMs: 30_000 },
        );
      }
    },
    MINUTES,
  );

  test("run the executable as process 1 and not as root", async () => {
    for (const node of NODES) {
      const processes = await run("docker", "top", containerOf(node), "-eo", "pid,uid,args");
      expect(processes).toMatch(
        /^PID\s+UID\s+COMMAND\s+\d+\s+10001\s+\/usr\/local\/bin\/kvnode\s*$/,
      );
    }
  });

  test("acknowledge a write by at least three followers", async () => {
    const answer = await put("first", { hello: "world" });
    expect(answer.status).toBe(200);
    const body = (await answer.json()) as { acks: number; required: number };
    expect(body.required).toBe(3);
    expect(body.acks).toBeGreaterThanOrEqual(3);
    await putAll("all-", 50);
  });

  test(
    "go on writing with two followers stopped",
    async () => {
      await onCluster("stop", "follower4", "follower5");
      await putAll("two-stopped-", 50);
    },
    MINUTES,
  );

  test(
    "refuse clearly, and change nothing, with a third one stopped",
    async () => {
      await onCluster("stop", "follower3");
      const before = await digestOf("leader");
      const answer = await put("third-stopped", 1);
      expect(answer.status).toBe(503);
      expect(await answer.json()).toMatchObject({
        error: "not_enough_replicas",
        outcome: "refused",
        connected: 2,
        required: 3,
      });
      expect((await fetch(`${LEADER}/kv/third-stopped`)).status).toBe(404);
      expect(await digestOf("leader")).toBe(before);
    },
    MINUTES,
  );

  test(
    "are all equal after the three have started again",
    async () => {
      // The other way round, so that the engine gives them one another's addresses.
      for (const node of ["follower5", "follower4", "follower3"]) await onCluster("start", node);
      const equal = async () => new Set(await Promise.all(NODES.map(digestOf))).size === 1;
      await waitUntil(equal, { what: "six equal digests", timeoutMs: 30_000 });
      expect(JSON.parse(await digestOf("follower5"))).toMatchObject({ keys: 101 });
      await putAll("back-", 50);
      await waitUntil(equal, { what: "six equal digests", timeoutMs: 30_000 });
    },
    MINUTES,
  );

  test("are reached by their own names again", async () => {
    const status = (await (await fetch(`${LEADER}/status`)).json()) as {
      followers: { node: string; address: string }[];
    };
    const expected = NODES.slice(1).map((node) => ({ node, address: `http://${node}:5000` }));
    expect(status.followers).toMatchObject(expected);
  });

  test(
    "have all that was acknowledged after all six were killed at once",
    async () => {
      // Not the digest: what was not known as committed gets new versions from the next takeover.
      const { keys } = JSON.parse(await digestOf("leader")) as { keys: number };
      await onCluster("kill");
      await onCluster("start");
      await waitUntil(everybodyIsReady, { what: "six ready nodes", timeoutMs: 30_000 });
      const equal = async () => new Set(await Promise.all(NODES.map(digestOf))).size === 1;
      await waitUntil(equal, { what: "six equal digests", timeoutMs: 30_000 });
      expect(JSON.parse(await digestOf("follower5"))).toMatchObject({ keys });
      await putAll("again-", 10);
    },
    MINUTES,
  );

  test(
    "stop at the signal, with exit code 0 and within two seconds",
    async () => {
      const asked = Date.now();
      await run("docker", "stop", "--time", "10", containerOf("leader"));
      const ended = Date.parse(await inspect(containerOf("leader"), ".State.FinishedAt"));
      expect(ended - asked).toBeLessThan(2_000);
      // What it said last explains a code that is not 0.
      const said = await run("docker", "logs", "--tail", "5", containerOf("leader"));
      expect({ code: await inspect(containerOf("leader"), ".State.ExitCode"), said }).toEqual({
        code: "0",
        said: expect.stringContaining("node.stopped"),
      });
    },
    MINUTES,
  );
});
