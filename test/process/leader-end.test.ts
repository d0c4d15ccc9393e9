/** How a leader ends, and what becomes of its group: against real processes. */
import { describe, expect, test } from "bun:test";
import { call } from "../support/call.ts";
import {
  type GroupNode,
  startGroup,
  startNode,
  waitUntilReady,
} from "../support/kvnode-process.ts";
import { waitUntil } from "../support/wait-until.ts";

/** The design's bound for an orderly end. */
const STOP_MS_MAX = 2_000;

describe("a leader that is told to stop", () => {
  test("answers what is under way, then ends with 0", async () => {
    const env = { WRITE_QUORUM: "2", MIN_DELAY: "300ms", MAX_DELAY: "300ms" };
    const group = await startGroup({ followers: 2, env });
    const writes = Array.from({ length: 5 }, (_, key) =>
      call("PUT", `${group.leader.url}/kv/${key}`, { value: key }),
    );
    await waitUntil(async () => (await call("GET", `${group.leader.url}/status`)).body.keys === 5, {
      what: "the writes to be under way",
    });
    const toldAtMs = performance.now();
    group.leader.kill("SIGTERM");
    const answers = await Promise.all(writes);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    expect((await group.leader.finished).code).toBe(0);
    expect(performance.now() - toldAtMs).toBeLessThan(STOP_MS_MAX);
    await group.stop();
  }, 20_000);

  test("says indeterminate to a write that can't be finished, and ends in time", async () => {
    const env = { WRITE_QUORUM: "1", REPLICATION_TIMEOUT: "30s" };
    const group = await startGroup({ followers: 1, env });
    const [follower] = group.followers as [GroupNode];
    follower.kill("SIGSTOP");
    const write = call("PUT", `${group.leader.url}/kv/a`, { value: 1 });
    await waitUntil(async () => (await call("GET", `${group.leader.url}/status`)).body.keys === 1, {
      what: "the write to be under way",
    });
    const toldAtMs = performance.now();
    group.leader.kill("SIGTERM");
    const answer = await write;
    expect(answer.status).toBe(504);
    expect(answer.body).toMatchObject({ error: "quorum_unreachable", outcome: "indeterminate" });
    expect((await group.leader.finished).code).toBe(0);
    expect(performance.now() - toldAtMs).toBeLessThan(STOP_MS_MAX);
    follower.kill("SIGCONT");
    await group.stop();
  }, 20_000);
});

describe("a leader that is killed", () => {
  test("leaves followers that answer; back without memory it takes over from them", async () => {
    const group = await startGroup({ followers: 2, env: { WRITE_QUORUM: "1" } });
    const { epoch } = (await call("GET", `${group.leader.url}/status`)).body;
    await call("PUT", `${group.leader.url}/kv/kept`, { value: "by the followers" });
    group.leader.kill("SIGKILL");
    await group.leader.finished;
    for (const { url } of group.followers) {
      await waitUntil(async () => (await call("GET", `${url}/kv/kept`)).status === 200, {
        what: "the follower to have what was written last",
      });
    }

    const back = startNode(group.leader.env);
    await waitUntilReady(back);
    const read = await call("GET", `${back.url}/kv/kept?level=linearizable`);
    expect(read.body).toMatchObject({ value: "by the followers" });
    const written = await call("PUT", `${back.url}/kv/kept`, { value: "anew" });
    expect(written.status).toBe(200);
    expect((await call("GET", `${back.url}/status`)).body.epoch).toBeGreaterThan(epoch);
    back.kill("SIGTERM");
    expect((await back.finished).code).toBe(0);
    await group.stop();
  }, 20_000);
});
