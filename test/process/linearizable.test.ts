/** Writes, deletes and linearizable reads of a real group are linearizable, whatever happens. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createSeededRandom } from "../../src/base/random.ts";
import { checkLinearizable } from "../linearizability/check.ts";
import { type Recording, startRecording } from "../linearizability/recorder.ts";
import {
  type Group,
  type GroupNode,
  startGroup,
  startNode,
  waitUntilReady,
} from "../support/kvnode-process.ts";
import { waitUntil } from "../support/wait-until.ts";

const OPERATIONS = 6_000;
const CLIENTS = { clients: 20, timeoutMs: 5_000 };

describe("a real group's history (N=6, W=3)", () => {
  let group: Group;

  beforeAll(async () => {
    const env = {
      WRITE_QUORUM: "3",
      MIN_DELAY: "0.1ms",
      MAX_DELAY: "5ms",
      REPLICATION_TIMEOUT: "400ms",
      LOG_LEVEL: "warn",
    };
    group = await startGroup({ followers: 5, env });
  }, 30_000);

  afterAll(() => group.stop());

  function follower(number: number): GroupNode {
    return group.followers[number - 1] as GroupNode;
  }

  test("of linearizable reads is linearizable, while followers stop, die and return", async () => {
    const recording = startRecording({
      ...CLIENTS,
      targetOf: () => group.leader.url,
      operations: OPERATIONS,
      keys: ["a", "b", "c", "d/e"],
      random: createSeededRandom(1),
    });
    await progress(recording, OPERATIONS * 0.1);
    follower(1).kill("SIGSTOP");
    await progress(recording, OPERATIONS * 0.25);
    follower(2).kill("SIGKILL");
    await follower(2).finished;
    await progress(recording, OPERATIONS * 0.4);
    follower(1).kill("SIGCONT");
    group.followers[1] = startNode(follower(2).env);
    await waitUntilReady(follower(2));

    // Now the quorum is out of reach for a while: nobody knows what becomes of these writes.
    for (const number of [3, 4, 5]) follower(number).kill("SIGSTOP");
    await waitUntil(() => (recording.statuses.get(504) ?? 0) >= CLIENTS.clients, {
      what: "every client to time out",
    });
    for (const number of [3, 4, 5]) follower(number).kill("SIGCONT");

    const history = await recording.history;
    expect(checkLinearizable(history)).toEqual({ linearizable: true });
    expect(history.length).toBe(OPERATIONS);
    expect(history.filter(({ outcome }) => outcome === "ok").length).toBeGreaterThan(
      OPERATIONS * 0.8,
    );
    const unknown = history.filter(({ kind, outcome }) => kind !== "read" && outcome === "unknown");
    expect(unknown).not.toEqual([]);
    expect(recording.statuses.get(500)).toBeUndefined();
  }, 30_000);

  test("of local reads at a follower is not linearizable, and the checker sees it", async () => {
    await waitUntil(async () => (await fetch(`${group.leader.url}/ready`)).ok, {
      what: "the leader to be ready",
    });
    const recording = startRecording({
      ...CLIENTS,
      targetOf: (kind) => (kind === "read" ? follower(5) : group.leader).url,
      level: "local",
      operations: 2_000,
      keys: ["stale"],
      random: createSeededRandom(2),
      label: "local",
    });
    const verdict = checkLinearizable(await recording.history);
    expect(verdict).toMatchObject({ linearizable: false, key: "stale" });
  }, 30_000);
});

function progress(recording: Recording, operations: number): Promise<unknown> {
  return waitUntil(() => recording.count >= operations, {
    what: `${operations} operations`,
    intervalMs: 2,
  });
}
