/** The commands as a person or a script runs them, against real processes. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { freePort, freePorts } from "../support/free-port.ts";
import {
  type Group,
  type KvnodeProcess,
  runKvnode,
  startGroup,
  startKvnode,
  startNode,
  waitUntilReady,
} from "../support/kvnode-process.ts";
import { waitUntil } from "../support/wait-until.ts";

const REFUSED = /^kvnode: [^\n]+\n$/;

/** Nothing runs any more under this process id; what nobody has waited for yet runs no more. */
function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return true;
  }
  const record = `/proc/${pid}/stat`;
  return existsSync(record) && /\) [ZX] /.test(readFileSync(record, "utf8"));
}

describe("the command line", () => {
  test("says its version", async () => {
    expect(await runKvnode(["--version"])).toMatchObject({ code: 0, stderr: "" });
  });

  test.each([
    ["", ["cluster", "First steps", "Exit codes"]],
    ["serve", ["--write-quorum", "WRITE_QUORUM", "Examples"]],
    ["cluster", ["--followers", "--verbose", "Examples", "Exit codes"]],
    ["get", ["--level", "Examples", "Exit codes"]],
    ["put", ["--string", "--json-value", "Examples", "Exit codes"]],
    ["delete", ["Examples", "Exit codes"]],
    ["list", ["--prefix", "--all", "Examples", "Exit codes"]],
    ["status", ["Examples", "Exit codes"]],
    ["check", ["--wait", "Examples", "Exit codes"]],
    ["promote", ["--force-unclean", "Examples", "Exit codes"]],
    ["health", ["--ready", "Examples", "Exit codes"]],
  ])("explains kvnode %s --help", async (command, parts) => {
    const { code, stdout } = await runKvnode([command, "--help"].filter(Boolean));
    expect(code).toBe(0);
    for (const part of parts) expect(stdout).toContain(part);
  });

  test.each([
    [["frobnicate"], "There is no command"],
    [["get"], "missing required argument 'key'"],
    [["get", "a", "b"], "too many arguments"],
    [["get", "a", "--colour"], "unknown option '--colour'"],
    [["get", "a", "--level", "some"], "Allowed choices are local, linearizable"],
    [["get", ""], "The key is empty."],
    [["get", "a", "--node", "ftp://a:1"], "Allowed is a node's URL"],
    [["get", "a", "--timeout", "soon"], "Allowed is a duration"],
    [["put", "a", "{broken"], "The value is not JSON"],
    [["list", "--limit", "0"], "Allowed is a whole number from 1 to 1000"],
    [["serve", "--write-quorum", "2.5"], '--write-quorum "2.5" is not allowed'],
    [["--write-quorum", "-1"], '--write-quorum "-1" is not allowed'],
    [["serve", "--role", "worker"], "CONTROLLER is missing"],
    [["cluster", "--followers", "31"], "Allowed is a whole number from 0 to 30"],
    [["cluster", "--write-quorum", "6"], "is not allowed"],
    [["cluster", "--min-delay", "0.0001"], "write 0.1ms"],
  ])("refuses %p with one sentence and exit code 2", async (args, sentence) => {
    const { code, stdout, stderr } = await runKvnode(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(REFUSED);
    expect(stderr).toContain(sentence);
  });

  test("refuses a wrong setting in the environment before it listens", async () => {
    const { code, stderr } = await runKvnode([], { env: { WRITE_QUORUM: "three" } });
    expect(code).toBe(2);
    expect(stderr).toBe(
      'kvnode: WRITE_QUORUM="three" is not allowed: allowed is a whole number from 0 to 30.\n',
    );
  });

  test.each([["get"], ["put"], ["delete"], ["list"], ["status"], ["check"]])(
    "kvnode %s says in one sentence that no node answers, with exit code 3",
    async (command) => {
      const values: Record<string, string[]> = { get: ["a"], put: ["a", "1"], delete: ["a"] };
      const node = `http://127.0.0.1:${freePort()}`;
      const args = [command, ...(values[command] ?? []), "--node", node];
      const { code, stdout, stderr } = await runKvnode(args);
      expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
      expect(stderr).toMatch(REFUSED);
      expect(stderr).toContain(`No node answers at ${node}`);
    },
  );

  test("tells a server that is no kvnode from one", async () => {
    const server = Bun.serve({ port: freePort(), fetch: () => new Response("<html>") });
    const { code, stderr } = await runKvnode(["get", "a", "--node", server.url.href]);
    await server.stop(true);
    expect(code).toBe(3);
    expect(stderr).toContain("answers, but not as a kvnode does (HTTP 200)");
  });

  test("calls a write indeterminate when the connection breaks before the answer", async () => {
    const server = Bun.listen({
      hostname: "127.0.0.1",
      port: freePort(),
      socket: {
        data(socket) {
          socket.end();
        },
      },
    });
    const node = `127.0.0.1:${server.port}`;
    const write = await runKvnode(["put", "a", "1", "--node", node]);
    const read = await runKvnode(["get", "a", "--node", node]);
    server.stop(true);
    expect([write.code, read.code]).toEqual([4, 3]);
    expect(write.stderr).toContain("may or may not have been applied");
  });

  test("gives up on a node that does not answer in time", async () => {
    const server = Bun.listen({ hostname: "127.0.0.1", port: freePort(), socket: { data() {} } });
    const node = `127.0.0.1:${server.port}`;
    const { code, stderr } = await runKvnode(["get", "a", "--node", node, "--timeout", "200ms"]);
    server.stop(true);
    expect(code).toBe(3);
    expect(stderr).toContain("did not answer within 200 ms");
  });
});

describe("the commands with a group of three", () => {
  let group: Group;
  let leader: string;
  let follower: string;

  const run = (args: readonly string[], stdin?: string) =>
    runKvnode(args, { env: { KVNODE_URL: leader }, ...(stdin === undefined ? {} : { stdin }) });

  beforeAll(async () => {
    group = await startGroup({ followers: 2, env: { WRITE_QUORUM: "2" } });
    leader = group.leader.url;
    follower = group.followers[0]!.url;
  });

  afterAll(() => group.stop());

  test("write, read and remove a key", async () => {
    const put = await run(["put", "greeting", "hello"]);
    expect(put).toMatchObject({ code: 0, stderr: "" });
    expect(put.stdout).toMatch(/^greeting = "hello" {2}version 1\.\d+, confirmed by 2 followers/);
    expect(await run(["get", "greeting"])).toEqual({ code: 0, stdout: '"hello"\n', stderr: "" });
    expect(await run(["get", "greeting", "--raw"])).toMatchObject({ stdout: "hello\n" });
    expect(await run(["delete", "greeting"])).toMatchObject({ code: 0 });
    const gone = await run(["get", "greeting"]);
    expect(gone).toMatchObject({ code: 1, stdout: "" });
    expect(gone.stderr).toBe(`kvnode: There is no key greeting at ${leader}.\n`);
    expect(await run(["delete", "greeting"])).toMatchObject({ code: 1 });
  });

  test.each([
    ["a/b"],
    ["a/../b"],
    ["."],
    [".."],
    ["100% %2F"],
    ["emoji 😀"],
    ["?q=1#f"],
    ["-dash"],
  ])("the key %p comes back as it went", async (key) => {
    expect(await run(["put", "--json", "--", key, "7"])).toMatchObject({ code: 0 });
    const { stdout } = await run(["get", "--json", "--", key]);
    expect(JSON.parse(stdout)).toMatchObject({ key, value: 7 });
  });

  test("a value comes back digit by digit, also through the standard input", async () => {
    const value = '{"price":1.10,"b":1,"1":2.50}';
    await run(["put", "exact", "-"], `${value}\n`);
    expect(await run(["get", "exact"])).toMatchObject({ stdout: `${value}\n` });
    const { stdout } = await run(["list", "--prefix", "exact", "--json"]);
    expect(stdout).toContain(`"value":${value}`);
  });

  test("a write to a follower goes on to its leader, once, and says so", async () => {
    const put = await run(["put", "via", "1", "--node", follower]);
    expect(put.code).toBe(0);
    expect(put.stderr).toBe(`${follower} is a follower; writing to its leader ${leader}.\n`);
    const quiet = await run(["put", "via", "2", "--node", follower, "--json"]);
    expect(quiet).toMatchObject({ code: 0, stderr: "" });
    expect(JSON.parse(quiet.stdout)).toMatchObject({ key: "via", acks: 2, required: 2 });
    expect(await run(["get", "via", "--level", "linearizable", "--node", follower])).toMatchObject({
      stdout: "2\n",
    });
  });

  test("a list comes in pages, in key order, or whole", async () => {
    for (const key of ["page/c", "page/a", "page/b"]) await run(["put", key, "1"]);
    const first = await run(["list", "--prefix", "page/", "--limit", "2"]);
    expect(first.stdout).toMatch(/^KEY +VERSION +VALUE\npage\/a .*\npage\/b .*\n$/);
    expect(first.stderr).toBe("2 keys; more: --after page/b or --all\n");
    const rest = await run(["list", "--prefix", "page/", "--after", "page/b"]);
    expect(rest.stdout).toContain("page/c");
    const all = await run(["list", "--prefix", "page/", "--limit", "2", "--all", "--json"]);
    const { items, next } = JSON.parse(all.stdout);
    expect(items.map(({ key }: { key: string }) => key)).toEqual(["page/a", "page/b", "page/c"]);
    expect(next).toBeNull();
  });

  test("a value that can't be kept is the person's mistake", async () => {
    const { code, stderr } = await run(["put", "id", "12345678901234567890"]);
    expect(code).toBe(2);
    expect(stderr).toMatch(REFUSED);
  });

  test("status shows every node, whichever is asked", async () => {
    for (const node of [leader, follower]) {
      const { code, stdout } = await run(["status", "--node", node, "--json"]);
      expect(code).toBe(0);
      const { nodes } = JSON.parse(stdout);
      expect(nodes.map(({ role }: { role: string }) => role)).toEqual([
        "leader",
        "follower",
        "follower",
      ]);
    }
    const table = await run(["status"]);
    expect(table.stdout).toContain("write quorum 2 of 2");
    expect(table.stdout).toMatch(/follower2 +http:\/\/\S+ +follower .*synced/);
  });

  test("check says that all are equal", async () => {
    const { code, stdout } = await run(["check"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/All 3 nodes are equal: \d+ keys\.\n$/);
  });

  test("check lists what a follower holds beside the group", async () => {
    const body = '{"key":"by hand","value":1,"version":1}';
    const headers = { "content-type": "application/json" };
    const reply = await fetch(`${follower}/replicate`, { method: "POST", headers, body });
    expect(reply.status).toBe(200);
    const people = await run(["check", "--wait", "0s"]);
    expect(people.code).toBe(1);
    expect(people.stdout).toContain("follower1 extra: by hand\n");
    expect(people.stderr).toBe("kvnode: The nodes differ.\n");
    const { stdout } = await run(["check", "--wait", "0s", "--json"]);
    const { equal, nodes } = JSON.parse(stdout);
    expect(equal).toBe(false);
    expect(nodes[1]).toMatchObject({ missing: [], extra: ["by hand"], stale: [] });
    // A leader's entry beats one made by hand, so this makes them equal again.
    await run(["put", "by hand", "2"]);
    expect(await run(["check"])).toMatchObject({ code: 0 });
  });

  test("health asks the node that is named, else the one on PORT", async () => {
    expect(await run(["health"])).toMatchObject({ code: 0, stdout: `${leader} is healthy\n` });
    const env = { PORT: new URL(follower).port };
    expect(await runKvnode(["health", "--ready"], { env })).toMatchObject({
      code: 0,
      stdout: `${follower} is ready\n`,
    });
    const nobody = await runKvnode(["health"], { env: { PORT: String(freePort()) } });
    expect(nobody.code).toBe(1);
    expect(nobody.stderr).toMatch(REFUSED);
  });

  test("a stopped follower makes writes refused, and the tables say why", async () => {
    const [gone] = group.followers;
    gone!.kill("SIGKILL");
    await gone!.finished;
    const put = await waitUntil(
      async () => {
        const tried = await run(["put", "late", "1", "--timeout", "5s"]);
        return tried.code === 1 ? tried : undefined;
      },
      { what: "the write to be refused" },
    );
    expect(put.stderr).toMatch(REFUSED);
    const table = await run(["status"]);
    expect(table.code).toBe(0);
    expect(table.stdout).toMatch(/follower1 .*no answer/);
    const check = await run(["check", "--wait", "0s"]);
    expect(check.code).toBe(3);
    expect(check.stderr).toContain("follower1");
    expect(await run(["health", "--ready"])).toMatchObject({ code: 1 });

    const again = startNode(gone!.env);
    group.followers[0] = again;
    await waitUntilReady(again);
    expect(await run(["check"])).toMatchObject({ code: 0 });
  });
});

describe("kvnode serve", () => {
  test("stops on SIGTERM with exit code 0 within two seconds", async () => {
    const node = startNode({ PORT: String(freePort()), NODE_ID: "alone", LOG_FORMAT: "json" });
    await waitUntilReady(node);
    const asked = performance.now();
    node.kill("SIGTERM");
    expect((await node.finished).code).toBe(0);
    expect(performance.now() - asked).toBeLessThan(2_000);
  });

  test("logs every setting as it was understood", async () => {
    const port = String(freePort());
    const node = startNode({ PORT: port, NODE_ID: "a", LOG_FORMAT: "json", REPL_TIMEOUT: "1.5" });
    await waitUntilReady(node);
    const line = node
      .stdout()
      .split("\n")
      .find((text) => text.includes("node.started"));
    expect(JSON.parse(line ?? "{}")).toMatchObject({
      PORT: port,
      REPLICATION_TIMEOUT: "1.5s",
      DATA_DIR: "none: in memory",
    });
    node.kill("SIGTERM");
    await node.finished;
  });

  test("says in one sentence that its port is taken", async () => {
    const port = freePort();
    const other = Bun.listen({ hostname: "0.0.0.0", port, socket: { data() {} } });
    const { code, stderr } = await runKvnode(["serve", "--port", String(port)]);
    other.stop(true);
    expect(code).toBe(2);
    expect(stderr).toMatch(REFUSED);
    expect(stderr).toContain(String(port));
  });

  test("shares its port with no other node", async () => {
    const port = String(freePort());
    const first = startNode({ NODE_ID: "first", PORT: port, WRITE_QUORUM: "0" });
    await waitUntilReady(first);
    const { code, stderr } = await runKvnode(["serve", "--port", port]);
    first.kill("SIGTERM");
    await first.finished;
    expect(code).toBe(2);
    expect(stderr).toContain(port);
  }, 15_000);
});

describe("kvnode cluster", () => {
  /** A cluster of a leader and two followers, when it has said where everything is. */
  async function startCluster(args: readonly string[] = []) {
    const [port = 0] = freePorts(3);
    const places = ["--port", String(port), "--followers", "2"];
    const cluster = startKvnode(["cluster", ...places, ...args]);
    await waitUntil(() => cluster.stdout().includes("Ctrl-C stops all nodes."), {
      what: "the cluster to be ready",
    });
    return { cluster, port, url: `http://127.0.0.1:${port}`, pids: pidsOf(cluster) };
  }

  function pidsOf(cluster: KvnodeProcess): number[] {
    const rows = cluster.stdout().matchAll(/^(?:leader|follower\d) +http:\/\/\S+ +(\d+)$/gm);
    return [...rows].map(([, pid]) => Number(pid));
  }

  test("answers a first write within two seconds, says what to try, stops whole", async () => {
    const [port = 0] = freePorts(6);
    const started = performance.now();
    const cluster = startKvnode(["cluster", "--port", String(port)]);
    await waitUntil(
      async () => {
        const headers = { "content-type": "application/json" };
        const write = { method: "PUT", headers, body: '{"value":1}' };
        return (await fetch(`http://127.0.0.1:${port}/kv/first`, write)).ok;
      },
      { what: "the first write", intervalMs: 5 },
    );
    expect(performance.now() - started).toBeLessThan(2_000);
    await waitUntil(() => cluster.stdout().includes("Ctrl-C"), { what: "the welcome" });
    const pids = pidsOf(cluster);
    expect(pids).toHaveLength(6);
    expect(cluster.stdout()).toContain(`http://127.0.0.1:${port}/swagger`);
    cluster.kill("SIGINT");
    expect((await cluster.finished).code).toBe(0);
    expect(pids.map(isGone)).not.toContain(false);
  });

  test("says which node ended and how to start it again, and goes on", async () => {
    const { cluster, port, url, pids } = await startCluster(["--write-quorum", "1"]);
    process.kill(pids[1]!, "SIGKILL");
    await waitUntil(() => cluster.stderr().includes("has ended by SIGKILL"), { what: "the line" });
    expect(cluster.stderr()).toContain(`follower1 (process ${pids[1]}) has ended`);
    expect(cluster.stderr()).toContain("NODE_ID=follower1");
    expect(cluster.stderr()).toContain(`PORT=${port + 1}`);
    const put = await runKvnode(["put", "a", "1", "--node", url]);
    expect(put.code).toBe(0);
    cluster.kill("SIGTERM");
    expect((await cluster.finished).code).toBe(0);
    expect(pids.map(isGone)).not.toContain(false);
  });

  test("leaves no node behind when it is killed hard", async () => {
    const { cluster, pids } = await startCluster();
    cluster.kill("SIGKILL");
    await cluster.finished;
    await waitUntil(() => pids.every(isGone), { what: "every node to end", timeoutMs: 5_000 });
  });

  test("starts nothing when a port is taken", async () => {
    const [port = 0] = freePorts(3);
    const other = Bun.listen({ hostname: "127.0.0.1", port: port + 2, socket: { data() {} } });
    const args = ["cluster", "--port", String(port), "--followers", "2"];
    const { code, stdout, stderr } = await runKvnode(args);
    other.stop(true);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(REFUSED);
    expect(stderr).toContain(`port ${port + 2} already`);
  });

  test("ends with exit code 1 when every node has ended", async () => {
    const { cluster, pids } = await startCluster();
    for (const pid of pids) process.kill(pid, "SIGKILL");
    const { code, stderr } = await cluster.finished;
    expect(code).toBe(1);
    expect(stderr).toEndWith("kvnode: Every node has ended.\n");
  });

  test("shows every log line only when asked", async () => {
    const { cluster } = await startCluster(["--verbose"]);
    expect(cluster.stderr()).toMatch(/^leader \| info node\.started /m);
    cluster.kill("SIGTERM");
    await cluster.finished;
  });
});
