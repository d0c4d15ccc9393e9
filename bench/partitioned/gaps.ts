/** How long nothing was acknowledged. */

/**
 * The longest time between two acknowledgements of which the later came behind `fromMs`, in ms.
 * Where none came before the end, the time until then counts.
 */
export function longestGapMs(atMs: readonly number[], fromMs: number, untilMs: number): number {
  let longest = 0;
  let last = Number.NaN;
  for (const at of atMs) {
    if (at > untilMs) break;
    if (at >= fromMs) longest = Math.max(longest, at - (Number.isNaN(last) ? fromMs : last));
    last = at;
  }
  return Math.max(longest, untilMs - (Number.isNaN(last) ? fromMs : last));
}

/** How many of these moments lie in each of the slices of `sliceMs` from `fromMs` on. */
export function countBySlice(
  atMs: Iterable<number>,
  slices: { readonly fromMs: number; readonly sliceMs: number; readonly count: number },
): number[] {
  const counts = new Array<number>(slices.count).fill(0);
  for (const at of atMs) {
    const slice = Math.floor((at - slices.fromMs) / slices.sliceMs);
    if (slice >= 0 && slice < slices.count) counts[slice] = (counts[slice] ?? 0) + 1;
  }
  return counts;
}
