/** What `/metrics` shows of a node's disk, epochs and connections, and what it leaves out. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Histogram, Registry } from "prom-client";
import { type Storage, StorageError } from "../../src/core/storage.ts";
import { invalidRequest } from "../../src/http/body.ts";
import { DurationHistogram } from "../../src/http/duration-histogram.ts";
import { createMetrics } from "../../src/http/metrics.ts";
import type { NodeCounters, NodeStatus } from "../../src/http/service.ts";
import { measureStorage } from "../../src/http/storage-metrics.ts";
import { createMemoryStorage } from "../../src/storage/memory.ts";
import { call } from "../support/call.ts";
import { startHttpGroup } from "../support/http-group.ts";

const STATUS: NodeStatus = {
  node: "n",
  role: "leader",
  leader: "http://n:1",
  epoch: 7.25,
  promised: 8.5,
  synced: true,
  watermark: 3,
  commitWatermark: 2,
  writeQuorum: 1,
  minDelayMs: 0,
  maxDelayMs: 0,
  keys: 3,
  followers: [],
  blank: false,
  durable: true,
  members: ["http://n:1", "http://m:1"],
  possibleLoss: ["Something may be lost."],
};

type Exposition = ReturnType<typeof createMetrics>;

async function readAll(
  metrics: Exposition,
  counters?: NodeCounters,
): Promise<Readonly<Record<string, number>>> {
  const text = await metrics.render({ status: STATUS, counters });
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.split(" ").at(-1))]),
  );
}

const entry = { key: "k", value: "1", epoch: 1, sequence: 1 };

/** A disk that keeps nothing, and can be full. */
function createDisk(): { storage: Storage; full: boolean } {
  const disk = {
    full: false,
    storage: {
      durable: true,
      load: () => [],
      close: () => {},
      commit: () => {
        if (disk.full) throw new StorageError("the disk is full");
      },
    },
  };
  return disk;
}

describe("the metrics of the disk", () => {
  test("count commits, their entries and their time, and say while it fails", async () => {
    const metrics = createMetrics();
    const disk = createDisk();
    const storage = measureStorage(disk.storage, metrics.storage);
    storage.commit([{ group: 0, entries: [entry, entry] }]);
    storage.commit([
      { group: 0, entries: [entry] },
      { group: 1, incoming: [entry] },
    ]);
    expect(await readAll(metrics)).toMatchObject({
      kvnode_storage_commit_seconds_count: 2,
      kvnode_storage_entries_total: 4,
      kvnode_storage_failed: 0,
      kvnode_storage_failures_total: 0,
    });
    disk.full = true;
    expect(() => storage.commit([{ group: 0, entries: [entry] }])).toThrow(StorageError);
    expect(await readAll(metrics)).toMatchObject({
      kvnode_storage_commit_seconds_count: 2,
      kvnode_storage_entries_total: 4,
      kvnode_storage_failed: 1,
      kvnode_storage_failures_total: 1,
    });
    disk.full = false;
    storage.commit([{ group: 0 }]);
    expect(await readAll(metrics)).toMatchObject({ kvnode_storage_failed: 0 });
  });

  test("are not there in memory mode, where nothing is measured either", async () => {
    const metrics = createMetrics();
    const memory = createMemoryStorage();
    expect(measureStorage(memory, metrics.storage)).toBe(memory);
    expect(Object.keys(await readAll(metrics)).join()).not.toContain("storage");
  });
});

test("writes fall into buckets by how long they took; refused ones are not counted", async () => {
  const metrics = createMetrics();
  metrics.writeAcknowledged(0.1, 2);
  metrics.writeAcknowledged(0.4, 3);
  metrics.writeFailed(60_000, new Error("lost"));
  metrics.writeFailed(1, invalidRequest("No."));
  expect(await readAll(metrics)).toMatchObject({
    'kvnode_write_duration_seconds_bucket{le="0.0001"}': 1,
    'kvnode_write_duration_seconds_bucket{le="0.0003"}': 1,
    'kvnode_write_duration_seconds_bucket{le="0.0005"}': 2,
    'kvnode_write_duration_seconds_bucket{le="5"}': 2,
    'kvnode_write_duration_seconds_bucket{le="+Inf"}': 3,
    kvnode_write_duration_seconds_sum: 60.0005,
    kvnode_write_duration_seconds_count: 3,
    kvnode_write_acknowledgements_total: 5,
  });
});

test("durations are shown as the Prometheus client shows them", async () => {
  const told = { name: "some_duration_seconds", help: "How long it took." };
  const bounds = fc.uniqueArray(fc.double({ min: 1e-7, max: 1e7, noNaN: true }), { maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(bounds, fc.array(fc.nat(6)), async (unsorted, counted) => {
      const buckets = unsorted.sort((one, other) => one - other);
      const registers = [new Registry()];
      const theirs = new Histogram({ ...told, buckets, registers });
      const ours = new DurationHistogram({ ...told, bucketsSeconds: buckets });
      for (const each of counted) {
        const seconds = buckets[each] ?? each;
        theirs.observe(seconds);
        ours.count(seconds);
      }
      expect(ours.render()).toBe((await registers[0]?.metrics()) ?? "");
    }),
  );
});

test("what went over links to other nodes is counted, messages and bytes", async () => {
  const metrics = createMetrics();
  metrics.links.sent(10);
  metrics.links.sent(5);
  metrics.links.received(7);
  for (const _ of [1, 2]) {
    expect(await readAll(metrics)).toMatchObject({
      kvnode_link_sent_bytes_total: 15,
      kvnode_link_sent_messages_total: 2,
      kvnode_link_received_bytes_total: 7,
      kvnode_link_received_messages_total: 1,
    });
  }
});

describe("the metrics of the group", () => {
  test("show epochs by their whole part, members and possible losses", async () => {
    expect(await readAll(createMetrics())).toMatchObject({
      kvnode_epoch: 7,
      kvnode_promised_epoch: 8,
      kvnode_blank: 0,
      kvnode_members: 2,
      kvnode_possible_losses: 1,
    });
  });

  test("show what a node counts, and leave out what it does not", async () => {
    const metrics = createMetrics({ linkQueueBytes: 10, pendingBytes: 20 });
    const without = await readAll(metrics, { pendingWrites: 0 });
    expect(without).toMatchObject({
      kvnode_pending_writes: 0,
      kvnode_follower_queue_bytes_max: 10,
      kvnode_pending_bytes_max: 20,
    });
    expect(Object.keys(without).join()).not.toMatch(/takeovers|fenced|synced_epoch|pending_bytes,/);
    const counters = { takeovers: 2, fenced: 1, syncedEpoch: 7.25, pendingBytes: 5 };
    for (const _ of [1, 2]) {
      expect(await readAll(metrics, counters)).toMatchObject({
        kvnode_takeovers_total: 2,
        kvnode_fenced_total: 1,
        kvnode_synced_epoch: 7,
        kvnode_pending_bytes: 5,
      });
    }
  });

  test("show who is connected to a real node", async () => {
    const group = await startHttpGroup({ followers: 2, writeQuorum: 1 });
    const [follower] = group.followers;
    const { text } = await call("GET", `${follower?.url}/metrics`);
    expect(text).toContain("\nkvnode_peer_links 1\n");
    expect(text).toContain("\nkvnode_http_requests_under_way 1\n");
    expect(text).toMatch(/\nkvnode_http_connections_max \d+\n/);
    await group.stop();
  });
});
