/**
 * One run of stale reads: write a key, wait a random time from the moment of its acknowledgement,
 * read the key at a random follower, and see whether its version is older than the acknowledged.
 *
 * When the read looks at the follower's map is not to be seen from here; the middle of its round
 * trip stands for it.
 */
import { type Random, randomBelow } from "../../src/base/random.ts";
import { compareVersions, type Version } from "../../src/core/version.ts";
import { Connection, type ConnectionOptions } from "../load/connection.ts";
import type { Settlement } from "../load/protocol.ts";
import { toRequest } from "../load/request.ts";
import type { StaleRead } from "./results.ts";
import { staleHorizonMs } from "./stale-share.ts";

const TIMEOUT_MS = 5_000;
const NEVER_WOKEN = new Int32Array(new SharedArrayBuffer(4));
/** Draws more of the early times, where the share changes: the horizon times u to this power. */
const EARLY = 2;

export interface StaleRunOptions {
  readonly leader: string;
  readonly followers: readonly string[];
  readonly keys: number;
  readonly quorum: number;
  readonly reads: number;
  readonly maxDelayMs: number;
  readonly random: Random;
  readonly signal: AbortSignal;
  readonly onProgress: (done: number) => void;
}

interface Answer extends Settlement {
  /** performance.now() at which it came. */
  readonly at: number;
}

/** One connection whose requests can be awaited. */
class Client {
  readonly host: string;
  readonly #connection: Connection;
  #settle: ((answer: Answer) => void) | undefined;

  constructor(address: string) {
    const { hostname, port, host } = new URL(address);
    this.host = host;
    const options: ConnectionOptions = {
      hostname,
      port: Number(port),
      timeoutMs: TIMEOUT_MS,
      keepBodies: true,
    };
    this.#connection = new Connection(0, options, (_, settlement) =>
      this.#settle?.({ ...settlement, at: performance.now() }),
    );
  }

  open(): Promise<boolean> {
    return this.#connection.open();
  }

  ask(request: Uint8Array): Promise<Answer> {
    const { promise, resolve } = Promise.withResolvers<Answer>();
    this.#settle = resolve;
    this.#connection.send(request, performance.now());
    return promise;
  }

  expire(): void {
    this.#connection.expire(performance.now());
  }

  close(): void {
    this.#connection.close();
  }
}

/** Makes the reads; one whose write or read failed is left out. */
export async function runStaleReads(options: StaleRunOptions): Promise<StaleRead[]> {
  const writer = new Client(options.leader);
  const readers = options.followers.map((follower) => new Client(follower));
  const clients = [writer, ...readers];
  await Promise.all(clients.map((client) => client.open()));
  const found: StaleRead[] = [];
  let round = 0;
  const sweep = setInterval(() => {
    for (const client of clients) client.expire();
    options.onProgress(round);
  }, 50);
  try {
    for (; round < options.reads && !options.signal.aborted; round++) {
      const reader = readers[randomBelow(options.random, readers.length)];
      if (reader === undefined) break;
      const read = await readOnce({ writer, reader, round }, options);
      if (read !== undefined) found.push(read);
    }
  } finally {
    clearInterval(sweep);
    for (const client of clients) client.close();
  }
  options.onProgress(round);
  return found;
}

async function readOnce(
  parties: { writer: Client; reader: Client; round: number },
  options: StaleRunOptions,
): Promise<StaleRead | undefined> {
  const { writer, reader, round } = parties;
  const { random } = options;
  const path = `/kv/key-${randomBelow(random, options.keys)}`;
  const waitMs = staleHorizonMs(options) * random.next() ** EARLY;
  const get = toRequest({ method: "GET", path: `${path}?level=local`, host: reader.host });
  const json = `{"value":"stale-${round}"}`;
  const write = await writer.ask(toRequest({ method: "PUT", path, host: writer.host, json }));
  if (write.status !== 200) return undefined;
  sleepUntil(write.at + waitMs);
  const sentAt = performance.now();
  const read = await reader.ask(get);
  if (read.status !== 200 && read.status !== 404) return undefined;
  const written = versionOf(write.body);
  const seen = versionOf(read.body);
  if (written === undefined) return undefined;
  return {
    quorum: options.quorum,
    sinceMs: (sentAt + read.at) / 2 - write.at,
    stale: seen === undefined || compareVersions(seen, written) < 0,
  };
}

/**
 * Sleeps to the moment, or a little past it, without an event loop: no timer of it is finer than a
 * millisecond. Spinning would be more exact and would take one of two cores from the nodes, whose
 * copies then come late; the exact time is measured anyway.
 */
function sleepUntil(at: number): void {
  for (;;) {
    const leftMs = at - performance.now();
    if (leftMs <= 0) return;
    Atomics.wait(NEVER_WOKEN, 0, 0, leftMs);
  }
}

function versionOf(body: string): Version | undefined {
  const { version } = JSON.parse(body) as { version?: unknown };
  const match = /^(\d+)\.(\d+)$/.exec(String(version));
  if (match === null) return undefined;
  return { epoch: Number(match[1]), sequence: Number(match[2]) };
}
