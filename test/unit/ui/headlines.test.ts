/** The one sentence on how a cluster or a group is. */
import { describe, expect, test } from "bun:test";
import { clusterHeadline } from "../../../src/ui/cluster-headline.ts";
import { toControllerStatus } from "../../../src/ui/controller-status.ts";
import { groupHeadline } from "../../../src/ui/group-headline.ts";
import { toNodeStatus } from "../../../src/ui/node-status.ts";

const CLUSTER = { name: "kvnode", partitions: 2, replicas: 3, writeQuorum: 2 };

function workers(...states: readonly string[]) {
  return states.map((status, index) => ({ id: `w${index + 1}`, status }));
}

function partitions(...states: readonly string[]) {
  return states.map((state, partition) => ({ partition, state, missing: ["w3", "w2"] }));
}

function say({ tone, title, sentence }: ReturnType<typeof clusterHeadline>): string {
  return `${tone}: ${title} ${sentence}`.trim();
}

describe("the headline of a cluster", () => {
  test.each([
    [{ cluster: null, workers: [] }, /^warn: No worker has registered yet\./],
    [{ workers: workers("up", "up"), partitions: [] }, /^warn: Starting\. 2 workers registered/],
    [
      { workers: workers("up", "up", "up"), partitions: partitions("ok", "ok") },
      /^ok: All is well\. All 2 partitions have 3 copies, on 3 workers\.$/,
    ],
    [
      {
        workers: workers("up", "down", "up"),
        partitions: partitions("catching up", "taking over"),
      },
      /^warn: w2 is down\. 1 partition taking over, 1 partition catching up\.$/,
    ],
    [
      { workers: workers("up", "down", "up"), partitions: partitions("ok", "ok") },
      /^warn: w2 is down\. Others have taken over: all 2 partitions have 2 copies, on 2 workers\.$/,
    ],
    [
      { workers: workers("up", "up"), partitions: partitions("moving", "ok") },
      /^warn: At work\. 1 partition moving\.$/,
    ],
    [
      { workers: workers("up", "down", "down"), partitions: partitions("lost", "ok") },
      /^bad: 1 partition can't be written\. .* They need w2 and w3 back\.$/,
    ],
    [
      { workers: workers("up"), partitions: partitions("ok", "ok"), problem: "The disk is full." },
      /^bad: The controller can't decide anything\. The disk is full\.$/,
    ],
  ])("of %j matches %p", (body, expected) => {
    expect(say(clusterHeadline(toControllerStatus({ cluster: CLUSTER, ...body })))).toMatch(
      expected,
    );
  });
});

const READY = { connected: true, synced: true };

function followers(...states: readonly object[]) {
  return states.map((state, index) => ({ node: `f${index + 1}`, ...state }));
}

describe("the headline of a node in a group", () => {
  test.each([
    [
      { role: "leader", writeQuorum: 1, followers: followers(READY, READY) },
      "ok: All is well. A write waits for 1 of 2 followers.",
    ],
    [
      { role: "leader", writeQuorum: 1, followers: followers(READY, { connected: false }) },
      "warn: f2 is not there. A write waits for 1 of 2 followers.",
    ],
    [
      { role: "leader", writeQuorum: 2, followers: followers(READY, { connected: true }) },
      "bad: Writes are refused. Only 1 of the 2 that it needs are there: bring f2 back.",
    ],
    [
      { role: "follower", leader: "http://l", synced: true },
      "ok: All is well. It follows its leader.",
    ],
    [{ role: "follower", leader: "http://l" }, "warn: Catching up with its leader."],
    [
      { role: "follower", leader: null, blank: true },
      "warn: No leader is known. It holds nothing yet and waits for a leader.",
    ],
    [
      { role: "leader", writeQuorum: 0, possibleLoss: ["f1 never answered."] },
      "bad: Writes may have been lost. f1 never answered.",
    ],
    [
      { role: "worker", controllerState: "refused", controllerReason: "The id is taken." },
      "bad: The controller refuses this worker. The id is taken.",
    ],
    [
      { role: "worker", controllerState: "lost", controllerReason: null },
      "warn: The controller is not heard. Reads and writes go on without it; only failover waits.",
    ],
  ])("of %j is %p", (body, expected) => {
    expect(say(groupHeadline(toNodeStatus(body)))).toBe(expected);
  });
});
