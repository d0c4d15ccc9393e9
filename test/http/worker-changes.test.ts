/** Clients that go on writing and reading while workers leave, end, and come. */
import { afterEach, describe, expect, test } from "bun:test";
import { call } from "../support/call.ts";
import {
  type HttpCluster,
  type HttpWorker,
  startHttpWorker,
  startHttpWorkers,
  waitUntilReady,
} from "../support/http-workers.ts";
import { waitUntil } from "../support/wait-until.ts";

let cluster: HttpCluster;
let added: HttpWorker[] = [];

afterEach(async () => {
  await Promise.all(added.map((worker) => worker.stop()));
  added = [];
  await cluster.stop();
});

const JSON_TYPE = { "content-type": "application/json" };

/** Each of them writes its own keys one after the other, at one worker, until told to end. */
class Writers {
  readonly #ended: Promise<unknown>;
  readonly acknowledged = new Map<string, number>();
  readonly failures: { readonly status: number; readonly error: string }[] = [];
  writes = 0;
  #stopping = false;

  constructor(url: string, count: number) {
    this.#ended = Promise.all(Array.from({ length: count }, (_, id) => this.#write(url, id)));
  }

  async end(): Promise<void> {
    this.#stopping = true;
    await this.#ended;
  }

  async #write(url: string, id: number): Promise<void> {
    for (let round = 0; !this.#stopping; round++) {
      const key = `writer${id}-${round % 10}`;
      const answer = await call("PUT", `${url}/kv/${key}`, { value: round }, JSON_TYPE);
      this.writes += 1;
      if (answer.status === 200) {
        this.acknowledged.set(key, round);
      } else {
        this.failures.push({ status: answer.status, error: answer.body.error });
      }
    }
  }
}

async function expectAllThere(url: string, acknowledged: ReadonlyMap<string, number>) {
  for (const [key, round] of acknowledged) {
    const read = await call("GET", `${url}/kv/${key}`);
    expect([key, read.status, read.body.value >= round]).toEqual([key, 200, true]);
  }
}

describe("while clients write at another worker", () => {
  test("one that leaves costs no write", async () => {
    cluster = await startHttpWorkers({ workers: 4 });
    const [asked, leaving] = cluster.workers as [HttpWorker, HttpWorker];
    const writers = new Writers(asked.url, 8);
    await waitUntil(() => writers.writes > 200, { what: "some writes" });
    await leaving.leave();
    const before = writers.writes;
    await waitUntil(() => writers.writes > before + 200, { what: "writes after that" });
    await writers.end();
    expect(writers.failures).toEqual([]);
    await expectAllThere(asked.url, writers.acknowledged);
  });

  test("one that is killed costs only the answers of what was under way", async () => {
    cluster = await startHttpWorkers({ workers: 4 });
    const [asked, killed] = cluster.workers as [HttpWorker, HttpWorker];
    const writers = new Writers(asked.url, 8);
    await waitUntil(() => writers.writes > 200, { what: "some writes" });
    await killed.stop();
    const { map } = asked.worker;
    await waitUntil(
      () => [...map.assignments.values()].every(({ primary }) => primary !== killed.id),
      { what: "other primaries" },
    );
    const before = writers.writes;
    await waitUntil(() => writers.writes > before + 200, { what: "writes after that" });
    await writers.end();
    // Each client had one write under way; what came later has waited.
    expect(writers.failures.length).toBeLessThanOrEqual(8);
    for (const { error } of writers.failures) expect(error).toBe("forward_lost");
    await expectAllThere(asked.url, writers.acknowledged);
  });

  test("one that joins costs no write, and takes its share", async () => {
    cluster = await startHttpWorkers({ workers: 3 });
    const [asked] = cluster.workers as [HttpWorker];
    const writers = new Writers(asked.url, 8);
    await waitUntil(() => writers.writes > 200, { what: "some writes" });
    const joining = startHttpWorker({ nodeId: "w4", controller: cluster.controller.url });
    added.push(joining);
    const leads = () =>
      [...joining.worker.node.groups.values()].some(({ leader }) => leader?.open === true);
    await waitUntil(leads, { what: "the new one to lead something", timeoutMs: 20_000 });
    await waitUntilReady(joining);
    await writers.end();
    expect(writers.failures).toEqual([]);
    await expectAllThere(joining.url, writers.acknowledged);
  }, 30_000);
});
