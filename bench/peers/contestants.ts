/** Who is measured: each system as it is asked, and the processes that it needs. */
import { COLORS } from "../plot/style.ts";
import type { Deployment, Place } from "./deployments/deployment.ts";
import { startEtcd } from "./deployments/etcd.ts";
import { startKvnode } from "./deployments/kvnode.ts";
import { startRedis } from "./deployments/redis.ts";
import { startReport } from "./deployments/report.ts";
import { NEEDS, type Need } from "./packages.ts";

export const SYSTEMS = [
  ...["kvnode-memory", "kvnode-disk", "redis", "etcd-5", "etcd-3", "report-000", "report-002"],
] as const;
export type System = (typeof SYSTEMS)[number];

/** How a system is asked; the names of the driver's protocols. */
export type Way = "kvnode" | "redis" | "etcd-grpc" | "etcd-gateway" | "report-000" | "report-002";

/** A system asked in one way. */
export interface Contestant {
  /** In tables and files. */
  readonly name: string;
  /** In plots. */
  readonly title: string;
  readonly system: System;
  readonly way: Way;
  /** In plots, where another way to ask the same system is dashed. */
  readonly color: string;
}

const [BLUE, ORANGE, GREEN, PURPLE, RED, SKY, BROWN] = COLORS;

/** In the order in which tables and plots name them. */
export const CONTESTANTS = [
  of("kvnode-memory", "kvnode, memory", { system: "kvnode-memory", way: "kvnode", color: BLUE }),
  of("redis", "Redis", { system: "redis", way: "redis", color: RED }),
  of("kvnode-disk", "kvnode, disk", { system: "kvnode-disk", way: "kvnode", color: SKY }),
  of("etcd-5-grpc", "etcd 5, gRPC", { system: "etcd-5", way: "etcd-grpc", color: ORANGE }),
  of("etcd-5-json", "etcd 5, JSON", { system: "etcd-5", way: "etcd-gateway", color: ORANGE }),
  of("etcd-3-grpc", "etcd 3, gRPC", { system: "etcd-3", way: "etcd-grpc", color: PURPLE }),
  of("etcd-3-json", "etcd 3, JSON", { system: "etcd-3", way: "etcd-gateway", color: PURPLE }),
  of("report-002", "report 002", { system: "report-002", way: "report-002", color: GREEN }),
  of("report-000", "report 000", { system: "report-000", way: "report-000", color: BROWN }),
] as const satisfies readonly Contestant[];

function of<Name extends string>(
  name: Name,
  title: string,
  rest: Omit<Contestant, "name" | "title">,
): Contestant & { readonly name: Name } {
  return { name, title, ...rest };
}

/** A contestant's name. */
export type Name = (typeof CONTESTANTS)[number]["name"];

interface Start {
  /** Undefined where it needs no package. */
  readonly need: Need | undefined;
  readonly start: (place: Place) => Promise<Deployment>;
}

/** How the processes of each system are started, and what must be installed for it. */
export const STARTS: Readonly<Record<System, Start>> = {
  "kvnode-memory": { need: undefined, start: (place) => startKvnode("memory", place) },
  "kvnode-disk": { need: undefined, start: (place) => startKvnode("disk", place) },
  redis: { need: NEEDS.redis, start: startRedis },
  "etcd-5": { need: NEEDS.etcd, start: (place) => startEtcd(5, place) },
  "etcd-3": { need: NEEDS.etcd, start: (place) => startEtcd(3, place) },
  "report-000": { need: NEEDS.flask, start: (place) => startReport("000", place) },
  "report-002": { need: NEEDS.aiohttp, start: (place) => startReport("002", place) },
};
