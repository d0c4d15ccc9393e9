/**
 * The ways to the workers. What they call themselves may lead nowhere from here (names inside a
 * container network) or to somebody else (127.0.0.1 of another machine); then the controller passes
 * the calls on.
 */
import { CommandError } from "../exit-code.ts";
import type { NodeClient } from "../node-client.ts";
import type { WorkerAnswer } from "./cluster-status.ts";

/** Who must answer before the way through the controller is taken. */
const DIRECT_TIMEOUT_MS = 1_000;

/** A client for each worker, by its id. */
export async function reachWorkers(
  controller: NodeClient,
  workers: readonly WorkerAnswer[],
): Promise<ReadonlyMap<string, NodeClient>> {
  const reached = workers.map(async ({ id, address }) => {
    const direct = controller.at(address);
    const way = (await answersAs(id, direct.within(DIRECT_TIMEOUT_MS)))
      ? direct
      : controller.at(`${controller.url}/via/${id}`);
    return [id, way] as const;
  });
  return new Map(await Promise.all(reached));
}

async function answersAs(id: string, client: NodeClient): Promise<boolean> {
  try {
    return (await client.get("/status?data=false")).node === id;
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return false;
  }
}
