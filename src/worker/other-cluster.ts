/** What a worker's directory holds belongs to a cluster that its settings do not mean. */
import type { ClusterIdentity } from "../core/assignment.ts";

/** `message` says in one sentence what to do. */
export class OtherClusterError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "OtherClusterError";
  }
}

/** Throws OtherClusterError; `partitions` is undefined where nobody has given a number. */
export function checkCluster(
  stored: ClusterIdentity,
  asked: { readonly cluster: string; readonly partitions: number | undefined },
): void {
  if (stored.name !== asked.cluster) {
    throw new OtherClusterError(
      `CLUSTER="${asked.cluster}" is not allowed: the data directory belongs to the cluster ` +
        `"${stored.name}"; set that, or give this worker another DATA_DIR.`,
    );
  }
  if (asked.partitions !== undefined && asked.partitions !== stored.partitions) {
    throw new OtherClusterError(
      `PARTITIONS="${asked.partitions}" is not allowed: the data directory belongs to a cluster ` +
        `with ${stored.partitions} partitions, which never change; leave it out, or give this ` +
        "worker another DATA_DIR.",
    );
  }
}
