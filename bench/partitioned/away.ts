/** A worker that was away catches up what has changed, and not everything. */
import { Metrics } from "../cluster/metrics.ts";
import type { Figure } from "../figures.ts";
import { nameOf, PartitionedCluster } from "./cluster.ts";
import { copiesIn, isSyncedEverywhere } from "./cluster-map.ts";
import { fill } from "./key-load.ts";
import { PartitionWriters } from "./partition-writers.ts";

const WORKERS = 4;
const PARTITIONS = 64;
const REPLICAS = 3;
const WRITE_QUORUM = 2;
/** Each partition's client writes four keys a second. */
const PAUSE_MS = 250;
/** Of load before the worker leaves. */
const CALM_MS = 1_000;
const MEBIBYTE = 2 ** 20;
const RECEIVED = "kvnode_link_received_bytes_total";

export interface AwayOptions {
  readonly keys: number;
  /** So long the worker is away. */
  readonly seconds: number;
  readonly directory: string;
  readonly logDirectory: string;
  readonly said: (what: string) => void;
}

/** What came over a worker's links, and how long it took until its copies were synced. */
export interface CatchUp {
  readonly bytes: number;
  readonly ms: number;
}

export interface Away {
  readonly keys: number;
  readonly seconds: number;
  readonly copies: number;
  /** Keys written from the kill until the worker was synced. */
  readonly written: number;
  readonly unacknowledged: number;
  /** Meanwhile to those who stood in for it. */
  readonly standInBytes: number;
  readonly changed: CatchUp;
  readonly whole: CatchUp;
}

/** On disk, under light writes: once after some seconds away, once with an empty directory. */
export async function measureAway(options: AwayOptions): Promise<Away> {
  const { keys, seconds, directory, logDirectory, said } = options;
  const cluster = await PartitionedCluster.start({
    ...{ workers: WORKERS, partitions: PARTITIONS, replicas: REPLICAS, writeQuorum: WRITE_QUORUM },
    ...{ directory, durable: true, logDirectory },
  });
  try {
    const before = await cluster.map();
    const startedAtMs = performance.now();
    await fill(before, cluster.addresses, { prefix: "filled", count: keys });
    said(`wrote ${keys} keys in ${Math.round((performance.now() - startedAtMs) / 1000)} s`);
    const worker = WORKERS - 1;
    const name = nameOf(worker);
    const copies = [...copiesIn(before)].filter((copy) => copy.endsWith(` ${name}`)).length;
    const others = cluster.addresses.slice(0, worker);
    const writers = new PartitionWriters({
      ...{ addresses: others, partitions: PARTITIONS, pauseMs: PAUSE_MS, prefix: "meanwhile" },
    });
    await Bun.sleep(CALM_MS);
    const receivedBefore = await receivedBy(others);
    const killedAtMs = performance.now();
    await cluster.kill(worker);
    await Bun.sleep(seconds * 1000);
    const standInBytes = (await receivedBy(others)) - receivedBefore;
    const changed = await catchUp(cluster, worker, copies);
    const syncedAtMs = performance.now();
    said(`back after ${seconds} s, synced in ${Math.round(changed.ms)} ms`);
    const told = await writers.end();
    await cluster.settled();

    await cluster.kill(worker);
    await cluster.removeDisk(worker);
    const whole = await catchUp(cluster, worker, copies);
    said(`with nothing, synced in ${Math.round(whole.ms)} ms`);
    const between = (at: number) => at >= killedAtMs && at < syncedAtMs;
    return {
      ...{ keys, seconds, copies, standInBytes, changed, whole },
      written: told.flatMap(({ atMs }) => atMs.filter(between)).length,
      unacknowledged: told
        .flatMap(({ failures }) => [...failures.values()])
        .reduce((sum, count) => sum + count, 0),
    };
  } finally {
    await cluster.stop();
  }
}

async function receivedBy(addresses: readonly string[]): Promise<number> {
  const metrics = await Promise.all(addresses.map((address) => Metrics.of(address)));
  return metrics.reduce((sum, each) => sum + each.max(RECEIVED), 0);
}

/** Its counter begins with its process. */
async function catchUp(
  cluster: PartitionedCluster,
  worker: number,
  copies: number,
): Promise<CatchUp> {
  const startedAtMs = performance.now();
  await cluster.launch(worker);
  // Until it is heard again the map may show it as it was, so it is asked itself too.
  await cluster.untilSo("up to date by its own word", async () => {
    return (await syncedCopiesOf(cluster.addressOf(worker))) >= copies;
  });
  const name = nameOf(worker);
  await cluster.until("up to date", (map) => isSyncedEverywhere(map, name, copies));
  const ms = performance.now() - startedAtMs;
  return { ms, bytes: await receivedBy([cluster.addressOf(worker)]) };
}

/** Of how many partitions it is a synced member, as it says itself. */
async function syncedCopiesOf(address: string): Promise<number> {
  const response = await fetch(`${address}/status`).catch(() => undefined);
  if (response?.ok !== true) return 0;
  const { partitions } = (await response.json()) as { partitions: readonly OwnCopy[] };
  return partitions.filter(({ role, synced }) => synced && COUNTING_ROLES.has(role)).length;
}

interface OwnCopy {
  readonly role: string;
  readonly synced: boolean;
}

const COUNTING_ROLES: ReadonlySet<string> = new Set(["primary", "replica"]);

/** With what is wanted of them: what changed is far less than everything. */
export function awayFigures(away: Away): Figure[] {
  const { keys, seconds, changed, whole } = away;
  const part = `away for ${seconds} s, ${keys.toLocaleString("en-US")} keys`;
  const mebibytes = { part, unit: "MiB", digits: 2 };
  const time = { part, unit: "s", digits: 2 };
  return [
    { part, name: "copies of partitions it has", value: away.copies, unit: "" },
    { part, name: "keys written meanwhile", value: away.written, unit: "" },
    { ...mebibytes, name: "what changed, over its links", value: changed.bytes / MEBIBYTE },
    { ...mebibytes, name: "everything, over its links", value: whole.bytes / MEBIBYTE },
    {
      ...{ part, name: "what changed / everything", unit: "%", digits: 2 },
      value: (100 * changed.bytes) / whole.bytes,
      // The share of the keys, with room for what else is said, such as who leads what.
      atMost: 100 * Math.min(1, (2 * away.written) / keys + 0.01),
    },
    { ...time, name: "what changed: start to synced", value: changed.ms / 1000 },
    { ...time, name: "everything: start to synced", value: whole.ms / 1000 },
    {
      ...{ ...mebibytes, name: "meanwhile, to those who stand in" },
      value: away.standInBytes / MEBIBYTE,
    },
    { part, name: "writes not acknowledged", value: away.unacknowledged, unit: "" },
  ];
}
