/**
 * What is measured, in which order. The whole matrix would take hours, so it is thinned: a base
 * point (writes, quorum 3, 100 bytes, 20 and 100 connections), and from there one axis at a time.
 */
import { createSeededRandom } from "../../src/base/random.ts";
import { shuffled } from "../quorum/plan.ts";
import { CONTESTANTS, type Contestant, type System } from "./contestants.ts";

export const LOADS = ["writes", "reads", "spread-reads", "mix"] as const;
/** Reads go to the leader, or to all nodes in turn; the mix has nine reads for each write. */
export type Load = (typeof LOADS)[number];

export interface Point {
  readonly load: Load;
  /** Nodes beside the leader that confirm a write. */
  readonly quorum: number;
  readonly connections: number;
  readonly valueBytes: number;
}

export interface Measurement {
  readonly point: Point;
  readonly contestant: Contestant;
  /** From 0. */
  readonly round: number;
}

export interface Extent {
  readonly systems: readonly System[];
  readonly loads: readonly Load[];
  readonly quorums: readonly number[];
  readonly connections: readonly number[];
  readonly values: readonly number[];
  /** Of the base points, which the figures are made of. */
  readonly rounds: number;
  /** Of all others. */
  readonly axisRounds: number;
  readonly seed: number;
}

export const BASE = { quorum: 3, valueBytes: 100, connections: [20, 100] } as const;
/** The slow peers are not asked by more. */
const CONNECTIONS_OF_REPORTS_MAX = 100;

/** Every point once: base points first, then along each axis. */
export function pointsOf(extent: Pick<Extent, "loads" | "quorums" | "connections" | "values">) {
  const { loads, quorums, connections, values } = extent;
  const base = baseConnections(connections);
  const [few = 1] = base;
  const { quorum, valueBytes } = BASE;
  const points: Point[] = [];
  if (loads.includes("writes")) {
    const write = { load: "writes", quorum, connections: few, valueBytes } as const;
    points.push(...connections.map((each) => ({ ...write, connections: each })));
    points.push(...others(quorums, quorum).map((each) => ({ ...write, quorum: each })));
    points.push(...others(values, valueBytes).map((each) => ({ ...write, valueBytes: each })));
  }
  for (const load of loads) {
    if (load === "writes") continue;
    points.push(...base.map((each) => ({ load, quorum, connections: each, valueBytes })));
  }
  return points;
}

/** `writes, quorum 3, 100 bytes, 20 connections` */
export function describePoint({ load, quorum, valueBytes, connections }: Point): string {
  const many = connections === 1 ? "connection" : "connections";
  return `${load}, quorum ${quorum}, ${valueBytes} bytes, ${connections} ${many}`;
}

/** Whether figures are made of it. */
export function isBase({ load, quorum, connections, valueBytes }: Point): boolean {
  const [few, many] = BASE.connections;
  if (quorum !== BASE.quorum || valueBytes !== BASE.valueBytes) return false;
  if (connections === few) return load === "writes" || load === "reads";
  return connections === many && load === "writes";
}

/** Whether a contestant is asked at a point. */
export function takesPart({ system, way }: Contestant, point: Point): boolean {
  const base = BASE.connections.some((each) => each === point.connections);
  const usual = point.quorum === BASE.quorum && point.valueBytes === BASE.valueBytes;
  switch (system) {
    case "kvnode-memory":
    case "kvnode-disk":
    case "redis":
      return true;
    case "etcd-5":
      // Its majority is what it is.
      if (point.quorum !== BASE.quorum) return false;
      return way === "etcd-grpc" || (base && usual && point.load !== "spread-reads");
    case "etcd-3":
      return base && usual && point.load === "writes";
    case "report-000":
    case "report-002": {
      const bearable = point.connections <= CONNECTIONS_OF_REPORTS_MAX;
      return bearable && point.load === "writes" && point.valueBytes === BASE.valueBytes;
    }
  }
}

/** Round by round, the points shuffled and at each point the contestants, one behind the other. */
export function planOf(extent: Extent): Measurement[] {
  const random = createSeededRandom(extent.seed);
  const contestants = CONTESTANTS.filter(({ system }) => extent.systems.includes(system));
  const points = pointsOf(extent);
  const plan: Measurement[] = [];
  for (let round = 0; round < Math.max(extent.rounds, extent.axisRounds); round++) {
    const due = points.filter((each) => round < (isBase(each) ? extent.rounds : extent.axisRounds));
    for (const point of shuffled(due, random)) {
      const asked = contestants.filter((each) => takesPart(each, point));
      plan.push(...shuffled(asked, random).map((contestant) => ({ point, contestant, round })));
    }
  }
  return plan;
}

function baseConnections(connections: readonly number[]): readonly number[] {
  const base = connections.filter((each) => BASE.connections.some((known) => known === each));
  return base.length > 0 ? base : connections.slice(0, 1);
}

function others(all: readonly number[], known: number): number[] {
  return all.filter((each) => each !== known);
}
