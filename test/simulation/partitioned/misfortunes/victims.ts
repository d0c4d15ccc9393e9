/**
 * Whom a misfortune may befall. The promise covers the loss of what WRITE_QUORUM − 1 workers hold;
 * so of each partition's copies that count, or are about to, no more are lost at a time.
 */
import type { Random } from "../../../../src/base/random.ts";
import type { Assignment } from "../../../../src/core/assignment.ts";
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
    return this.#assignments.every((assignment) => {
      const { partition } = assignment;
      const counting = this.#countingIn(assignment, place);
      const own = counting.get(place.id);
      const forgets = own !== undefined && place.remembers(partition) === own;
      return !forgets || this.#allowsOneMore(partition, counting, place);
    });
  }

  /** It will end, some seconds later; whatever it holds by then may be lost with it. */
  mayLeave(place: WorkerPlace): boolean {
    const { durable } = this.#world.parameters;
    const mayForgetAnything = () =>
      this.#assignments.every((assignment) => {
        const counting = this.#countingIn(assignment, place);
        return this.#allowsOneMore(assignment.partition, counting, place);
      });
    return place.process !== undefined && (durable || mayForgetAnything());
  }

  anyThatMayLeave(): WorkerPlace | undefined {
    return this.#pick((place) => this.mayLeave(place));
  }

  get #assignments(): Assignment[] {
    return [...this.#world.decisions.newest.values()];
  }

  /** By worker, the copies that count, or are about to. */
  #countingIn(assignment: Assignment, place: WorkerPlace): Map<string, number> {
    const { partition, members, earlier, learners } = assignment;
    const counting = new Map<string, number>();
    for (const { worker, copy } of [...earlier.map((one) => one.members), members].flat()) {
      counting.set(worker, copy);
    }
    for (const { worker, copy } of learners) {
      // It may be made a member on the strength of what its primary saw before.
      if (worker === place.id || this.#world.hasHeld(worker, partition, copy)) {
        counting.set(worker, copy);
      }
    }
    return counting;
  }

  #allowsOneMore(
    partition: number,
    counting: ReadonlyMap<string, number>,
    place: WorkerPlace,
  ): boolean {
    const { parameters, places } = this.#world;
    const others = [...counting].filter(
      ([id, copy]) => id !== place.id && this.#isLost(id, partition, copy),
    );
    // Whoever ends soon may have come to count by then.
    const ending = places.filter(
      ({ id, leaving }) => !parameters.durable && leaving && id !== place.id && !counting.has(id),
    );
    return others.length + ending.length + 1 < parameters.writeQuorum;
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
