/**
 * Whom a misfortune may befall. The promise covers the loss of what WRITE_QUORUM − 1 workers hold;
 * so of each partition's copies that count, or are about to, no more are lost at a time.
 */
import type { Random } from "../../../../src/base/random.ts";
import { chance, pick } from "../../draw.ts";
import type { ClusterWorld } from "../world/cluster-world.ts";
import type { WorkerPlace } from "../world/worker-place.ts";

/** How many of those who gave a promise or lead are remembered. */
const NOTED = 4;

export class Victims {
  readonly #world: ClusterWorld;
  readonly #random: Random;
  /** Places that have just said something that others rely on. */
  readonly #noted: number[] = [];
  /** Learners that lost what they held, by partition, worker and copy. */
  readonly #lostLearners = new Set<string>();

  constructor(world: ClusterWorld, random: Random) {
    this.#world = world;
    this.#random = random;
  }

  /** This one has just said something that others rely on. */
  note(slot: number): void {
    this.#noted.push(slot);
    this.#noted.splice(0, this.#noted.length - NOTED);
  }

  anyRunning(): WorkerPlace | undefined {
    return this.#pick(({ process }) => process !== undefined);
  }

  /** A process whose death is covered by the promise, whatever it forgets by that. */
  mayDie(place: WorkerPlace): boolean {
    const { durable } = this.#world.parameters;
    return place.process !== undefined && (durable || this.mayForget(place));
  }

  anyThatMayDie(): WorkerPlace | undefined {
    return this.#pick((place) => this.mayDie(place));
  }

  anyThatMayForget(): WorkerPlace | undefined {
    return this.#pick((place) => place.added && this.mayForget(place));
  }

  /** All that this worker knows may be lost now. */
  mayForget(place: WorkerPlace): boolean {
    const { parameters, decisions } = this.#world;
    return [...decisions.newest.values()].every((assignment) => {
      const { partition, members, earlier, learners } = assignment;
      const counting = new Map<string, number>();
      for (const { worker, copy } of [...earlier.map((one) => one.members), members].flat()) {
        counting.set(worker, copy);
      }
      for (const { worker, copy } of learners) {
        if (worker === place.id || this.#lostLearners.has(`${partition} ${worker} ${copy}`)) {
          counting.set(worker, copy);
        }
      }
      if (!counting.has(place.id) || place.remembers(partition) !== counting.get(place.id)) {
        return true;
      }
      const lost = [...counting].filter(
        ([id, copy]) => id === place.id || this.#isLost(id, partition, copy),
      );
      return lost.length < parameters.writeQuorum;
    });
  }

  /** To be called when one that `mayForget` does so. */
  forgets(place: WorkerPlace): void {
    for (const { partition, learners } of this.#world.decisions.newest.values()) {
      const learner = learners.find(({ worker }) => worker === place.id);
      if (learner !== undefined && place.remembers(partition) !== undefined) {
        this.#lostLearners.add(`${partition} ${learner.worker} ${learner.copy}`);
      }
    }
  }

  #isLost(id: string, partition: number, copy: number): boolean {
    const { places, parameters } = this.#world;
    const place = places.find((each) => each.id === id);
    const isEnding = !parameters.durable && place?.leaving === true;
    return place?.remembers(partition) !== copy || isEnding;
  }

  #pick(may: (place: WorkerPlace) => boolean): WorkerPlace | undefined {
    const random = this.#random;
    if (this.#noted.length > 0 && chance(random, 0.5)) {
      const noted = this.#world.place(pick(random, this.#noted));
      if (may(noted)) {
        return noted;
      }
    }
    const possible = this.#world.places.filter(may);
    return possible.length === 0 ? undefined : pick(random, possible);
  }
}
