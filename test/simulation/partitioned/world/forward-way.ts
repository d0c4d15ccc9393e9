/** How a simulated worker sends calls on: as over HTTP, with answers that may get lost. */
import { KvError } from "../../../../src/base/errors.ts";
import type { Entry } from "../../../../src/core/entry.ts";
import type { KvService } from "../../../../src/http/service.ts";
import type { ForwardPort, Sent } from "../../../../src/worker/forward-port.ts";
import type { Returned } from "./calls.ts";
import type { Surroundings, WorkerProcess } from "./surroundings.ts";

/** The calls that this process sends on. */
export function createForwardWay(world: Surroundings, from: WorkerProcess): ForwardPort {
  const send = <T>(
    to: string,
    ask: (service: KvService, target: WorkerProcess) => T | Promise<T>,
  ): Promise<Sent<T>> =>
    new Promise((resolve) => {
      const place = world.places.find(({ address }) => address === to);
      if (place === undefined) {
        resolve({ kind: "unsent" });
        return;
      }
      const giveUp = from.clock.after(world.parameters.calls.forwardPatienceMs, () =>
        resolve({ kind: "lost" }),
      );
      world.calls.make({
        ...{ from, to: place.slot, target: () => place.target, mayComeTwice: false },
        // What is thrown at once becomes a rejection.
        perform: async (target: WorkerProcess) =>
          ask(target.worker.service.partitioned.here, target),
        returned: (returned) => {
          giveUp();
          resolve(sentOf(world, place.id, returned));
        },
      });
    });
  return {
    write: (to, key, value) =>
      send(to, async (service, target) => {
        const answer = await service.write(key, value);
        world.acknowledged(target, answer);
        return { ...answer, entry: asOverHttp(answer.entry), node: target.place.id };
      }),
    remove: (to, key) =>
      send(to, async (service, target) => {
        const answer = await world.watchRemoval(target, key, () => service.remove(key));
        const entry = answer.entry && asOverHttp(answer.entry);
        return { ...answer, entry, node: target.place.id };
      }),
    read: (to, key, level) =>
      send(to, async (service, target) => {
        const entry = await (level === "local"
          ? service.readLocal(key)
          : service.readLinearizable(key));
        return entry && { ...asOverHttp(entry), node: target.place.id };
      }),
    list: (to, options) =>
      send(to, async (service) => {
        const page = await service.list(options);
        return { ...page, items: page.items.map(asOverHttp) };
      }),
    dump: (to, partition) =>
      send(to, async (_service, { worker }) => {
        const entries = worker.service.partitioned.entries(partition);
        return [...entries].map(asOverHttp);
      }),
    close() {},
  };
}

function sentOf<T>(world: Surroundings, to: string, returned: Returned<T>): Sent<T> {
  if (returned.kind !== "threw") {
    return returned;
  }
  const { error } = returned;
  if (error instanceof KvError && error.status !== 500) {
    return { kind: "error", error };
  }
  world.faulty(to, error);
  return { kind: "lost" };
}

/** The fraction of an epoch never leaves the nodes. */
function asOverHttp(entry: Entry): Entry {
  return { ...entry, epoch: Math.floor(entry.epoch) };
}
