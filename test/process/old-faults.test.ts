/**
 * What the five lab reports get wrong, as tests with names, against real processes: one leader and
 * five followers, as the reports run them.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { call } from "../support/call.ts";
import {
  type Group,
  type GroupNode,
  startGroup,
  startNode,
  waitUntilReady,
} from "../support/kvnode-process.ts";
import { waitUntil } from "../support/wait-until.ts";

const FOLLOWERS = 5;

function put(node: GroupNode, key: string, value: unknown) {
  return call("PUT", `${node.url}/kv/${key}`, { value });
}

async function configure(group: Group, change: Record<string, unknown>): Promise<void> {
  expect((await call("PATCH", `${group.leader.url}/config`, change)).status).toBe(200);
}

/** Waits until all nodes hold the same, and gives the digest's answer. */
function waitUntilEqual(group: Group): Promise<{ keys: number; digest: string }> {
  return waitUntil(
    async () => {
      const nodes = [group.leader, ...group.followers];
      const answers = await Promise.all(nodes.map(({ url }) => call("GET", `${url}/digest`)));
      const [first] = answers;
      return answers.every(({ text }) => text === first?.text) ? first?.body : undefined;
    },
    { what: "all nodes to hold the same", timeoutMs: 20_000 },
  );
}

/**
 * Keeps `clients` writers busy until each has written `each` times; gives every answer's status.
 */
async function load(
  group: Group,
  { clients, each, keyOf }: { clients: number; each: number; keyOf: (write: number) => string },
): Promise<number[]> {
  const statuses: number[] = [];
  const client = async (name: number) => {
    for (let write = 0; write < each; write++) {
      statuses.push((await put(group.leader, keyOf(write), `${name}-${write}`)).status);
    }
  };
  await Promise.all(Array.from({ length: clients }, (_, name) => client(name)));
  return statuses;
}

async function meanMs(group: Group, writeQuorum: number, writes: number): Promise<number> {
  await configure(group, { writeQuorum });
  const startedAtMs = performance.now();
  for (let write = 0; write < writes; write++) {
    expect((await put(group.leader, `key-${write % 10}`, write)).status).toBe(200);
  }
  return (performance.now() - startedAtMs) / writes;
}

describe("the reports' old faults", () => {
  let group: Group;

  beforeAll(async () => {
    group = await startGroup({
      followers: FOLLOWERS,
      env: { WRITE_QUORUM: "3", MIN_DELAY: "0.1ms", MAX_DELAY: "1ms", LOG_LEVEL: "warn" },
    });
  }, 30_000);

  afterAll(() => group.stop());

  test("000, 001: quorum 1 is clearly faster than quorum 5", async () => {
    // Long delays, so that a busy machine does not matter: theory says 10.8 and 50.8 ms.
    await configure(group, { minDelay: "1ms", maxDelay: "60ms" });
    const sums = new Map([1, 5].map((quorum) => [quorum, 0]));
    for (let round = 0; round < 4; round++) {
      for (const [quorum, sum] of sums) sums.set(quorum, sum + (await meanMs(group, quorum, 8)));
    }
    await configure(group, { minDelay: "0.1ms", maxDelay: "1ms" });
    expect(sums.get(1)).toBeLessThan((sums.get(5) ?? 0) * 0.6);
  }, 30_000);

  for (const writeQuorum of [0, 1, 2, 3, 4, 5]) {
    test(`002: every node is equal after a pause (W=${writeQuorum})`, async () => {
      await configure(group, { writeQuorum });
      const statuses = await load(group, {
        clients: 15,
        each: 20,
        keyOf: (write) => `equal-${writeQuorum}-${write % 7}`,
      });
      expect(new Set(statuses)).toEqual(new Set([200]));
      await waitUntilEqual(group);
    }, 30_000);
  }

  test("002: every node is equal after a pause, also where a follower was slow (W=1)", async () => {
    await configure(group, { writeQuorum: 1 });
    const slow = group.followers[4] as GroupNode;
    slow.kill("SIGSTOP");
    const statuses = await load(group, {
      clients: 10,
      each: 30,
      keyOf: (write) => `slow-${write % 5}`,
    });
    const held = await call("GET", `${group.leader.url}/digest`);
    slow.kill("SIGCONT");
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect((await waitUntilEqual(group)).digest).toBe(held.body.digest);
  }, 30_000);

  test("000, 001, 002: writers on one key end equal everywhere (W=1)", async () => {
    await configure(group, { writeQuorum: 1, maxDelay: "5ms" });
    const statuses = await load(group, { clients: 20, each: 20, keyOf: () => "contended" });
    expect(new Set(statuses)).toEqual(new Set([200]));
    await waitUntilEqual(group);
    const nodes = [group.leader, ...group.followers];
    const reads = await Promise.all(
      nodes.map(async ({ url }) => (await call("GET", `${url}/kv/contended`)).body),
    );
    const found = new Set(reads.map(({ value, version }) => `${version} ${value}`));
    expect(found.size).toBe(1);
  }, 30_000);

  test("003: versions go on after a follower restarts", async () => {
    await configure(group, { writeQuorum: 3, maxDelay: "1ms" });
    const before = await put(group.leader, "restarted", "before");
    const [killed, ...others] = group.followers as [GroupNode, ...GroupNode[]];
    killed.kill("SIGKILL");
    await killed.finished;
    const during = await put(group.leader, "restarted", "during");
    const back = startNode(killed.env);
    group.followers.splice(0, FOLLOWERS, back, ...others);
    await waitUntilReady(back);
    await waitUntilEqual(group);
    const after = await put(group.leader, "restarted", "after");
    await waitUntilEqual(group);
    const sequences = [before, during, after].map(({ body }) => Number(body.version.split(".")[1]));
    expect(sequences).toEqual([...sequences].sort((a, b) => a - b));
    const read = await call("GET", `${back.url}/kv/restarted`);
    expect(read.body).toMatchObject({ value: "after", version: after.body.version });
  }, 30_000);

  test("all: a write that may still be there is never called failed", async () => {
    await configure(group, { writeQuorum: 5 });
    const stopped = group.followers[1] as GroupNode;
    stopped.kill("SIGSTOP");
    const answer = await put(group.leader, "indeterminate", "alive");
    stopped.kill("SIGCONT");
    expect(answer.status).toBe(504);
    expect(answer.body).toMatchObject({
      error: "quorum_timeout",
      outcome: "indeterminate",
      acks: 4,
      required: 5,
    });
    await waitUntilEqual(group);
    const read = await call("GET", `${stopped.url}/kv/indeterminate`);
    expect(read.body).toMatchObject({ value: "alive", version: answer.body.version });
  }, 30_000);

  test("all: with too few followers a write is refused and changes nothing", async () => {
    await configure(group, { writeQuorum: 5 });
    const gone = group.followers[2] as GroupNode;
    gone.kill("SIGTERM");
    expect((await gone.finished).code).toBe(0);
    await waitUntil(async () => (await call("GET", `${group.leader.url}/ready`)).status === 503, {
      what: "the leader to notice",
    });
    const before = await call("GET", `${group.leader.url}/digest`);
    const answer = await put(group.leader, "refused", 1);
    expect(answer.status).toBe(503);
    expect(answer.body).toMatchObject({
      error: "not_enough_replicas",
      outcome: "refused",
      connected: 4,
      required: 5,
    });
    expect((await call("GET", `${group.leader.url}/digest`)).text).toBe(before.text);
    group.followers[2] = startNode(gone.env);
    await waitUntilReady(group.followers[2]);
    await waitUntilEqual(group);
  }, 30_000);
});
