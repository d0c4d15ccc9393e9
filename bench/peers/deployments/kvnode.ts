/** Our own group: one leader and five followers, in memory or on disk, without simulated delay. */
import { nodeCommand } from "../../cluster/node-process.ts";
import { BenchError } from "../../quorum/bench-error.ts";
import { startOwnCluster } from "../../quorum/own-cluster.ts";
import { type Deployment, type Place, REPLICAS, type Target } from "./deployment.ts";

/** Resolves when every follower is synced. */
export async function startKvnode(
  storage: "memory" | "disk",
  { directory, logDirectory, quorum }: Place,
): Promise<Deployment> {
  const cluster = await startOwnCluster({
    ...{ followers: REPLICAS, writeQuorum: quorum, minDelayMs: 0, maxDelayMs: 0, logDirectory },
    dataDirectory: storage === "disk" ? directory : undefined,
  });
  const leader = targetOf(cluster.leader);
  const all = [leader, ...cluster.followers.map(targetOf)];
  const ids = [...cluster.processIds.slice(-1), ...cluster.processIds.slice(0, -1)];
  let held = quorum;
  return {
    description:
      `kvnode (${nodeCommand().name}), ${storage === "disk" ? "on disk" : "in memory"}, ` +
      `1 leader, ${REPLICAS} followers`,
    processIds: () => ids,
    targets: async () => ({ leader, all }),
    async setQuorum(wanted) {
      if (wanted === held) return;
      const response = await fetch(`${cluster.leader}/config`, {
        method: "PATCH",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ writeQuorum: wanted }),
      });
      if (!response.ok) {
        throw new BenchError(`kvnode does not take quorum ${wanted}: ${await response.text()}`);
      }
      held = wanted;
    },
    check: () => cluster.check(),
    stop: () => cluster.stop(),
  };
}

function targetOf(url: string): Target {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port) };
}
