import { describe, expect, test } from "bun:test";
import { at, lineThrough } from "../../bench/limit/fsync.ts";
import {
  type PartCosts,
  predictReads,
  predictWrites,
  type Traffic,
  withoutOwnWork,
} from "../../bench/limit/model.ts";
import { readOptions } from "../../bench/limit/options.ts";
import { measureRawRoundTrip } from "../../bench/limit/round-trip.ts";

const COSTS: PartCosts = {
  ...{ driverPut: 10, driverGet: 8, nodePut: 20, nodeGet: 16, barePut: 12, bareGet: 9 },
  ...{ encodeEntry: 1, countAcknowledgements: 1, takeEntry: 2 },
  ...{ leaderMessage: 8, followerMessage: 6, leaderKib: 0, followerKib: 0 },
  ...{ roundTrip: 20, commit: 0, commitCpu: 0, followerCommitCpu: 0, syncsPerSecond: 10_000 },
};

/** Ten writes in a message to each of five followers, each message answered. */
const IN_MEMORY: Traffic = {
  ...{ followers: 5, sentMessages: 0.5, receivedMessages: 0.5, sentKib: 1 },
  ...{ leaderCommits: 0, followerCommits: 0 },
};

describe("the model", () => {
  test("adds up what a write takes of the processor, and divides the cores by it", () => {
    // driver 10, HTTP 20, entry 2, messages 4 and 3, followers 5 · 2: 49 µs.
    const seen = predictWrites(COSTS, IN_MEMORY, { cores: 2, clients: 100 });
    expect(seen.bounds.get("processor")).toBeCloseTo(2e6 / 49);
    expect(seen.bounds.get("leader’s thread")).toBeCloseTo(1e6 / 26);
    expect(seen).toMatchObject({ limit: "leader’s thread" });
    expect(seen.perSecond).toBeCloseTo(1e6 / 26);
  });

  test("lets few clients wait for the round trips, and a slow disk bound all", () => {
    const one = predictWrites(COSTS, IN_MEMORY, { cores: 2, clients: 1 });
    expect(one.limit).toBe("round trips");
    expect(one.perSecond).toBeCloseTo(25_000);
    const onDisk = { ...IN_MEMORY, leaderCommits: 0.1, followerCommits: 0.5 };
    const costs = { ...COSTS, commit: 500, commitCpu: 60, followerCommitCpu: 60 };
    const machine = { cores: 2, clients: 100 };
    // During its commit, a tenth of 500 µs for each write, the leader does nothing else.
    const disk = predictWrites(costs, onDisk, machine);
    expect(disk.bounds.get("leader’s thread")).toBeCloseTo(1e6 / (26 + 50));
    const slow = predictWrites({ ...costs, syncsPerSecond: 600 }, onDisk, machine);
    expect(slow.limit).toBe("disk");
    expect(slow.perSecond).toBeCloseTo(1_000);
  });

  test("has reads cost their HTTP alone", () => {
    const reads = predictReads(COSTS, { cores: 2, clients: 20 });
    expect(reads.limit).toBe("leader’s thread");
    expect(reads.perSecond).toBeCloseTo(62_500);
    const bare = predictReads(withoutOwnWork(COSTS), { cores: 2, clients: 20 });
    expect(bare.perSecond).toBeCloseTo(1e6 / 9);
  });
});

test("a commit's cost is a line through commits of several sizes", () => {
  const line = lineThrough([
    [1, 105],
    [10, 150],
    [20, 200],
  ]);
  expect(at(line, 40)).toBeCloseTo(300);
});

test("a bad option of bench:limit is refused in one sentence", () => {
  expect(() => readOptions(["--connections", "0"])).toThrow(
    '--connections "0": allowed is a whole number from 1 to 2000.',
  );
});

test("a ball goes to and fro between two processes", async () => {
  const { p50Ms, nearMicros, farMicros } = await measureRawRoundTrip(0.2);
  expect(p50Ms).toBeGreaterThan(0);
  expect(nearMicros).toBeGreaterThan(0);
  expect(farMicros).toBeGreaterThan(0);
});
