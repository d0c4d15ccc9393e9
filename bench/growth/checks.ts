/**
 * Nothing may grow faster than its work: what a page of a listing and a status cost with few keys
 * and with many, and how long writers wait while somebody walks over all keys.
 */
import { median } from "simple-statistics";
import type { Figure } from "../figures.ts";
import { runClosedLoop } from "../load/closed-loop.ts";
import { toRequest } from "../load/request.ts";
import { countStatus, latenciesWithStatus, summarize } from "../load/statistics.ts";
import { keyOf } from "../load/workload.ts";
import { BenchError } from "../quorum/bench-error.ts";
import { count } from "../quorum/describe.ts";
import type { Group, Run, WritesLoad } from "./group.ts";
import type { Bench, Running } from "./run-axis.ts";

const OK = 200;
const PAGE_KEYS = 100;
const STATUS_EVERY_MS = 100;
const CALL_MS_MAX = 120_000;
/** Few enough that the leader has time for something else than writes. */
const CLIENTS = 20;
/** Of all the keys: what the driver makes ahead for each of them takes it time. */
const WRITTEN_KEYS_MAX = 1_000;
/** A walk takes as long as it takes; what writes meanwhile ends behind it. */
const WALK_SECONDS_MAX = 120;
/** Twice: a search tree is deeper with more keys, and its parts are not in the cache. */
const GROWN_MAX = 2;
const WITH_STATUS_MIN = 0.95;
/** In every round, of a second each: what is looked for is less than what two runs differ by. */
const STATUS_PAIRS = 5;
const STATUS_SLICE_SECONDS = 1;
/** Before and behind the call whose cost to the writers is looked for. */
const CALM_MS = 500;

interface Filled {
  readonly group: Group;
  readonly keys: number;
  readonly valueBytes: number;
}

interface Calls {
  readonly p50Ms: number;
  /** Of the leader, for each call. */
  readonly leaderMicros: number;
}

/** The figures of the groups with the fewest and the most keys; none where there is one group. */
export async function measureChecks(
  bench: Bench,
  running: readonly Running[],
): Promise<readonly Figure[]> {
  const filled = running
    .flatMap(({ group, planned }) => planned.points.map((point) => ({ group, ...point })))
    .sort((one, other) => one.keys - other.keys);
  const [few, many] = [filled[0], filled.at(-1)];
  if (few === undefined || many === undefined || few.group === many.group) return [];
  const { seconds, rounds } = bench.options;
  const inRounds = 2000 * seconds * rounds;
  const inPairs = 2000 * STATUS_SLICE_SECONDS * STATUS_PAIRS * rounds;
  const steps: readonly [expectedMs: number, step: () => Promise<Figure[]>][] = [
    [
      inRounds,
      () => compareCalls(bench, [few, many], { name: "a page of 100 keys", path: pagePath }),
    ],
    [inRounds, () => compareCalls(bench, [few, many], { name: "a status", path: () => "/status" })],
    [inPairs, () => statusAndWriters(bench, few)],
    [inPairs, () => statusAndWriters(bench, many)],
    [inRounds, () => walkAndWriters(bench, many, "/digest")],
    [inRounds, () => walkAndWriters(bench, many, "/dump")],
  ];
  const figures: Figure[] = [];
  for (const [expectedMs, step] of steps) {
    if (bench.signal.aborted) return figures;
    bench.progress.start({ label: "few keys and many", total: 1, expectedMs });
    const seen = await step();
    // What was cut short says nothing.
    if (bench.signal.aborted) return figures;
    figures.push(...seen);
    bench.progress.finish(figures.at(-1)?.part ?? "");
  }
  return figures;
}

/** The page behind a key that is far from the end, another one each time. */
function pagePath(keys: number): string {
  const place = Math.floor(Math.random() * Math.max(1, keys - 2 * PAGE_KEYS));
  return `/kv?limit=${PAGE_KEYS}&after=${keyOf(place)}`;
}

async function compareCalls(
  { options, signal }: Bench,
  groups: readonly [Filled, Filled],
  call: { readonly name: string; readonly path: (keys: number) => string },
): Promise<Figure[]> {
  const seen: [Calls[], Calls[]] = [[], []];
  // The first round is for the runtime, which compiles meanwhile.
  for (let round = 0; round <= options.rounds; round++) {
    for (const [index, filled] of groups.entries()) {
      const over = AbortSignal.any([signal, AbortSignal.timeout(1000 * options.seconds)]);
      const calls = await callOften(filled, call.path, over);
      if (round > 0) seen[index === 0 ? 0 : 1].push(calls);
    }
  }
  const part = call.name;
  const middle = (which: 0 | 1, pick: (calls: Calls) => number) => median(seen[which].map(pick));
  const at = (which: 0 | 1) => `at ${count(groups[which].keys)} keys`;
  const micros = ({ leaderMicros }: Calls) => leaderMicros;
  const p50 = ({ p50Ms }: Calls) => p50Ms;
  const fine = { part, digits: 3 };
  return [
    { ...fine, name: `p50 ${at(0)}`, value: middle(0, p50), unit: "ms" },
    { ...fine, name: `p50 ${at(1)}`, value: middle(1, p50), unit: "ms" },
    { part, name: `leader's processor time ${at(0)}`, value: middle(0, micros), unit: "µs" },
    { part, name: `leader's processor time ${at(1)}`, value: middle(1, micros), unit: "µs" },
    {
      ...{ part, digits: 2, name: "processor time, many keys / few", unit: "" },
      value: middle(1, micros) / middle(0, micros),
      atMost: GROWN_MAX,
    },
  ];
}

/** One client in a closed loop. */
async function callOften(
  { group, keys }: Filled,
  path: (keys: number) => string,
  signal: AbortSignal,
): Promise<Calls> {
  const { hostname, port, host } = new URL(group.leader);
  const before = group.leaderSeconds;
  const record = await runClosedLoop({
    ...{ hostname, port: Number(port), clients: 1, requests: Number.MAX_SAFE_INTEGER },
    signal,
    request: () => toRequest({ method: "GET", path: path(keys), host }),
  });
  const spent = group.leaderSeconds - before;
  const answered = countStatus(record, OK);
  if (answered === 0) throw new BenchError(`${path(keys)} was not answered with ${OK}.`);
  const { p50 } = summarize(latenciesWithStatus(record, OK));
  return { p50Ms: p50, leaderMicros: (1e6 * spent) / answered };
}

/** What a `GET /status` each 100 ms costs those who write. */
async function statusAndWriters({ options, signal }: Bench, filled: Filled): Promise<Figure[]> {
  const seconds = Math.min(STATUS_SLICE_SECONDS, options.seconds);
  const load = { ...writersOf(filled), seconds, watch: { signal } };
  const pairs: { without: Run; with: Run }[] = [];
  for (let pair = 0; pair < STATUS_PAIRS * options.rounds; pair++) {
    const runs = {
      without: () => filled.group.write(load),
      with: () => besideStatus(filled.group, load),
    };
    // In turn, so that whatever else the machine does meets both.
    const first = pair % 2 === 0 ? await runs.without() : undefined;
    const busy = await runs.with();
    pairs.push({ with: busy, without: first ?? (await runs.without()) });
  }
  const part = `a status each ${STATUS_EVERY_MS} ms, ${count(filled.keys)} keys`;
  const ratio = (pick: (run: Run) => number) =>
    median(pairs.map((pair) => pick(pair.with) / pick(pair.without)));
  return [
    {
      ...{ part, name: "writes/s, with / without", unit: "", digits: 3 },
      value: ratio((run) => run.perSecond),
      atLeast: WITH_STATUS_MIN,
    },
    {
      ...{ part, name: "writers' p99, with / without", unit: "", digits: 2 },
      value: ratio((run) => run.p99Ms),
    },
  ];
}

async function besideStatus(group: Group, load: WritesLoad): Promise<Run> {
  let over = false;
  const asking = (async () => {
    while (!over) {
      await Promise.all([call(group, "/status"), Bun.sleep(STATUS_EVERY_MS)]);
    }
  })();
  try {
    return await group.write(load);
  } finally {
    over = true;
    await asking;
  }
}

/** How long the longest wait of a writer is while one call walks over all keys. */
async function walkAndWriters(
  { options, signal }: Bench,
  filled: Filled,
  path: "/digest" | "/dump",
): Promise<Figure[]> {
  const { group, keys } = filled;
  const { seconds, rounds } = options;
  const calm: Run[] = [];
  const busy: Run[] = [];
  const tookMs: number[] = [];
  for (let round = 0; round < rounds; round++) {
    calm.push(await group.write({ ...writersOf(filled), seconds, watch: { signal } }));
    const walk = async () => {
      const startedAt = performance.now();
      await call(group, path);
      tookMs.push(performance.now() - startedAt);
    };
    if (!signal.aborted) busy.push(await writeUntil(filled, walk));
  }
  const part = `a GET ${path}, ${count(keys)} keys, ${CLIENTS} writers`;
  const longest = (runs: readonly Run[]) => median(runs.map((run) => run.maxMs));
  const rate = (runs: readonly Run[]) => median(runs.map((run) => run.perSecond));
  return [
    { part, name: "it takes", value: median(tookMs), unit: "ms" },
    { part, name: "longest wait of a writer meanwhile", value: longest(busy), unit: "ms" },
    { part, name: "longest wait of a writer without", value: longest(calm), unit: "ms" },
    { part, name: "writes/s with one of it", value: rate(busy), unit: "/s" },
    { part, name: "writes/s without", value: rate(calm), unit: "/s" },
  ];
}

/** Writes while `work` runs, and a little before and behind it. */
async function writeUntil(filled: Filled, work: () => Promise<void>): Promise<Run> {
  const over = new AbortController();
  const begun = Promise.withResolvers<void>();
  const working = (async () => {
    try {
      // The driver makes its requests first.
      await begun.promise;
      await Bun.sleep(CALM_MS);
      await work();
      await Bun.sleep(CALM_MS);
    } finally {
      over.abort();
    }
  })();
  const onProgress = (settled: number) => {
    if (settled > 0) begun.resolve();
  };
  const watch = { signal: over.signal, onProgress };
  const writing = filled.group.write({
    ...writersOf(filled),
    ...{ seconds: WALK_SECONDS_MAX, watch },
  });
  // A load that ends before it has begun leaves nothing to wait for.
  const ended = () => begun.resolve();
  writing.then(ended, ended);
  const [run] = await Promise.all([writing, working]);
  return run;
}

function writersOf({ keys, valueBytes }: Filled) {
  return { clients: CLIENTS, keys: Math.min(keys, WRITTEN_KEYS_MAX), valueBytes };
}

/** Reads the whole answer. */
async function call(group: Group, path: string): Promise<void> {
  const signal = AbortSignal.timeout(CALL_MS_MAX);
  const response = await fetch(`${group.leader}${path}`, { signal });
  if (response.body !== null) for await (const _ of response.body);
  if (!response.ok) throw new BenchError(`${group.leader}${path} answers ${response.status}.`);
}
