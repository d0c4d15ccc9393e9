/** Whether what was acknowledged is still there. */
import { partitionOf } from "../../src/core/placement.ts";
import { toRequest } from "../load/request.ts";
import type { ClusterMap } from "./cluster-map.ts";
import { valueFor } from "./partition-writers.ts";
import { runRoutedLoop } from "./routed-loop.ts";

const CLIENTS = 50;
const OK = 200;

/** Reads each key at its primary; gives back those that are gone or hold something else. */
export async function findLost(map: ClusterMap, keys: readonly string[]): Promise<string[]> {
  const targets = [...new Set(map.partitions.map(({ primary }) => primary ?? ""))];
  const targetOf = map.partitions.map(({ primary }) => targets.indexOf(primary ?? ""));
  const hosts = targets.map((target) => new URL(target).host);
  const record = await runRoutedLoop({
    ...{ targets, clients: CLIENTS, requests: keys.length, keepBodies: true },
    request: (index) => {
      const key = keys[index] ?? "";
      const target = targetOf[partitionOf(key, map.partitions.length)] ?? 0;
      const bytes = toRequest({ method: "GET", path: `/kv/${key}`, host: hosts[target] ?? "" });
      return { target, bytes };
    },
  });
  return keys.filter((key, row) => {
    if (record.status[row] !== OK) return true;
    const { value } = JSON.parse(record.bodies[row] ?? "{}") as { value?: unknown };
    return value !== valueFor(key);
  });
}
