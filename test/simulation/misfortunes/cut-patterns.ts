/** Who hears nothing of whom: the shapes that cuts take. */
import type { Random } from "../../../src/base/random.ts";
import { chance, logUniform, pick } from "../draw.ts";
import { type Way, waysBetween } from "../world/cuts.ts";

/** Each node stands on one of two sides. */
export function halves(random: Random, slots: readonly number[]): Way[] {
  const here = slots.filter(() => chance(random, 0.5));
  const there = slots.filter((slot) => !here.includes(slot));
  return waysBetween(here, there);
}

/** Some pairs, in both directions. */
export function pairs(random: Random, slots: readonly number[]): Way[] {
  const share = logUniform(random, 0.05, 0.8);
  return slots.flatMap((one) =>
    slots
      .filter((other) => other > one && chance(random, share))
      .flatMap((other) => waysBetween([one], [other])),
  );
}

/** Some ways in one direction only. */
export function oneWay(random: Random, slots: readonly number[]): Way[] {
  const share = logUniform(random, 0.05, 0.8);
  return slots.flatMap((from) =>
    slots.flatMap((to) => (to !== from && chance(random, share) ? [{ from, to }] : [])),
  );
}

/** One node hears nothing, or is not heard, or both. */
export function off(random: Random, slots: readonly number[]): Way[] {
  const alone = pick(random, slots);
  const both = waysBetween(
    [alone],
    slots.filter((slot) => slot !== alone),
  );
  const direction = random.next();
  if (direction < 0.5) {
    return both;
  }
  return both.filter(({ from }) => (direction < 0.75 ? from === alone : from !== alone));
}
