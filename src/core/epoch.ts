/**
 * Epochs: which leader's time is it. No two leaderships may ever use the same one, although nobody
 * hands them out and two candidates may not hear of each other.
 *
 * Whole numbers are dealt to the members in turn: with six of them slot 0 leads in 1, 7, 13 …, slot
 * 1 in 2, 8, 14 … A node remembers the epochs that it has used, but not beyond the loss of its
 * memory: it might choose one a second time. So a candidate adds a random fraction; 24 bits of it
 * leave room for 2²⁹ generations in a double. The founder of a group needs none: no earlier epoch
 * of that group exists.
 *
 * Where a controller appoints, it gives out the whole numbers (generations), each to one node, and
 * only the fraction is the candidate's own.
 */

/** An epoch is a multiple of one by this. */
export const FRACTION_STEPS = 2 ** 24;
/** Each attempt uses at most such a part of the room that is left. */
const ATTEMPTS = 16;

/** The smallest epoch above `seen` that belongs to this slot. */
export function nextEpoch(options: {
  /** The highest epoch heard of; 0 none. */
  readonly seen: number;
  readonly slot: number;
  /** How many members the group has. */
  readonly members: number;
  /** At least 0 and below 1, of a candidate; none of a founder. */
  readonly random?: number;
}): number {
  const { seen, slot, members, random } = options;
  const above = Math.floor(seen) + 1;
  const distance = (slot + 1 - above) % members;
  const whole = above + (distance < 0 ? distance + members : distance);
  return random === undefined ? whole : whole + fraction(random);
}

/** An epoch of this generation above `seen`; undefined where there is none left. */
export function epochWithin(options: {
  readonly generation: number;
  /** The highest epoch heard of; 0 none. */
  readonly seen: number;
  /** At least 0 and below 1. */
  readonly random: number;
}): number | undefined {
  const { generation, seen, random } = options;
  const used = Math.max(0, Math.ceil((seen - generation) * FRACTION_STEPS));
  const left = FRACTION_STEPS - 1 - used;
  if (left < 1) {
    return undefined;
  }
  // A small part of what is left, so that very many attempts fit.
  const step = used + 1 + Math.floor((random * left) / ATTEMPTS);
  return generation + step / FRACTION_STEPS;
}

/** The generation that people see. */
export function generationOf(epoch: number): number {
  return Math.floor(epoch);
}

/** Never 0: that is the founder's. */
function fraction(random: number): number {
  return (1 + Math.floor(random * (FRACTION_STEPS - 1))) / FRACTION_STEPS;
}
