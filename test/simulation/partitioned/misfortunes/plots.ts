/**
 * Misfortunes that only hurt in a certain order, which chance hardly ever finds. Whom they befall
 * and when is drawn; the order is given. They keep within the promise as all others do.
 *
 * - *Usurpation*: a primary and a few of its members hear nothing of the others and the controller,
 *   for so long that another primary is appointed, with other members perhaps. Meanwhile those on
 *   either side die and come back, and one of them forgets what it promised.
 */
import type { Random } from "../../../../src/base/random.ts";
import { between, chance, logUniform, pick } from "../../draw.ts";
import { type Way, waysBetween } from "../../world/cuts.ts";
import type { ClusterWorld } from "../world/cluster-world.ts";
import type { WorkerPlace } from "../world/worker-place.ts";

export interface PlotWeapons {
  readonly world: ClusterWorld;
  readonly random: Random;
  die(place: WorkerPlace): void;
  forget(place: WorkerPlace): void;
  cut(ways: readonly Way[], what: string, forMs: number): void;
}

export function usurp({ world, random, die, forget, cut }: PlotWeapons): void {
  const { decisions, places, controller, parameters, clock } = world;
  const partitions = [...decisions.newest.values()];
  if (partitions.length === 0) {
    return;
  }
  const { primary, members } = pick(random, partitions);
  const others = members.map(({ worker }) => worker).filter((worker) => worker !== primary);
  const few = between(random, 0, Math.min(others.length, parameters.writeQuorum - 1));
  const exiled = [primary, ...shuffled(random, others).slice(0, few)];
  const here = places.filter(({ id }) => exiled.includes(id));
  const there = places.filter(({ id }) => !exiled.includes(id));
  const forMs = parameters.calls.heartbeatTimeoutMs * logUniform(random, 1.5, 5);
  const slotsOf = (side: readonly WorkerPlace[]) => side.map(({ slot }) => slot);
  cut(
    waysBetween(slotsOf(here), [...slotsOf(there), controller.slot]),
    "a usurpation begins",
    forMs,
  );
  const within = (act: () => void) => clock.after(random.next() * forMs * 1.3, act);
  if (chance(random, 0.6)) {
    within(() => forget(pick(random, places)));
  }
  for (const side of [here, there]) {
    if (side.length > 0 && chance(random, 0.4)) {
      within(() => die(pick(random, side)));
    }
  }
}

function shuffled<T>(random: Random, items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, at: random.next() }))
    .sort((one, other) => one.at - other.at)
    .map(({ item }) => item);
}
