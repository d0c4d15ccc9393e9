/** Whether what was acknowledged is still there. */
import { partitionOf } from "../../src/core/placement.ts";
import { toTarget } from "../load/load.ts";
import { toRequest } from "../load/request.ts";
import { runRoutedLoop } from "../load/routed-loop.ts";
import type { ClusterMap } from "./cluster-map.ts";
import { AS_ROUTED } from "./key-load.ts";
import { valueFor } from "./partition-writers.ts";

const CLIENTS = 50;
const OK = 200;

/** Reads each key at its primary; gives back those that are gone or hold something else. */
export async function findLost(map: ClusterMap, keys: readonly string[]): Promise<string[]> {
  const targets = [...new Set(map.partitions.map(({ primary }) => primary ?? ""))];
  const places = map.partitions.map(({ primary }) => targets.indexOf(primary ?? ""));
  const targetOf = keys.map((key) => places[partitionOf(key, map.partitions.length)] ?? 0);
  const hosts = targets.map((target) => new URL(target).host);
  const record = await runRoutedLoop({
    ...{ ...AS_ROUTED, targets: targets.map(toTarget), clients: CLIENTS },
    ...{ requests: keys.length, keepBodies: true },
    route: (index) => targetOf[index] ?? 0,
    request(index) {
      const host = hosts[targetOf[index] ?? 0] ?? "";
      return toRequest({ method: "GET", path: `/kv/${keys[index] ?? ""}`, host });
    },
  });
  return keys.filter((key, row) => {
    if (record.status[row] !== OK) return true;
    const { value } = JSON.parse(record.bodies[row] ?? "{}") as { value?: unknown };
    return value !== valueFor(key);
  });
}
