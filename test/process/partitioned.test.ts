/** A partitioned cluster of real processes with disks: a controller and four workers. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { systemRandom } from "../../src/base/random.ts";
import { partitionOf } from "../../src/core/placement.ts";
import type { Answered } from "../linearizability/recorder.ts";
import { call } from "../support/call.ts";
import { FAST_ROOT, temporaryDirectories } from "../support/temporary-directory.ts";
import { waitUntil } from "../support/wait-until.ts";
import { Ledger } from "./torture/ledger.ts";
import type { Life } from "./torture/life.ts";
import { Load } from "./torture/load.ts";
import { Acknowledgers } from "./torture/partitioned/acknowledgers.ts";
import { AnyWorker } from "./torture/partitioned/any-worker.ts";
import { type ClusterStatus, Crew } from "./torture/partitioned/crew.ts";
import { judge } from "./torture/partitioned/judge.ts";
import { misplaced } from "./torture/partitioned/placing.ts";
import type { Scene } from "./torture/partitioned/stage.ts";
import { ClusterTally } from "./torture/partitioned/tally.ts";

const PARTITIONS = 8;
const REPLICAS = 3;

/** What clients were told, in all tests. */
const ledger = new Ledger();
let crew: Crew;
afterAll(() => crew.end());
const newDirectory = temporaryDirectories(FAST_ROOT);

beforeAll(async () => {
  const shape = { partitions: PARTITIONS, replicas: REPLICAS, writeQuorum: 2 };
  const settings = { ...shape, ballast: false, durable: true, env: { REPLICATION_TIMEOUT: "2s" } };
  crew = new Crew({ directory: newDirectory(), settings });
  for (const life of [crew.controller, ...crew.regular]) life.start();
  await placed();
}, 30_000);

/** What the controller says once all copies are where they should be. */
async function placed(workers: readonly Life[] = crew.regular): Promise<ClusterStatus> {
  const expected = { up: workers.map(({ id }) => id), replicas: REPLICAS, partitions: PARTITIONS };
  let last: string | undefined = "the controller does not answer";
  return waitUntil(
    async () => {
      const status = await crew.status();
      if (status !== undefined) last = misplaced(status, expected);
      return last === undefined ? status : undefined;
    },
    { what: "the copies to be placed", timeoutMs: 20_000 },
  ).catch((error: Error) => {
    throw new Error(`${error.message} (${last})`);
  });
}

async function statusNow(): Promise<ClusterStatus> {
  const status = await crew.status();
  if (status === undefined) throw new Error("the controller does not answer");
  return status;
}

/** Clients who ask any worker but this one, and what they were answered. */
class Traffic {
  readonly load: Load;
  readonly answers: Answered[] = [];
  readonly #scene: Scene;
  readonly #faults: string[] = [];

  constructor(label: string, spared: Life | undefined) {
    const acknowledgers = new Acknowledgers(PARTITIONS);
    const common = { ledger, tally: new ClusterTally(), random: systemRandom };
    const present = new Set(crew.regular);
    const route = new AnyWorker({
      random: systemRandom,
      workers: () => [...present].filter((worker) => worker !== spared),
      answered: (answered) => {
        this.answers.push(answered);
        const fault = acknowledgers.note(answered);
        if (fault !== undefined) this.#faults.push(fault);
      },
    });
    this.load = new Load({ label, route, ...common, keys: 24, timeoutMs: 6_000 });
    const generations = new Map<number, number>();
    this.#scene = { ...common, crew, fillable: undefined, acknowledgers, present, generations };
  }

  /** Calls that failed, as sentences. */
  failures(among: (partition: number) => boolean = () => true): string[] {
    return this.answers
      .filter(({ operation }) => operation.outcome !== "ok")
      .filter(({ operation }) => among(partitionOf(operation.key, PARTITIONS)))
      .map(
        ({ operation, status, body }) => `${operation.kind} ${operation.key}: ${status} ${body}`,
      );
  }

  /** How long the longest time without an acknowledged write of these partitions was. */
  longestPauseMs(partitions: readonly number[]): number {
    const atMs = this.answers
      .filter(({ operation: { kind, outcome } }) => kind !== "read" && outcome === "ok")
      .filter(({ operation }) => partitions.includes(partitionOf(operation.key, PARTITIONS)))
      .map(({ operation }) => operation.returnedAtMs ?? 0);
    return Math.max(...atMs.slice(1).map((at, index) => at - (atMs[index] ?? at)));
  }

  /** Ends it; sentences on all that is wrong with what the workers hold and what was read. */
  async end(): Promise<readonly string[]> {
    const history = await this.load.stop();
    const wrong = await judge({ scene: this.#scene, history, keys: this.load.keys });
    return [...wrong, ...this.#faults, ...this.load.faults, ...crew.logs.faults];
  }
}

describe("a controller and four workers", () => {
  test("keep what is written at one worker, and any other one answers it", async () => {
    const keys = Array.from({ length: 32 }, (_, index) => `path/${index}`);
    for (const [index, key] of keys.entries()) {
      const { url } = crew.regular[index % 4] as Life;
      const { status, body } = await call("PUT", `${url}/kv/${key}`, { value: index });
      const { body: map } = await call("GET", `${crew.controller.url}/map?key=${key}`);
      expect([status, body.required]).toEqual([200, 1]);
      expect(crew.worker(body.node)?.url).toBe(map.primary);
    }
    for (const { url } of crew.regular) {
      for (const [index, key] of keys.entries()) {
        expect((await call("GET", `${url}/kv/${key}`)).body).toMatchObject({ key, value: index });
      }
      const { items, next } = (await call("GET", `${url}/kv?prefix=path/&limit=1000`)).body;
      expect(next).toBeNull();
      expect(items.map(({ key }: { key: string }) => key)).toEqual([...keys].sort());
    }
    const [first, second] = crew.regular as [Life, Life];
    for (const key of keys) {
      expect((await call("DELETE", `${first.url}/kv/${key}`)).body.existed).toBe(true);
      expect((await call("GET", `${second.url}/kv/${key}`)).status).toBe(404);
    }
  });

  test("lose no acknowledged write with a primary, while other partitions go on", async () => {
    const { partitions } = await statusNow();
    const victim = crew.worker(partitions[0]?.primary ?? "") as Life;
    const itsOwn = partitions
      .filter(({ primary }) => primary === victim.id)
      .map(({ partition }) => partition);
    const traffic = new Traffic("killed", victim);
    await traffic.load.everywhere(10_000);
    await victim.kill();
    await traffic.load.everywhere(10_000);
    const pauseMs = traffic.longestPauseMs(itsOwn);
    process.stderr.write(`without writes after a kill -9: ${pauseMs.toFixed(0)} ms\n`);
    await placed(crew.regular.filter((worker) => worker !== victim));
    expect(traffic.failures((partition) => !itsOwn.includes(partition))).toEqual([]);

    // It comes back, catches up, and gets its share: everybody waits a little and nobody fails.
    traffic.answers.splice(0);
    victim.start();
    const back = await placed();
    expect(back.partitions[0]?.primary).toBe(victim.id);
    await traffic.load.everywhere(10_000);
    expect(traffic.failures()).toEqual([]);
    expect(await traffic.end()).toEqual([]);
  }, 40_000);

  test("go on without their controller, which goes on where it was", async () => {
    const decided = ({ partitions }: ClusterStatus) =>
      partitions.map(({ partition, generation, primary, members }) => {
        return { partition, generation, primary, members: members.map(({ id }) => id) };
      });
    const before = decided(await placed());
    const traffic = new Traffic("alone", undefined);
    await traffic.load.everywhere(10_000);
    await crew.controller.kill();
    await traffic.load.everywhere(10_000);
    const { url } = crew.regular[0] as Life;
    await waitUntil(
      async () => (await call("GET", `${url}/status`)).body.controllerState === "lost",
      { what: "a worker to miss its controller" },
    );
    expect((await call("GET", `${url}/ready`)).status).toBe(200);
    await traffic.load.everywhere(10_000);
    crew.controller.start();
    const after = await placed();
    expect(decided(after)).toEqual(before);
    expect(traffic.failures()).toEqual([]);
    expect(await traffic.end()).toEqual([]);
  }, 30_000);

  test("fail no call when one of them is told to stop, nor when it is back", async () => {
    const leaver = crew.regular[1] as Life;
    const traffic = new Traffic("stopping", leaver);
    await traffic.load.everywhere(10_000);
    await leaver.stop();
    await placed(crew.regular.filter((worker) => worker !== leaver));
    leaver.start();
    await placed();
    await traffic.load.everywhere(10_000);
    expect(traffic.failures()).toEqual([]);
    expect(await traffic.end()).toEqual([]);
  }, 30_000);
});
