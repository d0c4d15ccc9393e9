/** What is wanted of kvnode beside its peers, and whether it is so. */

import { BASE, type Load, type Point } from "./plan.ts";
import type { Pair, Ratio } from "./ratios.ts";
import { ratioAt, ratioOf } from "./ratios.ts";
import { isAtLimit, type KeyMemory, type Results, runsAt } from "./results.ts";

export interface Wanted {
  readonly name: string;
  /** More is better; otherwise less is. */
  readonly moreIsBetter: boolean;
  /** The bound that must hold, and the one that is aimed at. */
  readonly bound: number;
  readonly aim: number;
}

export interface Judged extends Wanted {
  readonly ratio: Ratio;
  /** Whether the driver may have been the limit in one of the runs. */
  readonly atLimit: boolean;
}

interface Compared extends Wanted, Pair {
  readonly measure: "rate" | "p99";
  readonly load: Load;
  readonly connections: number;
}

const [FEW, MANY] = BASE.connections;
const WRITES = { load: "writes", measure: "rate", moreIsBetter: true } as const;
const REDIS = { ours: "kvnode-memory", theirs: "redis" } as const;
const ETCD = { ours: "kvnode-disk", theirs: "etcd-5-grpc" } as const;
const GATEWAY = { ours: "kvnode-disk", theirs: "etcd-5-json" } as const;

const COMPARED: readonly Compared[] = [
  {
    ...{ ...WRITES, ...REDIS, connections: FEW, bound: 1, aim: 1.5 },
    name: "writes/s, memory, quorum 3 / Redis SET + WAIT 3, 20 connections",
  },
  {
    ...{ ...WRITES, ...REDIS, connections: MANY, bound: 1, aim: 1.5 },
    name: "the same, 100 connections",
  },
  {
    ...{ ...REDIS, load: "writes", measure: "p99", connections: FEW },
    ...{ moreIsBetter: false, bound: 1.2, aim: 1 },
    name: "p99 of a write / Redis's, 20 connections",
  },
  {
    ...{ ...WRITES, ...ETCD, connections: FEW, bound: 2.5, aim: 5 },
    name: "writes/s, disk, quorum 3 of 5 / etcd, 5 members, at its leader (gRPC), 20 connections",
  },
  {
    ...{ ...WRITES, ...GATEWAY, connections: FEW, bound: 2.5, aim: 5 },
    name: "the same through etcd's JSON gateway",
  },
  {
    ...{ ...WRITES, ...ETCD, connections: MANY, bound: 3, aim: 5 },
    name: "writes/s, disk / etcd, 5 members, at its leader (gRPC), 100 connections",
  },
  {
    ...{ ...WRITES, ...GATEWAY, connections: MANY, bound: 3, aim: 5 },
    name: "the same through etcd's JSON gateway",
  },
  {
    ...{ ...WRITES, ours: "kvnode-memory", theirs: "report-000", connections: FEW },
    ...{ bound: 200, aim: 300, name: "writes/s / report 000 rebuilt, 20 connections" },
  },
  {
    ...{ ...WRITES, ours: "kvnode-memory", theirs: "report-002", connections: FEW },
    ...{ bound: 40, aim: 60, name: "writes/s / report 002 rebuilt, 20 connections" },
  },
  {
    ...{ ...REDIS, load: "reads", measure: "rate", connections: FEW },
    ...{ moreIsBetter: true, bound: 0.6, aim: 0.8 },
    name: "reads/s at one node / Redis GET, 20 connections",
  },
];

const MEMORY = { moreIsBetter: false, bound: 2, aim: 1.2, atLimit: false } as const;

/** Every figure of which both sides were measured. */
export function judge(results: Results): Judged[] {
  const compared = COMPARED.flatMap((each) => {
    const point = pointOf(each);
    const ratio = ratioAt(results, each, point, each.measure);
    if (ratio === undefined) return [];
    const runs = [each.ours, each.theirs].flatMap((name) => runsAt(results, name, point));
    const { name, moreIsBetter, bound, aim } = each;
    return [{ name, moreIsBetter, bound, aim, ratio, atLimit: runs.some(isAtLimit) }];
  });
  return [...compared, ...judgeMemory(results.memory)];
}

function judgeMemory(memory: readonly KeyMemory[]): Judged[] {
  const ours = memory.find(({ system }) => system === "kvnode-memory");
  const theirs = memory.find(({ system }) => system === "redis");
  if (ours === undefined || theirs === undefined) return [];
  const keys = ours.keys.toLocaleString("en-US");
  const leader = ratioOf([ours.leaderBytes / theirs.leaderBytes]);
  const follower = ratioOf([ours.followerBytes / theirs.followerBytes]);
  return [
    { who: "leader / Redis's master", ratio: leader },
    { who: "follower / Redis's replica", ratio: follower },
  ].flatMap(({ who, ratio }) => {
    const name = `memory per key, ${who} (100-byte values, ${keys} keys)`;
    return ratio === undefined ? [] : [{ ...MEMORY, name, ratio }];
  });
}

function pointOf({ load, connections }: Compared): Point {
  return { load, connections, quorum: BASE.quorum, valueBytes: BASE.valueBytes };
}

/** Whether the median of the rounds is within this bound. */
export function isWithin(judged: Judged, bound: number): boolean {
  return judged.moreIsBetter ? judged.ratio.median >= bound : judged.ratio.median <= bound;
}
