/** What an entry costs beside HTTP and sockets: encoding, taking in, counting acknowledgements. */
import type { Entry } from "../../src/core/entry.ts";
import { Follower } from "../../src/core/follower.ts";
import { Leader } from "../../src/core/leader.ts";
import { settledQuorum } from "../../src/core/quorum-entry.ts";
import { Replica } from "../../src/core/replica.ts";
import type { EntriesMessage } from "../../src/node/messages.ts";
import { decodeFrame, FrameEncoder } from "../../src/transport/frames.ts";

const VALUE = JSON.stringify("x".repeat(100));
const KEYS = Array.from({ length: 10_000 }, (_, index) => `key-${index}`);
/** Entries in one message, as a busy group has them. */
const BATCH = 8;
const WARM_UP_SHARE = 0.5;

export interface EntryCosts {
  /** At the leader, once for each entry, however many followers there are: into bytes. */
  readonly encodeMicros: number;
  /** At the leader: all acknowledgements of an entry of this many followers. */
  readonly countMicros: number;
  /** At each follower: out of bytes, into the replica, and the word of it. */
  readonly takeMicros: number;
}

export function measureEntries(seconds: number, followers: number): EntryCosts {
  const make = entryMaker();
  const encoder = new FrameEncoder();
  const encode = () => encoder.encode(messageOf(make));
  return {
    encodeMicros: perEntry(seconds, encode) - perEntry(seconds, () => messageOf(make)),
    countMicros: countingMicros(seconds, followers),
    takeMicros: takingMicros(seconds),
  };
}

function entryMaker(): () => Entry {
  let sequence = 0;
  return () => {
    sequence += 1;
    return { key: KEYS[sequence % KEYS.length] ?? "", value: VALUE, epoch: 1, sequence };
  };
}

function messageOf(make: () => Entry): EntriesMessage {
  const entries = Array.from({ length: BATCH }, make);
  return { type: "entries", group: 0, epoch: 1, commitWatermark: 0, entries };
}

/** Frames are made ahead in heaps, so that only what a follower does with them counts. */
function takingMicros(seconds: number): number {
  const make = entryMaker();
  const encoder = new FrameEncoder();
  const follower = new Follower(() => new Replica());
  follower.ledBy(1);
  follower.takePage(1, { entries: [], from: 0, upTo: 0, reset: true, last: true, needs: 0 });
  const heap = () => Array.from({ length: 1_000 }, () => encoder.encode(messageOf(make)).slice());
  let frames = heap();
  const cost = stopwatch(seconds, () => {
    frames = heap();
    return () => {
      for (const frame of frames) {
        const message = decodeFrame(frame);
        if (message.type !== "entries") continue;
        follower.takeEntries(1, message.entries);
        follower.takeChange();
        follower.takeAcknowledgement();
      }
    };
  });
  return cost / (1_000 * BATCH);
}

function countingMicros(seconds: number, followers: number): number {
  const leader = new Leader<object>({
    ...{ epoch: 1, replica: new Replica(), sequence: 0, inherited: 0, followerCount: followers },
    ...{ quorum: settledQuorum(Math.min(3, followers)), pageBudget: 1 },
  });
  const said = { synced: true, watermark: 0, pagedTo: 0, above: [], beat: 0 };
  for (let follower = 0; follower < followers; follower++) {
    leader.joined(follower, { usable: false, synced: false, watermark: 0, pagedTo: 0 });
    leader.nextPage(follower);
    leader.acknowledged(follower, said);
  }
  let watermark = 0;
  const cost = stopwatch(seconds, () => {
    const first = leader.sequence;
    for (let index = 0; index < 1_000 * BATCH; index++) {
      const key = KEYS[index % KEYS.length] ?? "";
      leader.accept({ key, value: VALUE, nowMs: 0, waiter: leader });
    }
    return () => {
      for (watermark = first + BATCH; watermark <= leader.sequence; watermark += BATCH) {
        leader.persisted(watermark);
        for (let follower = 0; follower < followers; follower++) {
          leader.acknowledged(follower, { ...said, watermark });
        }
      }
    };
  });
  return cost / (1_000 * BATCH);
}

function perEntry(seconds: number, work: () => unknown): number {
  const cost = stopwatch(seconds, () => () => {
    for (let index = 0; index < 1_000; index++) work();
  });
  return cost / (1_000 * BATCH);
}

/** Microseconds of processor time of what `prepare` gives, on average, when it is compiled. */
function stopwatch(seconds: number, prepare: () => () => void): number {
  const endsAt = performance.now() + 1000 * seconds;
  const countsFrom = endsAt - 1000 * seconds * WARM_UP_SHARE;
  let spentMicros = 0;
  let times = 0;
  while (performance.now() < endsAt || times === 0) {
    const work = prepare();
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    if (performance.now() < countsFrom) continue;
    spentMicros += user + system;
    times += 1;
  }
  return spentMicros / times;
}
