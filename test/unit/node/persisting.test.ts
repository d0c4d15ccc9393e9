/** The order of a turn: persist, then say so. Nobody acknowledges what its storage lacks. */
import { describe, expect, test } from "bun:test";
import { silentLogger } from "../../../src/base/log.ts";
import { createSeededRandom } from "../../../src/base/random.ts";
import { type GroupChange, type Storage, StorageError } from "../../../src/core/storage.ts";
import type { PeerMessage } from "../../../src/node/messages.ts";
import type { Link } from "../../../src/node/network.ts";
import { Node } from "../../../src/node/node.ts";
import { NodeService } from "../../../src/node/service.ts";
import { createMemoryNetwork } from "../../../src/transport/memory-network.ts";
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
    if (entries.length > 0) {
      this.transactions.push(entries.map(({ sequence }) => sequence));
    }
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

  closedBecause = "";

  close(reason: string): void {
    this.closedBecause = reason;
  }
}

const MEMBERS = ["http://leader", "http://follower"];

/** A real follower, and links to it on which a test says what a leader would. */
function openFollower() {
  const clock = new VirtualClock();
  const storage = new RecordingStorage();
  const node = new Node({
    settings: {
      nodeId: "follower",
      address: "http://follower",
      cluster: "test",
      role: "follower",
      followers: [],
      writeQuorum: 1,
      minDelayMs: 0,
      maxDelayMs: 0,
      replicationTimeoutMs: 1_000,
      linkQueueBytes: 1_000_000,
      pendingBytes: 1_000_000,
    },
    clock,
    random: createSeededRandom(1),
    network: createMemoryNetwork(clock),
    storage,
    logger: silentLogger,
  });
  const open = (link: Link, ...messages: PeerMessage[]) => {
    const events = node.accept(link);
    const hello = { type: "hello", cluster: "test", node: "leader", instance: "one" } as const;
    for (const message of [{ ...hello, address: "http://leader" }, ...messages]) {
      events.message(message);
    }
    return events;
  };
  return { clock, storage, node, open };
}

const scope = (epoch: number) => ({ group: 0, epoch });
const lead = (epoch: number, life = "A"): PeerMessage => ({
  ...{ type: "lead", ...scope(epoch), slot: 1, copy: 0, vouched: 0, severed: 0 },
  identity: { life, members: MEMBERS, firstQuorum: 1 },
});
const firstPage = (epoch: number): PeerMessage => ({
  ...{ type: "page", ...scope(epoch), notes: [] },
  page: { entries: [], from: 0, upTo: 0, needs: 0, reset: true, last: true },
});
const entries = (epoch: number, ...sequences: number[]): PeerMessage => ({
  ...{ type: "entries", ...scope(epoch), commitWatermark: 0 },
  entries: sequences.map((sequence) => ({ key: `k${sequence}`, value: "1", epoch, sequence })),
});
const typesOf = (link: RecordingLink) => link.sent.map(({ type }) => type);

describe("a follower", () => {
  test("persists what one turn brought in one transaction, and acknowledges after it", async () => {
    const { clock, storage, open } = openFollower();
    const link = new RecordingLink();
    link.onSend = (message) => {
      if (message.type === "acknowledge") {
        const { watermark, above } = message.said;
        expect(storage.kept.length).toBeGreaterThanOrEqual(watermark + above.length);
        expect(storage.kept).toEqual(expect.arrayContaining([...above]));
      }
    };
    const events = open(link, lead(1), firstPage(1));
    await clock.runUntilIdle();
    for (const message of [entries(1, 1, 2), entries(1, 5), entries(1, 3)]) {
      events.message(message);
    }
    expect(link.sent.at(-1)).toMatchObject({ said: { watermark: 0 } });
    await clock.runUntilIdle();
    expect(storage.transactions).toEqual([[1, 2, 5, 3]]);
    expect(link.sent.at(-1)).toMatchObject({ said: { watermark: 3, above: [5] } });
    expect(typesOf(link)).toEqual(["hello", "here", "acknowledge", "acknowledge"]);
  });

  test("acknowledges nothing while its storage fails, and is back when it is mended", async () => {
    const { clock, storage, node, open } = openFollower();
    const link = new RecordingLink();
    const events = open(link, lead(1), firstPage(1));
    await clock.runUntilIdle();
    const { commit } = storage;
    storage.commit = () => {
      throw new StorageError("the disk is full");
    };
    events.message(entries(1, 1));
    await clock.advance(5_000);
    expect(typesOf(link)).toEqual(["hello", "here", "acknowledge"]);
    expect(node.journal.failure?.message).toBe("the disk is full");
    expect(link.closedBecause).toContain("disk");
    const refused = new RecordingLink();
    open(refused, lead(1));
    expect(refused.closedBecause).toContain("disk");

    storage.commit = commit;
    await clock.advance(1_000);
    expect(node.journal.failure).toBeUndefined();
    expect(storage.kept).toEqual([1]);
    const again = new RecordingLink();
    open(again, lead(1));
    await clock.advance(1);
    expect(again.sent.at(-1)).toMatchObject({ type: "here", facts: { watermark: 1 } });
  });

  test("fences a leader of an older epoch than it has heard of, and keeps the newer", async () => {
    const { clock, node, open } = openFollower();
    const [older, newer] = [new RecordingLink(), new RecordingLink()];
    const olderEvents = open(older, lead(1), firstPage(1));
    const newerEvents = open(newer, lead(2));
    await clock.advance(1);
    olderEvents.message(entries(1, 1));
    olderEvents.message(lead(1));
    await clock.advance(1);
    expect(older.sent.at(-1)).toMatchObject({ type: "fenced", epoch: 1, promised: 2 });
    expect(node.group.replica.keys).toBe(0);
    const last: PeerMessage = { ...firstPage(2) };
    newerEvents.message(last);
    newerEvents.message(entries(2, 1));
    await clock.advance(1);
    expect(node.group.replica.keys).toBe(1);
  });

  test("hears a leader on its newest link alone", async () => {
    const { clock, node, open } = openFollower();
    const [first, second] = [new RecordingLink(), new RecordingLink()];
    const firstEvents = open(first, lead(1), firstPage(1));
    await clock.advance(1);
    const secondEvents = open(second, lead(1));
    firstEvents.message(entries(1, 1));
    firstEvents.closed("gone");
    await clock.advance(1);
    expect(new NodeService(node).readiness()).toEqual({ ready: true });
    expect(node.group.follower.core.standing.watermark).toBe(0);
    secondEvents.message(entries(1, 1));
    await clock.advance(1);
    expect(typesOf(first)).toEqual(["hello", "here", "acknowledge"]);
    expect(second.sent.at(-1)).toMatchObject({ type: "acknowledge", said: { watermark: 1 } });
    secondEvents.closed("gone");
    expect(node.group.follower.leadership).toBeUndefined();
  });

  test("answers a leader of another group, and does not follow it", async () => {
    const { clock, node, open } = openFollower();
    const [own, foreign] = [new RecordingLink(), new RecordingLink()];
    const ownEvents = open(own, lead(1), firstPage(1));
    await clock.advance(1);
    open(foreign, lead(1, "B"), firstPage(1), entries(1, 1));
    await clock.advance(1);
    expect(foreign.sent.at(-1)).toMatchObject({ type: "here", identity: { life: "A" } });
    expect(node.group.replica.keys).toBe(0);
    ownEvents.message(entries(1, 1));
    await clock.advance(1);
    expect(node.group.replica.keys).toBe(1);
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
