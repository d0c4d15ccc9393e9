/** What a soak has seen, and the figures that come of it. */
import { max, mean } from "simple-statistics";
import type { Figure } from "../figures.ts";
import { summarize } from "../load/statistics.ts";
import { type Collection, causeOf, describeCause, type Turn } from "./leader-log.ts";
import { type MemorySample, type Slope, slopeOf } from "./memory.ts";
import type { SoakOptions } from "./options.ts";
import type { OwnStall } from "./own-stalls.ts";
import { joinWindows, type Window } from "./window.ts";

export interface Results {
  readonly options: SoakOptions;
  readonly environment: ReadonlyMap<string, string>;
  readonly windows: readonly Window[];
  readonly memory: readonly MemorySample[];
  readonly turns: readonly Turn[];
  readonly collections: readonly Collection[];
  readonly ownStalls: readonly OwnStall[];
  /** Whether all nodes hold the same afterwards; undefined where nobody looked. */
  readonly equal: boolean | undefined;
  /** Which node has ended in the middle, and with which words; undefined where none has. */
  readonly ended: string | undefined;
}

/** Flat: the line through the last half's samples rises by no more in 10,000,000 writes. */
export const FLAT_PERCENT_MAX = 5;
const MEBIBYTE = 2 ** 20;

/** Minutes since the soak's first write. */
export function minuteOf({ windows }: Results, atMs: number): number {
  return (atMs - (windows[0]?.startedAtMs ?? 0)) / 60_000;
}

/** The leader's longest turns, longest first. */
export function longestTurns({ turns }: Results, count: number): Turn[] {
  return turns.toSorted((one, other) => other.ms - one.ms).slice(0, count);
}

/** Slopes of the leader, then of each follower. */
export function slopes({ memory }: Results): Slope[] {
  const nodes = memory[0]?.nodes.length ?? 0;
  return Array.from({ length: nodes }, (_, node) => slopeOf(memory, node));
}

/** `longest stall 41 ms at minute 2.13, cause: …` */
export function describeStall(results: Results): string {
  const [longest] = longestTurns(results, 1);
  if (longest === undefined) return "The leader's event loop was not seen.";
  const minute = minuteOf(results, longest.endedAtMs).toFixed(2);
  return (
    `Longest stall of the leader: ${longest.ms.toFixed(1)} ms at minute ${minute}, ` +
    `cause: ${describeCause(longest)}.`
  );
}

/** One line each. */
export function figuresOf(results: Results): Figure[] {
  return [...loadFigures(results), ...stallFigures(results), ...memoryFigures(results)];
}

function loadFigures({ windows, equal }: Results): Figure[] {
  const whole = joinWindows(windows);
  const writes = summarize(whole.writesMs);
  const part = "load";
  const perSecond = (1000 * writes.count) / whole.durationMs;
  const latencies = (kind: string, seen: typeof writes): Figure[] =>
    seen.count === 0
      ? []
      : [
          { part, name: `${kind}: p50`, value: seen.p50, unit: "ms", digits: 2 },
          { part, name: `${kind}: p99`, value: seen.p99, unit: "ms", digits: 2 },
          { part, name: `${kind}: p99.9`, value: seen.p999, unit: "ms", digits: 2 },
          { part, name: `${kind}: longest`, value: seen.max, unit: "ms", digits: 1 },
        ];
  return [
    { part, name: "writes acknowledged", value: writes.count, unit: "" },
    { part, name: "writes a second", value: perSecond, unit: "/s" },
    ...latencies("write", writes),
    ...latencies("read", summarize(whole.readsMs)),
    { part, name: "requests that failed", value: whole.failures, unit: "", atMost: 0 },
    ...(equal === undefined
      ? []
      : [{ part, name: "nodes differ afterwards", value: equal ? 0 : 1, unit: "", atMost: 0 }]),
  ];
}

function stallFigures({ turns, collections, ownStalls, windows }: Results): Figure[] {
  const part = "leader's event loop";
  const { durationMs } = joinWindows(windows);
  const longest = (own: readonly { ms: number }[]) => max([0, ...own.map(({ ms }) => ms)]);
  const of = (cause: ReturnType<typeof causeOf>) =>
    longest(turns.filter((turn) => causeOf(turn) === cause));
  const pauses = collections.map(({ pausedMs }) => pausedMs);
  const single = collections.map(({ pausedMsMost }) => pausedMsMost);
  const share = (100 * pauses.reduce((sum, ms) => sum + ms, 0)) / durationMs;
  const full = collections.filter(({ kind }) => kind === "full").length;
  const fine = { part, unit: "ms", digits: 1 };
  return [
    { ...fine, name: "longest stall: collection of garbage", value: of("garbage") },
    { ...fine, name: "longest stall: no processor", value: of("waiting") },
    { ...fine, name: "longest stall: its own work", value: of("work") },
    { part, name: "collections", value: collections.length, unit: "" },
    { part, name: "collections of everything", value: full, unit: "" },
    { ...fine, name: "longest single pause", value: max([0, ...single]) },
    { part, name: "paused for collections", value: share, unit: "% of time", digits: 2 },
    { ...fine, part: "driver", name: "longest stall of its own", value: longest(ownStalls) },
  ];
}

function memoryFigures(results: Results): Figure[] {
  const { memory } = results;
  const part = "memory";
  const [leader, ...followers] = slopes(results);
  if (leader === undefined) return [];
  const rise = { part, unit: "% in 10M writes", digits: 1, atMost: FLAT_PERCENT_MAX };
  const size = (name: string, bytes: number) => ({
    ...{ part, name, value: bytes / MEBIBYTE, unit: "MiB" },
  });
  const ofFollowers = memory.map(({ nodes }) => mean(nodes.slice(1)));
  return [
    size("leader, at the start", memory[0]?.nodes[0] ?? Number.NaN),
    size("leader, at the end", memory.at(-1)?.nodes[0] ?? Number.NaN),
    size("leader, most", Math.max(...memory.map(({ nodes }) => nodes[0] ?? 0))),
    size("a follower, at the start", ofFollowers[0] ?? Number.NaN),
    size("a follower, at the end", ofFollowers.at(-1) ?? Number.NaN),
    ...(Number.isFinite(leader.percent)
      ? [
          { ...rise, name: "leader: rise in the last half", value: leader.percent },
          {
            ...{ ...rise, name: "follower that rises most: the same" },
            value: max(followers.map(({ percent }) => percent)),
          },
        ]
      : []),
  ];
}
