/** The status of a leader/follower group, as one of its nodes sees it. */
import type { FollowerStatus, NodeStatus } from "./node-status.ts";
import { card, pill } from "./parts.ts";
import { type Child, h, type TreeElement } from "./tree.ts";
import { count, duration } from "./words.ts";

/** The followers as their leader sees them. */
export function followersCard(status: NodeStatus): TreeElement {
  const { followers } = status;
  return card(
    "System Status",
    {},
    nodeFacts(status),
    followers.length === 0
      ? h("p", { class: "quiet" }, "This leader has no followers.")
      : h(
          "table",
          { class: "followers" },
          h("caption", { class: "unseen" }, "Followers"),
          h(
            "thead",
            {},
            h(
              "tr",
              {},
              ["Follower", "State", "Holds up to", "Behind", "Waiting for it"].map((name) =>
                h("th", { scope: "col" }, name),
              ),
            ),
          ),
          h("tbody", {}, followers.map(followerRow)),
        ),
  );
}

function followerRow(follower: FollowerStatus): TreeElement {
  const { node, address, connected, synced, watermark, lagEntries, lagMs, queueBytes } = follower;
  const behind =
    lagEntries === 0 ? "nothing" : `${count(lagEntries, "entry", "entries")}, ${duration(lagMs)}`;
  return h(
    "tr",
    { key: address },
    h("th", { scope: "row" }, h("a", { href: address }, node)),
    cell("State", stateOf(connected, synced)),
    cell("Holds up to", watermark.toLocaleString("en")),
    cell("Behind", behind),
    cell("Waiting for it", queueBytes === 0 ? "nothing" : count(queueBytes, "byte")),
  );
}

function cell(label: string, ...children: readonly Child[]): TreeElement {
  return h("td", { "data-label": label }, ...children);
}

function stateOf(connected: boolean, synced: boolean): TreeElement {
  if (!connected) return pill("bad", "not connected");
  return synced ? pill("ok", "synced") : pill("warn", "catching up");
}

/** A follower's own state, and the way to make it the leader. */
export function followerCard(status: NodeStatus, more: Child): TreeElement {
  const { leader } = status;
  return card(
    "System Status",
    {},
    nodeFacts(status),
    leader !== null &&
      h(
        "p",
        {},
        "Writes go to the leader: ",
        h("a", { href: leader }, leader),
        ". This node answers reads.",
      ),
    more,
  );
}

/** A worker's own numbers, and the way to the page that shows the whole cluster. */
export function workerCard(status: NodeStatus): TreeElement {
  const { controller, primaries, partitions, keys, durable } = status;
  return card(
    "System Status",
    {},
    factList([
      ["Keys", number(keys)],
      ["Copies of partitions", number(partitions.length)],
      ["Primary of", number(primaries)],
      ["Kept", durable ? "on disk" : "in memory"],
    ]),
    controller !== null &&
      h(
        "p",
        {},
        "The controller's page shows the whole cluster: ",
        h("a", { href: controller }, controller),
        ".",
      ),
  );
}

function nodeFacts(status: NodeStatus): TreeElement {
  const { watermark, commitWatermark, keys, durable, blank, role } = status;
  return factList([
    ["Keys", keys.toLocaleString("en")],
    ["Holds everything up to", watermark.toLocaleString("en")],
    [role === "leader" ? "Committed up to" : "Heard of committed", number(commitWatermark)],
    ["Kept", blank ? "nothing yet" : durable ? "on disk" : "in memory"],
  ]);
}

function factList(facts: readonly (readonly [string, string])[]): TreeElement {
  return h(
    "dl",
    { class: "node-facts" },
    facts.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))),
  );
}

function number(value: number): string {
  return value.toLocaleString("en");
}
