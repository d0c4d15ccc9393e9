/** When a worker speaks to its controller, and what of. */
import { describe, expect, test } from "bun:test";
import { KvError } from "../../../src/base/errors.ts";
import { silentLogger } from "../../../src/base/log.ts";
import type { Assignment } from "../../../src/core/assignment.ts";
import type { CopyReport, Heartbeat, HeartbeatAnswer } from "../../../src/node/heartbeat.ts";
import { Heartbeats } from "../../../src/worker/heartbeats.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

const ANSWER: HeartbeatAnswer = {
  cluster: { id: "c", name: "test", partitions: 4, replicas: 3, writeQuorum: 2 },
  mapVersion: 1,
  assignments: [],
  wantsAll: false,
};

const COPY = { worker: "w1", address: "http://w1", slot: 0, copy: 1 };
const ASSIGNMENT: Assignment = {
  ...{ partition: 0, generation: 1, revision: 1, primary: "w1", members: [COPY] },
  ...{ earlier: [], begun: true, learners: [], retained: [] },
};

const LEADS = { generation: 1, epoch: 1, open: true, founded: true, possibleLosses: 0 };

function report(partition: number, synced = 1): CopyReport {
  return { partition, copy: 1, blank: false, synced, leads: undefined };
}

function leading(lagEntries: number): CopyReport {
  const followers = [{ worker: "w2", copy: 1, connected: true, synced: true, lagEntries }];
  return { ...report(0), leads: { ...LEADS, followers } };
}

/** A worker's side on a virtual clock, with what it sent and when. */
function speaking(answer: (heartbeat: Heartbeat, count: number) => Promise<HeartbeatAnswer>) {
  const clock = new VirtualClock();
  const sent: { atMs: number; copies: number[]; complete: boolean }[] = [];
  const log: string[] = [];
  const copies = new Map<number, CopyReport>();
  const note = (event: string) => void log.push(event);
  const heartbeats = new Heartbeats({
    intervalMs: 1_000,
    clock,
    logger: { ...silentLogger, info: note, warn: note, error: note },
    introduce: () => ({
      id: "w1",
      address: "http://w1",
      cluster: "test",
      instance: "i",
      clusterId: undefined,
      settings: { partitions: 4, replicas: 3, writeQuorum: 2 },
      mapVersion: 0,
      stopping: false,
    }),
    reports: () => copies.values(),
    orphaned: () => false,
    heard: () => {},
    controller: {
      heartbeat: (heartbeat) => {
        const told = heartbeat.copies.map(({ partition }) => partition);
        sent.push({ atMs: clock.nowMs(), copies: told, complete: heartbeat.complete });
        return answer(heartbeat, sent.length);
      },
    },
  });
  return { clock, sent, log, copies, heartbeats };
}

describe("a worker's heartbeats", () => {
  test("come at every interval, the first at once", async () => {
    const { clock, sent, heartbeats } = speaking(async () => ANSWER);
    heartbeats.start();
    await clock.advance(3_500);
    expect(sent.map(({ atMs }) => atMs)).toEqual([0, 1_000, 2_000, 3_000]);
  });

  test("come more often for one interval after a change was heard of", async () => {
    const change = { ...ANSWER, mapVersion: 2, assignments: [ASSIGNMENT] };
    const { clock, sent, heartbeats } = speaking(async (_, count) =>
      count === 2 ? change : ANSWER,
    );
    heartbeats.start();
    await clock.advance(4_000);
    const changedAtMs = 1_000;
    const soon = [200, 400, 600, 800, 1_000].map((ms) => changedAtMs + ms);
    expect(sent.map(({ atMs }) => atMs)).toEqual([0, changedAtMs, ...soon, 3_000, 4_000]);
  });

  test("tell all at first, then what has changed, and all again when a copy is gone", async () => {
    const { clock, sent, copies, heartbeats } = speaking(async () => ANSWER);
    copies.set(0, report(0)).set(1, report(1));
    heartbeats.start();
    await clock.advance(500);
    await clock.advance(1_000);
    copies.set(1, report(1, 2));
    await clock.advance(1_000);
    copies.delete(0);
    await clock.advance(1_000);
    expect(sent.map((one) => [one.copies, one.complete])).toEqual([
      [[0, 1], true],
      [[], false],
      [[1], false],
      [[1], true],
    ]);
  });

  test("tell of a lag only when its magnitude changes", async () => {
    const { clock, sent, copies, heartbeats } = speaking(async () => ANSWER);
    heartbeats.start();
    for (const lag of [100, 110, 90, 1_000, 0, 0]) {
      copies.set(0, leading(lag));
      await clock.advance(1_000);
    }
    expect(sent.map((one) => one.copies.length)).toEqual([1, 0, 0, 0, 1, 1, 0]);
  });

  test("come at once when there is news, at most one every 50 ms", async () => {
    const { clock, sent, heartbeats } = speaking(async () => ANSWER);
    heartbeats.start();
    await clock.advance(400);
    heartbeats.soon();
    await clock.advance(10);
    for (let news = 0; news < 10; news++) {
      heartbeats.soon();
      await clock.advance(5);
    }
    await clock.advance(200);
    expect(sent.map(({ atMs }) => atMs)).toEqual([0, 400, 450, 500]);
  });

  test("are one at a time; what comes up meanwhile is told right after", async () => {
    const waiting: ((answer: HeartbeatAnswer) => void)[] = [];
    const { clock, sent, heartbeats } = speaking(
      () => new Promise((resolve) => waiting.push(resolve)),
    );
    heartbeats.start();
    await clock.advance(300);
    heartbeats.soon();
    await clock.advance(300);
    expect(sent).toHaveLength(1);
    waiting[0]?.(ANSWER);
    await clock.advance(10);
    expect(sent.map(({ atMs }) => atMs)).toEqual([0, 600]);
  });

  test("tell all again after one whose answer was lost, or when the controller asks", async () => {
    const { clock, sent, copies, heartbeats } = speaking(async (_heartbeat, count) => {
      if (count === 2) {
        throw new Error("no answer");
      }
      return { ...ANSWER, wantsAll: count === 4 };
    });
    copies.set(0, report(0));
    heartbeats.start();
    await clock.advance(3_500);
    expect(sent.map(({ atMs, complete }) => [atMs, complete])).toEqual([
      [0, true],
      [1_000, false],
      [2_000, true],
      [3_000, false],
      [3_050, true],
    ]);
  });

  test("log once that the controller is lost, refuses, and is back", async () => {
    let how: "answers" | "lost" | "refuses" = "answers";
    const { clock, log, heartbeats } = speaking(async () => {
      if (how === "lost") {
        throw new Error("no answer");
      }
      if (how === "refuses") {
        throw new KvError({ code: "id_taken", message: "That id is taken." });
      }
      return ANSWER;
    });
    heartbeats.start();
    for (const next of ["lost", "refuses", "answers"] as const) {
      await clock.advance(3_000);
      how = next;
    }
    await clock.advance(3_000);
    expect(log).toEqual([
      "controller.heard",
      "controller.lost",
      "controller.refuses",
      "controller.back",
    ]);
    expect(heartbeats.contact).toEqual({ state: "heard" });
  });

  test("end when the worker stops", async () => {
    const { clock, sent, heartbeats } = speaking(async () => ANSWER);
    heartbeats.start();
    await clock.advance(1_500);
    heartbeats.stop();
    heartbeats.soon();
    await clock.advance(5_000);
    expect(sent).toHaveLength(2);
  });
});
