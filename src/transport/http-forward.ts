/** Calls that a worker sends on, as the canonical HTTP calls with a header that says so. */
import { ERROR_STATUS, type ErrorCode, KvError, type Outcome } from "../base/errors.ts";
import { elementTexts, memberTexts } from "../base/json-text.ts";
import type { Entry } from "../core/entry.ts";
import type { Version } from "../core/version.ts";
import type {
  FoundEntry,
  ListPage,
  ReadLevel,
  RemoveAnswer,
  WriteAnswer,
} from "../http/service.ts";
import type { ForwardPort, ListOptions, Sent } from "../worker/forward-port.ts";
import { HttpPool } from "./http-pool.ts";

export interface HttpForwardOptions {
  /** Of the worker that sends calls on. */
  readonly nodeId: string;
  /** How long the other worker may take to answer. */
  readonly timeoutMs: number;
}

interface Call {
  readonly method: string;
  readonly path: string;
  readonly body?: string;
}

/** Text of a JSON answer → what the call gives. */
type Reader<T> = (body: string, status: number) => T;

const encoder = new TextEncoder();

/** Keeps connections until `close`. */
export function createHttpForward({ nodeId, timeoutMs }: HttpForwardOptions): ForwardPort {
  const pool = new HttpPool();
  const mark = `x-kvnode-forwarded: ${encodeURIComponent(nodeId)}`;

  async function send<T>(to: string, call: Call, read: Reader<T>): Promise<Sent<T>> {
    const request = encoder.encode(requestText(to, call, mark));
    const exchange = await pool.exchange(to, request, timeoutMs);
    if (exchange.kind !== "answer") {
      return exchange;
    }
    const { status, body } = exchange;
    try {
      if (status === 200) {
        return { kind: "answer", answer: read(body, status) };
      }
      const error = errorOf(body);
      return error === undefined ? { kind: "lost" } : { kind: "error", error };
    } catch {
      // Whoever that was is no worker; what it made of the call nobody knows.
      return { kind: "lost" };
    }
  }

  return {
    write: (to, key, value) =>
      send(to, { method: "PUT", path: pathOf(key), body: `{"value":${value}}` }, (body) =>
        readWriteAnswer(key, value, body),
      ),
    remove: (to, key) =>
      send(to, { method: "DELETE", path: pathOf(key) }, (body) => readRemoveAnswer(key, body)),
    read: async (to, key, level) => readSent(key, await sendRead(to, key, level)),
    list: (to, options) => send(to, { method: "GET", path: listPath(options) }, readListPage),
    dump: (to, partition) => fetchDump(to, partition),
    close: () => pool.close(),
  };

  /** Streamed, and never harmful: the runtime's own client will do. */
  async function fetchDump(to: string, partition: number): Promise<Sent<readonly Entry[]>> {
    try {
      const signal = AbortSignal.timeout(timeoutMs);
      const path = `/dump?partition=${partition}`;
      const response = await fetch(to + path, { signal, redirect: "manual" });
      const body = await response.text();
      if (response.status === 200) {
        return { kind: "answer", answer: readDump(body) };
      }
      const error = errorOf(body);
      return error === undefined ? { kind: "lost" } : { kind: "error", error };
    } catch {
      return { kind: "lost" };
    }
  }

  function sendRead(to: string, key: string, level: ReadLevel) {
    const path = `${pathOf(key)}&level=${level}`;
    return send(to, { method: "GET", path }, (body) => readEntry(memberTexts(body)));
  }
}

function requestText(to: string, { method, path, body }: Call, mark: string): string {
  const head = `${method} ${path} HTTP/1.1\r\nhost: ${new URL(to).host}\r\n${mark}\r\n`;
  if (body === undefined) {
    return `${head}\r\n`;
  }
  const length = Buffer.byteLength(body);
  return `${head}content-type: application/json\r\ncontent-length: ${length}\r\n\r\n${body}`;
}

/** The key in the query: also `.` and `..` stand there as they are. */
function pathOf(key: string): string {
  return `/kv/?key=${encodeURIComponent(key)}`;
}

function listPath({ prefix, after, limit }: ListOptions): string {
  const behind = after === null ? "" : `&after=${encodeURIComponent(after)}`;
  return `/kv?prefix=${encodeURIComponent(prefix)}${behind}&limit=${limit}`;
}

function readWriteAnswer(key: string, value: string, body: string): WriteAnswer {
  const { version, acks, required, node } = JSON.parse(body);
  return { entry: { key, value, ...versionOf(version) }, acks, required, node };
}

function readRemoveAnswer(key: string, body: string): RemoveAnswer {
  const { version, acks, required, node, existed } = JSON.parse(body);
  const entry = version === null ? undefined : { key, value: undefined, ...versionOf(version) };
  return { existed, entry, acks, required, node };
}

function readEntry(members: ReadonlyMap<string, string>): FoundEntry {
  const text = (name: string): string => JSON.parse(members.get(name) ?? "");
  const value = members.get("value");
  const node = members.has("node") ? { node: text("node") } : {};
  return { key: text("key"), value, ...versionOf(text("version")), ...node };
}

/** That there is no such key is an answer too, with the tombstone's version where there is one. */
function readSent(key: string, sent: Sent<FoundEntry>): Sent<FoundEntry | undefined> {
  if (sent.kind !== "error" || sent.error.code !== "not_found") {
    return sent;
  }
  const { version } = sent.error.details;
  const answer =
    typeof version === "string" ? { key, value: undefined, ...versionOf(version) } : undefined;
  return { kind: "answer", answer };
}

function readListPage(body: string): ListPage {
  const members = memberTexts(body);
  const items = elementTexts(members.get("items") ?? "[]");
  return {
    items: items.map((item) => readEntry(memberTexts(item))),
    next: JSON.parse(members.get("next") ?? "null"),
    partitions: JSON.parse(members.get("partitions") ?? "[]"),
  };
}

function readDump(body: string): Entry[] {
  return [...memberTexts(body)].map(([key, text]) => {
    const members = memberTexts(text);
    const number = (name: string) => Number(members.get(name));
    return {
      key,
      value: members.get("value"),
      epoch: number("epoch"),
      sequence: number("version"),
    };
  });
}

/** `"1.42"` → epoch 1 (the fraction of an epoch never leaves the nodes), sequence 42. */
function versionOf(text: string): Version {
  const [epoch, sequence] = text.split(".");
  return { epoch: Number(epoch), sequence: Number(sequence) };
}

/** The other worker's own words, if it is one. */
function errorOf(body: string): KvError | undefined {
  const { error, message, outcome, ...details } = JSON.parse(body) as Record<string, unknown>;
  if (typeof error !== "string" || typeof message !== "string" || !(error in ERROR_STATUS)) {
    return undefined;
  }
  return new KvError({
    code: error as ErrorCode,
    message,
    ...(outcome === undefined ? {} : { outcome: outcome as Outcome }),
    details,
  });
}
