/** A leader is lost, replaced and comes back, as a person at the command line sees it. */
import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { call } from "../support/call.ts";
import { freePorts } from "../support/free-port.ts";
import {
  type Group,
  type GroupNode,
  runKvnode,
  startGroup,
  startKvnode,
  startNode,
  waitUntilReady,
} from "../support/kvnode-process.ts";
import { waitUntil } from "../support/wait-until.ts";

const directories: string[] = [];
afterAll(() => {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

async function kill(...nodes: readonly GroupNode[]): Promise<void> {
  for (const node of nodes) node.kill("SIGKILL");
  await Promise.all(nodes.map(({ finished }) => finished));
}

/** Five followers, quorum 3: R is 3 of 6. */
async function startSix(): Promise<Group & { followers: GroupNode[] }> {
  const group = await startGroup({ followers: 5, env: { WRITE_QUORUM: "3" } });
  for (let index = 0; index < 50; index++) {
    const { status } = await call("PUT", `${group.leader.url}/kv/${index}`, { value: index });
    expect(status).toBe(200);
  }
  return group;
}

const on = (node: GroupNode, ...args: string[]) => runKvnode([...args, "--node", node.url]);

async function expectAllThere(node: GroupNode): Promise<void> {
  const { body } = await call("GET", `${node.url}/kv?limit=1000`);
  const found = new Map(body.items.map((item: { key: string; value: number }) => [item.key, item]));
  for (let index = 0; index < 50; index++) {
    expect(found.get(String(index))).toMatchObject({ value: index });
  }
}

describe("a leader that was killed", () => {
  test("is replaced by promote; commands follow; it comes back as a follower", async () => {
    const group = await startSix();
    const [first, second] = group.followers as [GroupNode, GroupNode];
    await kill(group.leader);

    const lost = await on(second, "status");
    expect(lost.code).toBe(0);
    // All six as any of them knows them, the lost one too.
    expect(lost.stdout.match(/http:\/\/127/g)).toHaveLength(6);
    expect(lost.stdout).toContain("no answer");
    expect(lost.stderr).toContain("kvnode promote --node");

    const promoted = await on(first, "promote");
    expect(promoted.stderr).toBe("");
    expect(promoted.stdout).toMatch(/^follower1 \(http:\S+\) leads in epoch (\d+)\.\n$/);
    const epoch = Number(/epoch (\d+)/.exec(promoted.stdout)?.[1]);
    expect(epoch).toBeGreaterThan(1);
    expect(promoted.stdout).toContain(first.url);
    await expectAllThere(first);

    await waitUntil(
      async () => (await call("GET", `${second.url}/status?data=false`)).body.leader === first.url,
      { what: "the others to hear of it" },
    );
    const put = await on(second, "put", "after", "1");
    expect(put).toMatchObject({ code: 0 });
    expect(put.stderr).toBe(`${second.url} is a follower; writing to its leader ${first.url}.\n`);
    expect(put.stdout).toContain(`version ${epoch}.`);

    const back = startNode(group.leader.env);
    await waitUntilReady(back);
    const status = await on(back, "status", "--json");
    const { leader, nodes } = JSON.parse(status.stdout);
    expect(leader).toBe(first.url);
    const own = nodes.find(({ address }: { address: string }) => address === back.url);
    expect(own).toMatchObject({ role: "follower", leader: first.url, epoch });
    expect(await on(back, "check")).toMatchObject({ code: 0 });
    const refused = await call("PUT", `${back.url}/kv/x`, { value: 1 });
    expect([refused.status, refused.body.leader]).toEqual([403, first.url]);
    back.kill("SIGTERM");
    await group.stop();
  }, 60_000);

  test("is not replaced where a write could be lost, unless forced", async () => {
    const group = await startSix();
    const [first, second, ...others] = group.followers as [GroupNode, GroupNode, ...GroupNode[]];
    await kill(group.leader, ...others);

    const refused = await on(first, "promote");
    expect({ code: refused.code, stdout: refused.stdout }).toEqual({ code: 1, stdout: "" });
    expect(refused.stderr).toMatch(/^kvnode: [^\n]+\n$/);
    for (const { url } of [group.leader, ...others]) expect(refused.stderr).toContain(url);
    expect(refused.stderr).not.toContain(second.url);
    const before = (await call("GET", `${first.url}/status?data=false`)).body;
    expect(before).toMatchObject({ role: "follower", possibleLoss: [] });
    await expectAllThere(first);

    const forced = await on(first, "promote", "--force-unclean");
    expect(forced.code).toBe(0);
    expect(forced.stderr).toStartWith("warning:");
    const status = await on(first, "status");
    expect(status.stderr).toContain("warning: ");
    expect((await call("GET", `${first.url}/metrics`)).text).toMatch(
      /^kvnode_possible_losses [1-9]/m,
    );
    await group.stop();
  }, 60_000);

  test("says indeterminate to who waits when it is fenced, and follows", async () => {
    const env = { WRITE_QUORUM: "2", REPLICATION_TIMEOUT: "20s" };
    const group = await startGroup({ followers: 2, env });
    const [first, second] = group.followers as [GroupNode, GroupNode];
    // The write waits for the second one, which hears of the new leader before it could answer.
    second.kill("SIGSTOP");
    const waiting = call("PUT", `${group.leader.url}/kv/waits`, { value: 1 });
    await waitUntil(async () => (await call("GET", `${first.url}/kv/waits`)).status === 200, {
      what: "the write to be under way",
    });
    const promoted = await on(first, "promote");
    expect(promoted.code).toBe(0);
    const { status, body } = await waiting;
    expect([status, body.error, body.outcome]).toEqual([504, "leader_changed", "indeterminate"]);
    second.kill("SIGCONT");
    await waitUntilReady(group.leader);
    expect((await call("GET", `${group.leader.url}/status`)).body).toMatchObject({
      role: "follower",
      leader: first.url,
    });
    expect(await on(second, "check")).toMatchObject({ code: 0 });
    await group.stop();
  }, 60_000);
});

describe("a lower quorum that can't be committed", () => {
  test("names who is missing, and holds at once where it is forced", async () => {
    const group = await startGroup({ followers: 2, env: { WRITE_QUORUM: "2" } });
    const [first] = group.followers as [GroupNode, GroupNode];
    await kill(first);
    const patch = (body: unknown) => call("PATCH", `${group.leader.url}/config`, body);
    const refused = await waitUntil(
      async () => {
        const answer = await patch({ writeQuorum: 1 });
        return answer.status === 503 ? answer : undefined;
      },
      { what: "the refusal" },
    );
    expect(refused.body.error).toBe("not_enough_replicas");
    expect(JSON.stringify(refused.body)).toContain(first.url);
    expect((await call("GET", `${group.leader.url}/config`)).body.writeQuorum).toBe(2);
    const forced = await patch({ writeQuorum: 1, force: true });
    expect([forced.status, forced.body.writeQuorum]).toEqual([200, 1]);
    expect((await call("PUT", `${group.leader.url}/kv/a`, { value: 1 })).status).toBe(200);
    await group.stop();
  }, 30_000);
});

describe("kvnode cluster --data-dir", () => {
  function startCluster(port: number, directory: string) {
    const cluster = startKvnode(["cluster", "--port", String(port), "--data-dir", directory]);
    const ready = waitUntil(() => cluster.stdout().includes("Ctrl-C stops all nodes."), {
      what: "the cluster to be ready",
      timeoutMs: 20_000,
    });
    return { cluster, ready };
  }

  test("has everything again after all six were killed hard", async () => {
    const directory = mkdtempSync(join(tmpdir(), "kvnode-cluster-"));
    directories.push(directory);
    const [port = 0] = freePorts(6);
    const url = `http://127.0.0.1:${port}`;
    const before = startCluster(port, directory);
    await before.ready;
    expect(before.cluster.stdout()).toContain(`data in ${directory}`);
    for (let index = 0; index < 100; index++) {
      expect((await call("PUT", `${url}/kv/${index}`, { value: index })).status).toBe(200);
    }
    expect((await call("DELETE", `${url}/kv/99`)).status).toBe(200);
    const pids = before.cluster.stdout().matchAll(/^(?:leader|follower\d) +http:\/\/\S+ +(\d+)$/gm);
    for (const [, pid] of pids) process.kill(Number(pid), "SIGKILL");
    expect((await before.cluster.finished).code).toBe(1);

    const after = startCluster(port, directory);
    await after.ready;
    const { body } = await call("GET", `${url}/kv?limit=1000`);
    expect(body.items).toHaveLength(99);
    expect((await call("GET", `${url}/kv/99`)).status).toBe(404);
    const status = (await call("GET", `${url}/status?data=false`)).body;
    expect(status).toMatchObject({ durable: true, blank: false, possibleLoss: [] });
    const check = await runKvnode(["check", "--node", url, "--wait", "20s"]);
    expect(check).toMatchObject({ code: 0 });
    expect(check.stdout).toContain("All 6 nodes are equal: 99 keys.");
    expect((await call("PUT", `${url}/kv/again`, { value: 1 })).status).toBe(200);
    after.cluster.kill("SIGTERM");
    expect((await after.cluster.finished).code).toBe(0);
  }, 60_000);
});
