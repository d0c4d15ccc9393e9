/** What the disk costs: each commit of a storage is measured around it, outside of the node. */
import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { GroupChange, Storage } from "../core/storage.ts";

/** From a commit on a fast disk (50 µs) to one that hangs. */
const COMMIT_BUCKETS_SECONDS = [
  0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5,
];

/** Takes note of a storage's commits. */
export interface StorageMeter {
  /** A commit of so many entries has come through after so many milliseconds. */
  committed(elapsedMs: number, entries: number): void;
  /** A commit has failed: nothing of it was kept. */
  failed(): void;
}

/** The same storage, measured; one that keeps nothing has nothing to measure. */
export function measureStorage(storage: Storage, meter: StorageMeter): Storage {
  if (!storage.durable) return storage;
  return {
    durable: true,
    load: () => storage.load(),
    close: () => storage.close(),
    commit(changes) {
      const startedAtMs = performance.now();
      try {
        storage.commit(changes);
      } catch (error) {
        meter.failed();
        throw error;
      }
      meter.committed(performance.now() - startedAtMs, countEntries(changes));
    },
  };
}

function countEntries(changes: readonly GroupChange[]): number {
  let count = 0;
  for (const { entries, incoming } of changes) {
    count += (entries?.length ?? 0) + (incoming?.length ?? 0);
  }
  return count;
}

/** The metrics of a disk; they appear with its first commit, so never in memory mode. */
export function defineStorage(registry: Registry): StorageMeter {
  let disk: ReturnType<typeof defineDisk> | undefined;
  return {
    committed(elapsedMs, entries) {
      disk ??= defineDisk(registry);
      disk.seconds.observe(elapsedMs / 1000);
      disk.entries.inc(entries);
      disk.failed.set(0);
    },
    failed() {
      disk ??= defineDisk(registry);
      disk.failures.inc();
      disk.failed.set(1);
    },
  };
}

function defineDisk(registry: Registry) {
  const registers = [registry];
  return {
    seconds: new Histogram({
      name: "kvnode_storage_commit_seconds",
      help: "Transactions on the disk, by how long each took; one holds a whole turn's writes.",
      buckets: COMMIT_BUCKETS_SECONDS,
      registers,
    }),
    entries: new Counter({
      name: "kvnode_storage_entries_total",
      help: "Entries committed; divided by the commits, how many share one.",
      registers,
    }),
    failures: new Counter({
      name: "kvnode_storage_failures_total",
      help: "Commits that the disk has failed; each is tried again.",
      registers,
    }),
    failed: new Gauge({
      name: "kvnode_storage_failed",
      help: "1 while the disk fails and this node acknowledges nothing, else 0.",
      registers,
    }),
  };
}
