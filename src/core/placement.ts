/**
 * Which partition a key belongs to, and which workers should keep a partition.
 *
 * Keys: SHA-256, so that no choice of keys can crowd one partition, modulo a number of partitions
 * that never changes. Partitions: rendezvous hashing (Thaler, Ravishankar, 1998). Each pair of
 * partition and worker has a fixed score; a partition is kept by the workers with the highest ones.
 * When a worker leaves, only what it kept moves; when one comes, it takes just its share.
 *
 * A score is computed for every pair in a full plan (100 million for 1,000 workers and 100,000
 * partitions), so it is a short integer mix over numbers that are computed once for each side.
 */
import { sha256Prefix } from "../base/sha256.ts";

/** 0 … partitions − 1; the same for ever. */
export function partitionOf(key: string, partitions: number): number {
  return sha256Prefix(key) % partitions;
}

/** A worker's side of its scores: 64 bits, so that no two workers ever score alike everywhere. */
export interface WorkerSeed {
  readonly first: number;
  readonly second: number;
}

/** Depends on the worker's id alone, so that the same worker gets the same share wherever it is. */
export function workerSeed(id: string): WorkerSeed {
  const hash = sha256Prefix(id);
  return { first: Math.floor(hash / 2 ** 24) | 0, second: mix((hash % 2 ** 32) | 0) };
}

/** A partition's side of its scores, for `scoreOf`. */
export function partitionSeed(partition: number): number {
  return mix(Math.imul(partition + 1, 0x9e3779b1));
}

/** 0 … 2³² − 1; the worker with the highest one is the partition's first choice. */
export function scoreOf(partition: number, worker: WorkerSeed): number {
  return pairScore(partition, worker.first, worker.second);
}

function pairScore(partition: number, first: number, second: number): number {
  return mix(mix(partition ^ first) + second) >>> 0;
}

/** Every bit of the outcome depends on every bit of the number (the finish of MurmurHash3). */
function mix(value: number): number {
  let mixed = value;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}

/** The workers that partitions can be given to. */
export class Candidates {
  /** In the order in which equal scores are decided. */
  readonly #slots: Int32Array;
  readonly #first: Int32Array;
  readonly #second: Int32Array;

  /** Equal scores go to the lower id, whatever the order given. */
  constructor(workers: Iterable<{ readonly id: string; readonly slot: number }>) {
    const sorted = [...workers].sort((one, other) => (one.id < other.id ? -1 : 1));
    const seeds = sorted.map((worker) => workerSeed(worker.id));
    this.#slots = Int32Array.from(sorted, (worker) => worker.slot);
    this.#first = Int32Array.from(seeds, (seed) => seed.first);
    this.#second = Int32Array.from(seeds, (seed) => seed.second);
  }

  get size(): number {
    return this.#slots.length;
  }

  /**
   * Writes the slots of the best `count` into `slots` from `at` on, best first, and their scores
   * into `scores`; −1 where there are fewer.
   */
  best(partition: number, count: number, into: Choice): void {
    const { slots, scores, at } = into;
    const seed = partitionSeed(partition);
    slots.fill(-1, at, at + count);
    scores.fill(-1, at, at + count);
    const last = at + count - 1;
    let least = -1;
    for (let index = 0; index < this.#slots.length; index++) {
      const own = pairScore(seed, this.#first[index] as number, this.#second[index] as number);
      if (own > least) {
        insert({ slot: this.#slots[index] as number, score: own }, last, into);
        least = scores[last] as number;
      }
    }
  }
}

/** Where the best workers of a partition are noted; several partitions share two arrays. */
export interface Choice {
  readonly slots: Int32Array;
  /** Of these slots; exact in a double, where −1 means nobody. */
  readonly scores: Float64Array;
  /** Where this partition's begin. */
  readonly at: number;
}

/** Puts one in at its place, from the back: the last one falls out, equal ones stay before it. */
export function insert(
  one: { readonly slot: number; readonly score: number },
  last: number,
  { slots, scores, at }: Choice,
): void {
  let place = last;
  while (place > at && (scores[place - 1] as number) < one.score) {
    scores[place] = scores[place - 1] as number;
    slots[place] = slots[place - 1] as number;
    place -= 1;
  }
  scores[place] = one.score;
  slots[place] = one.slot;
}
