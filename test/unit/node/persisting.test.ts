/** The order of a turn: persist, then say so. Nobody acknowledges what its storage lacks. */
import { describe, expect, test } from "bun:test";
import { silentLogger } from "../../../src/base/log.ts";
import type { GroupChange, Storage } from "../../../src/core/storage.ts";
import { GroupFollower } from "../../../src/node/group-follower.ts";
import type { GroupMessage, PeerMessage } from "../../../src/node/messages.ts";
import type { Link } from "../../../src/node/network.ts";
import { MemoryCluster } from "../../support/memory-cluster.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

/** Keeps nothing but the order in which it was asked. */
class RecordingStorage implements Storage {
  readonly transactions: number[][] = [];

  readonly durable = false;

  load(): [] {
    return [];
  }

  close(): void {}

  commit(changes: readonly GroupChange[]): void {
    const entries = changes.flatMap((change) => change.entries ?? []);
    this.transactions.push(entries.map(({ sequence }) => sequence));
  }

  get kept(): number[] {
    return this.transactions.flat();
  }
}

class RecordingLink implements Link {
  readonly sent: PeerMessage[] = [];
  receivedBytes = 0;
  onSend: (message: PeerMessage) => void = () => {};

  send(message: PeerMessage): number {
    this.onSend(message);
    this.sent.push(message);
    return 1;
  }

  close(): void {}
}

function openFollower() {
  const clock = new VirtualClock();
  const storage = new RecordingStorage();
  const follower = new GroupFollower({ group: 0, storage, clock, logger: silentLogger });
  return { clock, storage, follower };
}

const lead = (epoch: number, life = "A"): GroupMessage => ({
  ...{ type: "lead", group: 0, epoch, life, writeQuorum: 1 },
});
const firstPage = (epoch: number, life = "A"): GroupMessage => ({
  ...{ type: "page", group: 0, epoch, life },
  page: { entries: [], upTo: 0, needs: 0, reset: true, last: true },
});
const entries = (epoch: number, ...sequences: number[]): GroupMessage => ({
  ...{ type: "entries", group: 0, epoch, commitWatermark: 0 },
  entries: sequences.map((sequence) => ({ key: `k${sequence}`, value: "1", epoch, sequence })),
});

describe("a follower", () => {
  test("persists what one turn brought in one transaction, and acknowledges after it", async () => {
    const { clock, storage, follower } = openFollower();
    const link = new RecordingLink();
    link.onSend = (message) => {
      if (message.type === "acknowledge") {
        const { watermark, above } = message.said;
        expect(storage.kept.length).toBeGreaterThanOrEqual(watermark + above.length);
        expect(storage.kept).toEqual(expect.arrayContaining([...above]));
      }
    };
    for (const message of [lead(1), firstPage(1)]) {
      follower.message(link, message);
    }
    await clock.runUntilIdle();
    for (const message of [entries(1, 1, 2), entries(1, 5), entries(1, 3)]) {
      follower.message(link, message);
    }
    expect(link.sent.at(-1)).toMatchObject({ said: { watermark: 0 } });
    await clock.runUntilIdle();
    expect(storage.transactions).toEqual([[1, 2, 5, 3]]);
    expect(link.sent.at(-1)).toMatchObject({ said: { watermark: 3, above: [5] } });
    expect(link.sent.map(({ type }) => type)).toEqual(["here", "acknowledge", "acknowledge"]);
  });

  test("acknowledges nothing when its storage fails", async () => {
    const { clock, storage, follower } = openFollower();
    const link = new RecordingLink();
    follower.message(link, lead(1));
    follower.message(link, firstPage(1));
    await clock.runUntilIdle();
    storage.commit = () => {
      throw new Error("disk full");
    };
    follower.message(link, entries(1, 1));
    await expect(clock.runUntilIdle()).rejects.toThrow("disk full");
    expect(link.sent.map(({ type }) => type)).toEqual(["here", "acknowledge"]);
  });

  test("refuses a leader of an older epoch than it has heard of, and keeps the newer", () => {
    const { follower } = openFollower();
    const [older, newer] = [new RecordingLink(), new RecordingLink()];
    follower.message(older, lead(1));
    follower.message(older, firstPage(1));
    follower.message(newer, lead(2));
    follower.message(newer, firstPage(2));
    follower.message(older, entries(1, 1));
    follower.message(older, lead(1));
    expect(older.sent.at(-1)?.type).toBe("refuse");
    expect(follower.replica.keys).toBe(0);
    follower.message(newer, entries(2, 1));
    expect(follower.replica.keys).toBe(1);
  });

  test("hears a leader on its newest link alone", async () => {
    const { clock, follower } = openFollower();
    const [first, second] = [new RecordingLink(), new RecordingLink()];
    follower.message(first, lead(1));
    follower.message(first, firstPage(1));
    follower.message(second, lead(1));
    follower.message(first, entries(1, 1));
    follower.linkClosed(first);
    expect(follower).toMatchObject({ led: true, watermark: 0 });
    follower.message(second, entries(1, 1));
    await clock.runUntilIdle();
    expect(first.sent.map(({ type }) => type)).toEqual(["here"]);
    expect(second.sent.at(-1)).toMatchObject({ type: "acknowledge", said: { watermark: 1 } });
    follower.linkClosed(second);
    expect(follower.led).toBe(false);
  });

  test("answers a leader of another group, and does not follow it", () => {
    const { follower } = openFollower();
    const [own, foreign] = [new RecordingLink(), new RecordingLink()];
    follower.message(own, lead(1));
    follower.message(own, firstPage(1));
    follower.message(foreign, lead(1, "B"));
    follower.message(foreign, { ...firstPage(1, "B") });
    follower.message(foreign, entries(1, 1));
    expect(foreign.sent).toMatchObject([{ type: "here", blank: false, standing: { life: "A" } }]);
    expect(follower.replica.keys).toBe(0);
    follower.message(own, entries(1, 1));
    expect(follower.replica.keys).toBe(1);
  });
});

describe("a leader", () => {
  test("answers a write when its own storage has it, and not before, at quorum 0 too", async () => {
    const storages = new Map<string, RecordingStorage>();
    const group = new MemoryCluster({
      ...{ followers: 2, writeQuorum: 0 },
      createStorage: (nodeId) => {
        const storage = new RecordingStorage();
        storages.set(nodeId, storage);
        return storage;
      },
    });
    await group.start();
    const kept = (nodeId: string) => storages.get(nodeId)?.transactions;
    const answers = [1, 2, 3].map((value) =>
      group.write("key", String(value)).then(({ entry }) => {
        expect(kept("leader")?.flat()).toContain(entry.sequence);
      }),
    );
    expect(kept("leader")).toEqual([]);
    await group.outcome(Promise.all(answers));
    expect(kept("leader")).toEqual([[1, 2, 3]]);
    await group.untilEqual();
    expect(kept("follower1")).toEqual([[1, 2, 3]]);
  });
});
