/** Randomness as an argument: the real one, and a seeded one whose runs can be repeated. */

export interface Random {
  /** A number in [0, 1). */
  next(): number;
}

/** The runtime's own source. */
export const systemRandom: Random = { next: () => Math.random() };

/**
 * The same numbers for the same seed, whatever the machine.
 * Mulberry32 (Tommy Ettinger, public domain): 32 bits of state, good enough to vary schedules.
 */
export function createSeededRandom(seed: number): Random {
  let state = seed >>> 0;
  return {
    next() {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
    },
  };
}

/** 16 hexadecimal digits. */
export function randomId(random: Random): string {
  const half = () => Math.floor(random.next() * 2 ** 32);
  return [half(), half()].map((part) => part.toString(16).padStart(8, "0")).join("");
}

/** A whole number in [0, below). */
export function randomBelow(random: Random, below: number): number {
  return Math.floor(random.next() * below);
}
