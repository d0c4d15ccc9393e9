/** Notices that a controller does not take its own cluster's workers, and never will. */
import { CommandError } from "../exit-code.ts";
import { NodeClient } from "../node-client.ts";
import { readCluster } from "../partitioned/cluster-status.ts";
import type { PartitionedPlan } from "./plan-partitioned.ts";

const ASK_TIMEOUT_MS = 1_000;
/** A refusal that stands so long is no late word of a process that is gone. */
const STANDS_MS = 1_500;

/** Gives, when it is called now and then, the controller's refusal once that will not pass. */
export function refusalWatch(plan: PartitionedPlan): () => Promise<string | undefined> {
  const controller = new NodeClient(plan.controller.address, ASK_TIMEOUT_MS);
  const addresses = new Set(plan.workers.map(({ address }) => address));
  let sinceMs: number | undefined;
  return async () => {
    const refused = (await refusals(controller)).find(({ address }) => addresses.has(address));
    if (refused === undefined) {
      sinceMs = undefined;
      return undefined;
    }
    sinceMs ??= performance.now();
    if (performance.now() - sinceMs < STANDS_MS) return undefined;
    const hint =
      refused.error === "id_taken"
        ? " The data was begun with other ports: give the --port of then, or another --data-dir."
        : "";
    return `The controller refuses ${refused.id}: ${refused.message}${hint}`;
  };
}

/** None as long as the controller does not answer. */
async function refusals(controller: NodeClient) {
  try {
    return (await readCluster(controller)).status.refused;
  } catch (error) {
    if (error instanceof CommandError) return [];
    throw error;
  }
}
