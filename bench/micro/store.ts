/** What a replica costs as its keys become more: none of these may grow with them by much. */
import { bench, do_not_optimize, group } from "mitata";
import type { Entry } from "../../src/core/entry.ts";
import { Replica } from "../../src/core/replica.ts";

const KEY_COUNTS = [1_000, 10_000, 100_000, 1_000_000];
const VALUE_BYTES = 100;
/** Made ahead, so that making them is not measured. */
const ENTRIES = 4_096;
const PAGE = 100;
const PAGE_BUDGET = 16_384;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A string of its own, as one that came in a request. */
function fresh(text: string): string {
  return decoder.decode(encoder.encode(text));
}

function keyAt(at: number): string {
  return fresh(`key-${String(at).padStart(7, "0")}`);
}

/** Spreads neighbours over all keys; the same in each run. */
function scattered(at: number, below: number): number {
  return (Math.imul(at, 0x9e3779b1) >>> 0) % below;
}

/** A benchmark of a replica in each size. */
export function benchStore(): void {
  for (const keys of KEY_COUNTS) {
    group(`a replica of ${keys} keys`, () => benchReplica(keys));
  }
}

function benchReplica(keys: number): void {
  const replica = new Replica();
  const value = JSON.stringify("x".repeat(VALUE_BYTES - 2));
  let sequence = 0;
  const put = (key: string, text: string) => {
    sequence += 1;
    const entry: Entry = { key, value: text, epoch: 1, sequence };
    return replica.apply(entry);
  };
  for (let at = 0; at < keys; at++) {
    put(keyAt(at), value);
  }
  const names = Array.from({ length: ENTRIES }, (_, at) => keyAt(scattered(at, keys)));
  const values = names.map(() => fresh(value));
  const others = names.map((_, at) => fresh(value.slice(0, (at * 37) % VALUE_BYTES)));
  let turn = 0;
  const next = () => {
    turn = (turn + 1) % ENTRIES;
    return turn;
  };
  const pick = (texts: readonly string[], at: number) => texts[at] as string;
  bench("overwrite, a value as long", () => {
    const at = next();
    put(pick(names, at), pick(values, at));
  });
  bench("overwrite, a value of another length", () => {
    const at = next();
    put(pick(names, at), pick(others, (at * 31 + sequence) % ENTRIES));
  });
  bench("a new key, and forget it", () => {
    const key = `${pick(names, next())}/`;
    put(key, value);
    replica.forget(key);
  });
  bench("get", () => do_not_optimize(replica.get(pick(names, next()))));
  bench(`list ${PAGE} from any key`, () => {
    const after = pick(names, next());
    do_not_optimize(replica.list({ prefix: "", after, limit: PAGE }));
  });
  bench("a page of catch-up of 16 KiB", () => {
    const from = scattered(next(), sequence);
    do_not_optimize(replica.above(from, Number.POSITIVE_INFINITY, PAGE_BUDGET));
  });
}
