/**
 * Seeded draws. Each part of a run draws from a stream of its own, so that one more draw in one
 * part shifts nothing in another.
 */
import { createSeededRandom, type Random, randomBelow } from "../../src/base/random.ts";

/** The stream of this name in the run of this seed. */
export function createStream(seed: number, name: string): Random {
  let mixed = (seed ^ 0x9e3779b9) >>> 0;
  for (const letter of name) {
    mixed = Math.imul(mixed ^ letter.charCodeAt(0), 0x85ebca6b);
    mixed ^= mixed >>> 13;
  }
  const random = createSeededRandom(mixed >>> 0);
  // Neighbouring seeds differ in a few bits at first.
  random.next();
  return random;
}

/** True with this probability. */
export function chance(random: Random, probability: number): boolean {
  return random.next() < probability;
}

/** In [low, high), each order of magnitude as likely as any other. */
export function logUniform(random: Random, low: number, high: number): number {
  return low * (high / low) ** random.next();
}

/** A whole number in [low, high]. */
export function between(random: Random, low: number, high: number): number {
  return low + randomBelow(random, high - low + 1);
}

/** One of them, each as likely; throws where there is none. */
export function pick<T>(random: Random, items: readonly T[]): T {
  const item = items[randomBelow(random, items.length)];
  if (item === undefined) {
    throw new Error("nothing to pick from");
  }
  return item;
}

/** The waiting time until the next event of so many a second, in ms. */
export function untilNextMs(random: Random, perSecond: number): number {
  return (-Math.log(1 - random.next()) / perSecond) * 1_000;
}
