/**
 * Whether all is where it belongs: each partition at the workers that rendezvous hashing wants, led
 * by the first of them, all of them equal, and nobody keeps what nobody wants.
 */

import type { Assignment } from "../../../../src/core/assignment.ts";
import { Candidates } from "../../../../src/core/placement.ts";
import type { ClusterWorld } from "../world/cluster-world.ts";

/** What is not where it belongs, in a sentence; undefined: all is. */
export function findMisplaced(world: ClusterWorld): string | undefined {
  const state = world.controller.process?.controller.state;
  if (state === undefined) {
    return "the controller knows nothing";
  }
  const ending = world.places.find(({ process, leaving }) => process === undefined || leaving);
  if (ending !== undefined) {
    return `${ending.id} is still to end, or to come back`;
  }
  const eligible = state.workers.filter(({ record }) => !record.draining);
  const candidates = new Candidates(eligible.map(({ record }) => record));
  for (const { partition, assignment } of state.partitions) {
    if (assignment === undefined) {
      return `partition ${partition} is kept by nobody`;
    }
    const slots = new Int32Array(state.identity.replicas).fill(-1);
    const scores = new Float64Array(state.identity.replicas).fill(-1);
    candidates.best(partition, slots.length, { slots, scores, at: 0 });
    const ideal = [...slots].flatMap((slot) => state.workers[slot]?.record.id ?? []);
    const wrong = misplacedIn(assignment, ideal) ?? differenceIn(world, assignment);
    if (wrong !== undefined) {
      return `partition ${partition}: ${wrong}`;
    }
  }
  return uselessCopy(world);
}

function misplacedIn(assignment: Assignment, ideal: readonly string[]): string | undefined {
  const { members, primary, earlier, learners, retained } = assignment;
  const names = members.map(({ worker }) => worker).sort();
  if (names.join() !== [...ideal].sort().join()) {
    return `kept by ${names.join()}, where ${ideal.join()} should`;
  }
  if (primary !== ideal[0]) {
    return `led by ${primary}, where ${ideal[0]} should`;
  }
  const rest = { earlier, learners, retained };
  for (const [what, left] of Object.entries(rest)) {
    if (left.length > 0) {
      return `still has ${what}: ${JSON.stringify(left)}`;
    }
  }
  return undefined;
}

/** Every member is up to date with the primary and holds the same. */
function differenceIn(world: ClusterWorld, assignment: Assignment): string | undefined {
  const { partition, members, primary, generation } = assignment;
  const shown = members.map(({ worker: id, copy }) => {
    const worker = world.places.find((place) => place.id === id)?.process?.worker;
    const group = worker?.node.groups.get(partition);
    if (group === undefined || group.blank || group.record.copy !== copy) {
      return { id, is: "has no such copy" };
    }
    const digest = group.replica.digest();
    const watermark = group.leader?.sequence ?? group.follower.core.standing.watermark;
    return { id, is: `${digest.keys} keys up to ${watermark} ${digest.toHex()}` };
  });
  if (new Set(shown.map(({ is }) => is)).size > 1) {
    return shown.map(({ id, is }) => `${id} ${is}`).join("; ");
  }
  const leader = world.places.find(({ id }) => id === primary)?.process?.worker;
  const led = leader?.node.groups.get(partition)?.leader;
  return led !== undefined && Math.floor(led.epoch) === generation
    ? undefined
    : `${primary} does not lead generation ${generation}`;
}

function uselessCopy(world: ClusterWorld): string | undefined {
  const { newest } = world.decisions;
  for (const { worker, place } of world.processes) {
    const held = [...worker.node.groups.keys()];
    const stored = [...worker.node.storedCopies].filter(([, copy]) => copy > 0);
    for (const partition of [...held, ...stored.map(([group]) => group)]) {
      const wanted = newest.get(partition)?.members.some((copy) => copy.worker === place.id);
      if (wanted !== true) {
        return `${place.id} keeps a copy of partition ${partition} that nobody wants`;
      }
    }
  }
  return undefined;
}
