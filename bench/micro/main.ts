/**
 * `bun run bench:micro`: what each part of a write costs alone, and how true the delay line is.
 * A figure here is for finding what is worth mending; what a client sees is `bun run bench`.
 */
import { bench, do_not_optimize, group, run, summary } from "mitata";
import { silentLogger } from "../../src/base/log.ts";
import type { Entry } from "../../src/core/entry.ts";
import { Follower } from "../../src/core/follower.ts";
import { Leader } from "../../src/core/leader.ts";
import { settledQuorum } from "../../src/core/quorum-entry.ts";
import { Replica } from "../../src/core/replica.ts";
import { Watermark } from "../../src/core/watermark.ts";
import { createApp } from "../../src/http/app.ts";
import type { KvService } from "../../src/http/service.ts";
import type { EntriesMessage } from "../../src/node/messages.ts";
import { QuorumRace } from "../../src/node/quorum-race.ts";
import { decodeFrame, FrameEncoder } from "../../src/transport/frames.ts";
import { benchCommits } from "./commits.ts";
import { measureDelayLine } from "./delay-line.ts";
import { startLoneNode } from "./lone-service.ts";
import { benchStore } from "./store.ts";

const VALUE = JSON.stringify("x".repeat(100));
const KEYS = Array.from({ length: 100 }, (_, index) => `key-${index}`);

let sequence = 0;

function nextEntry(): Entry {
  sequence += 1;
  const key = KEYS[sequence % KEYS.length] as string;
  return { key, value: VALUE, epoch: 1, sequence };
}

function syncedLeader(followerCount: number, writeQuorum: number): Leader<QuorumRace> {
  const leader = new Leader<QuorumRace>({
    epoch: 1,
    replica: new Replica(),
    sequence: 0,
    inherited: 0,
    followerCount,
    quorum: settledQuorum(writeQuorum),
    pageBudget: 1,
  });
  for (let follower = 0; follower < followerCount; follower++) {
    const nothing = { watermark: 0, pagedTo: 0 };
    leader.joined(follower, { usable: false, synced: false, ...nothing });
    leader.nextPage(follower);
    leader.acknowledged(follower, { synced: true, ...nothing, above: [], beat: 0 });
  }
  return leader;
}

function benchCore(): void {
  const replica = new Replica();
  bench("apply an entry to one of 100 keys", () => replica.apply(nextEntry()));
  const inOrder = new Watermark();
  let last = 0;
  bench("watermark, in order", () => inOrder.add(++last));
  const swapped = new Watermark();
  let pair = 0;
  bench("watermark, each pair swapped", () => {
    pair += 2;
    swapped.add(pair);
    swapped.add(pair - 1);
  });
  const follower = new Follower(() => new Replica());
  follower.takePage(1, { entries: [], from: 0, upTo: 0, reset: true, last: true, needs: 0 });
  let taken = 0;
  bench("follower takes an entry and acknowledges", () => {
    taken += 1;
    const entry = { key: KEYS[taken % KEYS.length] as string, value: VALUE, epoch: 1 };
    follower.takeEntries(1, [{ ...entry, sequence: taken }]);
    do_not_optimize(follower.takeAcknowledgement());
  });
}

function benchRace(): void {
  for (const writeQuorum of [1, 3, 5]) {
    const leader = syncedLeader(5, writeQuorum);
    bench(`quorum race, ${writeQuorum} of 5`, async () => {
      const race = new QuorumRace();
      race.entry = leader.accept({ key: "key", value: VALUE, nowMs: 0, waiter: race });
      const { sequence: watermark } = race.entry;
      leader.persisted(watermark);
      for (let follower = 0; follower < 5; follower++) {
        const said = { synced: true, watermark, pagedTo: 0, above: [], beat: 0 };
        for (const write of leader.acknowledged(follower, said)) {
          write.waiter?.acknowledged(write.acks, write.required);
        }
      }
      await race.settled;
    });
  }
}

function benchFrames(): void {
  const encoder = new FrameEncoder();
  for (const count of [1, 16]) {
    const message: EntriesMessage = {
      type: "entries",
      group: 0,
      epoch: 1,
      commitWatermark: 0,
      entries: Array.from({ length: count }, nextEntry),
    };
    const frame = encoder.encode(message).slice();
    bench(`encode a frame of ${count} entries`, () => encoder.encode({ ...message }));
    bench(`decode a frame of ${count} entries`, () => do_not_optimize(decodeFrame(frame)));
  }
}

function benchRouting(service: KvService): void {
  const app = createApp({
    service,
    logger: silentLogger,
    maxValueBytes: 1024 * 1024,
    pendingBytes: 1024 * 1024,
    forwardTimeoutMs: 1_000,
    version: "0.0.0",
  });
  const body = `{"value":${VALUE}}`;
  const headers = { "content-length": String(body.length) };
  bench("PUT /kv/{key} at a node without followers", async () => {
    const request = new Request("http://127.0.0.1/kv/key", { method: "PUT", body, headers });
    do_not_optimize(await app.fetch(request));
  });
  bench("GET /kv/{key}", async () => {
    do_not_optimize(await app.fetch(new Request("http://127.0.0.1/kv/key")));
  });
  bench("GET of an unknown route", async () => {
    do_not_optimize(await app.fetch(new Request("http://127.0.0.1/nowhere")));
  });
}

const accuracy = await measureDelayLine();
console.log(
  `delay line, ${accuracy.items} delays of 0.1–1 ms: error p50 ${accuracy.p50Ms.toFixed(4)} ms, ` +
    `p99 ${accuracy.p99Ms.toFixed(4)} ms, max ${accuracy.maxMs.toFixed(3)} ms; ` +
    `${(accuracy.busyShare * 100).toFixed(0)} % of a core meanwhile, ` +
    `${(accuracy.idleShare * 100).toFixed(2)} % while nothing is due`,
);

group("core", benchCore);
benchStore();
summary(() => group("quorum race", benchRace));
group("frames", benchFrames);
const lone = startLoneNode();
group("routing", () => benchRouting(lone.service));
const commits = benchCommits();
await run();
lone.stop();
commits.stop();
