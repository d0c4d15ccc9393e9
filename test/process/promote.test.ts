/** `kvnode promote`, and the commands that follow a leader: what they make of each answer. */
import { afterEach, describe, expect, test } from "bun:test";
import { freePort } from "../support/free-port.ts";
import { runKvnode, startGroup } from "../support/kvnode-process.ts";
import { type ScriptedNode, startScriptedNode, statusOf } from "../support/scripted-node.ts";

const running: ScriptedNode[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((node) => node.stop()));
});

function scripted(answer: Parameters<typeof startScriptedNode>[0]): ScriptedNode {
  const node = startScriptedNode(answer);
  running.push(node);
  return node;
}

const promote = (url: string, ...args: string[]) => runKvnode(["promote", "--node", url, ...args]);

describe("kvnode promote", () => {
  test("at the node that leads says so, also to programs", async () => {
    const group = await startGroup({ followers: 1 });
    const { url } = group.leader;
    expect(await promote(url)).toEqual({
      code: 0,
      stdout: `leader (${url}) leads in epoch 1.\n`,
      stderr: "",
    });
    const { stdout } = await promote(url, "--json");
    expect(JSON.parse(stdout)).toEqual({ node: "leader", role: "leader", epoch: 1, leader: url });
    await group.stop();
  });

  test("warns of what --force-unclean may cost, before it does it", async () => {
    const group = await startGroup({ followers: 0 });
    const { code, stderr } = await promote(group.leader.url, "--force-unclean");
    expect(code).toBe(0);
    expect(stderr).toStartWith("warning: with --force-unclean");
    await group.stop();
  });

  test("names who is missing where it is not safe, and what to do", async () => {
    const missing = ["http://a:5000", "http://b:5000"];
    const error = { error: "unsafe", message: "No.", outcome: "refused", missing };
    const node = scripted(() => Response.json(error, { status: 409 }));
    const { code, stdout, stderr } = await promote(node.url);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/^kvnode: [^\n]+\n$/);
    expect(stderr).toContain("without http://a:5000, http://b:5000: start them and try again");
    expect(stderr).toContain("--force-unclean");
    const json = await promote(node.url, "--json");
    expect(json.code).toBe(1);
    expect(JSON.parse(json.stdout)).toEqual(error);
  });

  test("whose answer is lost asks the node until it leads", async () => {
    let asked = 0;
    const listener = Bun.listen({
      hostname: "127.0.0.1",
      port: freePort(),
      socket: {
        data(socket, bytes) {
          // The takeover's own answer is lost; then it still takes a while.
          if (bytes.toString().startsWith("POST")) return void socket.end();
          asked += 1;
          const role = asked < 3 ? "candidate" : "leader";
          const body = JSON.stringify(
            statusOf({ node: "n", role, epoch: 2, leader: "http://n:1" }),
          );
          socket.end(
            `HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
          );
        },
      },
    });
    const { code, stdout } = await promote(`127.0.0.1:${listener.port}`);
    listener.stop(true);
    expect({ code, stdout }).toEqual({ code: 0, stdout: "n (http://n:1) leads in epoch 2.\n" });
    expect(asked).toBe(3);
  });

  test("gives up in time, and says that it does not know", async () => {
    const listener = Bun.listen({ hostname: "127.0.0.1", port: freePort(), socket: { data() {} } });
    const { code, stderr } = await promote(`127.0.0.1:${listener.port}`, "--timeout", "300ms");
    listener.stop(true);
    expect(code).toBe(4);
    expect(stderr).toContain("it may go on trying: see kvnode status");
  });

  test("says in one sentence that no node answers", async () => {
    const { code, stderr } = await promote(`http://127.0.0.1:${freePort()}`);
    expect(code).toBe(3);
    expect(stderr).toMatch(/^kvnode: No node answers at [^\n]+\n$/);
  });
});

describe("a command that is sent from one leader to the next", () => {
  const notLeader = (leader: string) =>
    Response.json(
      { error: "not_leader", message: "Another one leads.", outcome: "refused", leader },
      { status: 403 },
    );

  test("goes on to the last of them", async () => {
    const group = await startGroup({ followers: 0 });
    const second = scripted(() => notLeader(group.leader.url));
    const first = scripted(() => notLeader(second.url));
    const put = await runKvnode(["put", "a", "1", "--node", first.url]);
    expect(put.code).toBe(0);
    expect(put.stderr).toBe(
      `${first.url} is a follower; writing to its leader ${second.url}.\n` +
        `${second.url} is a follower; writing to its leader ${group.leader.url}.\n`,
    );
    const args = ["get", "a", "--level", "linearizable", "--node", first.url];
    expect(await runKvnode(args)).toMatchObject({ code: 0, stdout: "1\n" });
    await group.stop();
  });

  test("ends where they send it around in a circle", async () => {
    const urls: string[] = [];
    const nodes = [0, 1].map((index) => scripted(() => notLeader(urls[1 - index] ?? "")));
    urls.push(...nodes.map(({ url }) => url));
    const { code, stderr } = await runKvnode(["delete", "a", "--node", urls[0] ?? "", "--json"]);
    expect(code).toBe(1);
    expect(stderr).toContain("Another one leads.");
    expect(nodes.flatMap(({ asked }) => asked)).toHaveLength(6);
  });
});
