/** What several plots say below their titles. */
import { REPLICAS } from "../deployments/deployment.ts";
import { BASE, type Point } from "../plan.ts";
import type { Results } from "../results.ts";

/** Who is measured. */
export const WHO =
  `kvnode and the reports: 1 leader, ${REPLICAS} followers. Redis: 1 master, ${REPLICAS} replicas` +
  ", SET + WAIT. etcd: asked at its leader.";

export const WHERE =
  "All processes and the driver share the machine’s cores. Closed loop; bars: worst–best round.";

/** The base point with its few connections, or the fewest that were asked for. */
export function basePoint({ runs }: Pick<Results, "runs">): Point {
  const { quorum, valueBytes } = BASE;
  const asked = runs
    .filter(({ point }) => point.quorum === quorum && point.valueBytes === valueBytes)
    .map(({ point }) => point.connections);
  const [few] = BASE.connections;
  const connections = asked.includes(few) ? few : Math.min(...asked);
  return { load: "writes", quorum, valueBytes, connections };
}

/** `16 bytes`, `64 KiB` */
export function describeBytes(bytes: number): string {
  return bytes >= 1024 && bytes % 1024 === 0 ? `${bytes / 1024} KiB` : `${bytes} bytes`;
}

/** `20 connections` */
export function describeConnections(connections: number): string {
  return `${connections} ${connections === 1 ? "connection" : "connections"}`;
}
