/** People who empty workers and fill them again while all goes wrong. */
import { KvError } from "../../../../src/base/errors.ts";
import type { Random } from "../../../../src/base/random.ts";
import { chance, pick } from "../../draw.ts";
import type { ClusterWorld } from "../world/cluster-world.ts";

/** Somebody empties a worker, or stops doing so; as many as it takes for all copies are left. */
export function drainWorker(world: ClusterWorld, random: Random): void {
  const { process } = world.controller;
  const workers = process?.controller.state?.workers ?? [];
  if (workers.length === 0) {
    return;
  }
  const { record } = pick(random, workers);
  const kept = workers.filter((worker) => !worker.record.draining && worker.record !== record);
  if (record.draining || kept.length >= world.parameters.replicas) {
    drain(world, record.id, !record.draining);
  }
}

/**
 * In half of the runs, and where too few would be left, nobody is to be emptied any more in the
 * end.
 */
export function undrainAll(world: ClusterWorld, random: Random): void {
  const all = chance(random, 0.5);
  // A controller that is only just coming back knows nothing yet.
  world.clock.after(1_000, () => {
    const workers = world.controller.process?.controller.state?.workers ?? [];
    const kept = workers.filter(({ record }) => !record.draining);
    for (const { record } of workers) {
      if (record.draining && (all || kept.length < world.parameters.replicas)) {
        drain(world, record.id, false);
      }
    }
  });
}

/** Without a controller nothing comes of it. */
export function drain(world: ClusterWorld, id: string, draining: boolean): void {
  const { process } = world.controller;
  world.trace.tell(`operator: ${draining ? "empty" : "fill"} ${id}`);
  process?.gate.run(() => {
    process.controller.drain(id, draining).catch((error: unknown) => {
      if (!(error instanceof KvError) || error.status === 500) {
        world.faulty(process.name, error);
      }
    });
  });
}
