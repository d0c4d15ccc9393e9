/**
 * Who should keep each partition if it were for nothing but balance: the best of the workers that
 * can be given any, by rendezvous. Kept up to date with what changes: a worker that goes costs a
 * new choice for the partitions that it was chosen for, one that comes costs one score each.
 */
import { Candidates, insert, partitionSeed, scoreOf, workerSeed } from "../core/placement.ts";

export interface Eligible {
  readonly id: string;
  readonly slot: number;
}

export class Ideals {
  readonly #partitions: number;
  readonly #replicas: number;
  /** Of partition p from p × replicas on, best first; −1 nobody. */
  readonly #slots: Int32Array;
  readonly #scores: Float64Array;
  #eligible = new Set<number>();

  constructor(partitions: number, replicas: number) {
    this.#partitions = partitions;
    this.#replicas = replicas;
    this.#slots = new Int32Array(partitions * replicas).fill(-1);
    this.#scores = new Float64Array(partitions * replicas).fill(-1);
  }

  /** Slots, best first; fewer than replicas where there are fewer workers. */
  of(partition: number): number[] {
    const at = partition * this.#replicas;
    const slots: number[] = [];
    for (let index = at; index < at + this.#replicas; index++) {
      const slot = this.#slots[index] as number;
      if (slot >= 0) {
        slots.push(slot);
      }
    }
    return slots;
  }

  /** Takes in who can be given partitions now; returns those whose ideal has changed. */
  update(eligible: readonly Eligible[]): ReadonlySet<number> {
    const slots = new Set(eligible.map((worker) => worker.slot));
    const gone = [...this.#eligible].filter((slot) => !slots.has(slot));
    const come = eligible.filter((worker) => !this.#eligible.has(worker.slot));
    const changed = new Set<number>();
    if (gone.length === 0 && come.length === 0) {
      return changed;
    }
    this.#eligible = slots;
    const candidates = new Candidates(eligible);
    if (come.length > eligible.length / 2) {
      for (let partition = 0; partition < this.#partitions; partition++) {
        this.#choose(partition, candidates);
        changed.add(partition);
      }
      return changed;
    }
    this.#without(new Set(gone), candidates, changed);
    for (const worker of come) {
      this.#with(worker, changed);
    }
    return changed;
  }

  #without(gone: ReadonlySet<number>, candidates: Candidates, changed: Set<number>): void {
    if (gone.size === 0) {
      return;
    }
    for (let index = 0; index < this.#slots.length; index++) {
      if (gone.has(this.#slots[index] as number)) {
        const partition = Math.floor(index / this.#replicas);
        this.#choose(partition, candidates);
        changed.add(partition);
      }
    }
  }

  #with(worker: Eligible, changed: Set<number>): void {
    const seed = workerSeed(worker.id);
    for (let partition = 0; partition < this.#partitions; partition++) {
      const at = partition * this.#replicas;
      const last = at + this.#replicas - 1;
      const score = scoreOf(partitionSeed(partition), seed);
      if (score > (this.#scores[last] as number) && !this.#has(partition, worker.slot)) {
        insert({ slot: worker.slot, score }, last, {
          slots: this.#slots,
          scores: this.#scores,
          at,
        });
        changed.add(partition);
      }
    }
  }

  /** True where it was taken into account already, as one of all candidates. */
  #has(partition: number, slot: number): boolean {
    return this.of(partition).includes(slot);
  }

  #choose(partition: number, candidates: Candidates): void {
    candidates.best(partition, this.#replicas, {
      slots: this.#slots,
      scores: this.#scores,
      at: partition * this.#replicas,
    });
  }
}
