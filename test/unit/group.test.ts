/** Who belongs to a group, as the commands find it out from any of its nodes. */
import { afterEach, describe, expect, test } from "bun:test";
import { findGroup, type Group } from "../../src/cli/group.ts";
import { type ScriptedNode, startScriptedNode, statusOf } from "../support/scripted-node.ts";

const running: ScriptedNode[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((node) => node.stop()));
});

/** A node with a status whose `members` are filled in when all have started. */
function node(fields: Record<string, unknown>): ScriptedNode & { status: Record<string, unknown> } {
  const status = statusOf(fields);
  const started = startScriptedNode((call) =>
    call === "GET /status" ? Response.json(status) : undefined,
  );
  status.address ??= started.url;
  running.push(started);
  return { ...started, status };
}

function introduce(nodes: readonly { url: string; status: Record<string, unknown> }[]): void {
  for (const { status } of nodes) status.members = nodes.map(({ url }) => url);
}

const urls = ({ members }: Group) => members.map(({ url }) => url);

describe("a group", () => {
  test("is found from any of its members, also where nobody leads", async () => {
    const nodes = ["a", "b", "c"].map((name) => node({ node: name }));
    introduce(nodes);
    for (const { url } of nodes) {
      const group = await findGroup(url, 1_000);
      expect(urls(group)).toEqual(nodes.map((each) => each.url));
      expect(group).toMatchObject({ leader: undefined, believed: null });
    }
  });

  test("is found also by hearsay of those who answer, and shows who does not", async () => {
    const gone = "http://127.0.0.1:1";
    const far = node({ node: "far", members: [gone] });
    const near = node({ node: "near", leader: far.url });
    const group = await findGroup(near.url, 1_000);
    expect(urls(group)).toEqual([near.url, far.url, gone]);
    expect(group.members[2]).toMatchObject({ status: undefined });
    expect(group.members[2]?.problem).toContain("No node answers");
  });

  test("is led by the highest epoch of those who say that they lead", async () => {
    const old = node({ node: "old", role: "leader", epoch: 1 });
    const now = node({ node: "now", role: "leader", epoch: 8 });
    const third = node({ node: "third", leader: old.url });
    const view = { node: "third", address: third.url, connected: true, synced: true };
    now.status.followers = [view];
    introduce([old, now, third]);
    const group = await findGroup(third.url, 1_000);
    expect(group.leader?.url).toBe(now.url);
    expect(group.believed).toBe(old.url);
    expect(urls(group)).toEqual([now.url, old.url, third.url]);
    expect(group.members[2]?.follower).toEqual(view as never);
  });

  test("lists the node that was asked once, by whatever name it was reached", async () => {
    const leader = node({ node: "leader", role: "leader" });
    introduce([leader]);
    leader.status.leader = leader.url;
    const group = await findGroup(leader.url.replace("127.0.0.1", "localhost"), 1_000);
    expect(group.members).toHaveLength(1);
    expect(group.members[0]).toMatchObject({
      address: leader.url,
      url: leader.url.replace("127.0.0.1", "localhost"),
    });
  });

  test("whose nodes name new ones for ever ends somewhere", async () => {
    let next = 2;
    const endless = startScriptedNode(() =>
      Response.json(statusOf({ members: [`http://127.0.0.1:${next++}`] })),
    );
    running.push(endless);
    expect((await findGroup(endless.url, 200)).members.length).toBeLessThan(100);
  });

  test("is not asked of a server that is no node", async () => {
    const stranger = startScriptedNode(() => Response.json({ role: "boss" }));
    running.push(stranger);
    await expect(findGroup(stranger.url, 1_000)).rejects.toThrow("no kvnode");
  });
});
