/** Compares what two nodes hold, key by key, by their answers to /dump. */

export interface DumpedValue {
  readonly value: unknown;
  readonly version: number;
}

/** A node's /dump: every live key. */
export type Dump = Readonly<Record<string, DumpedValue>>;

/** A key that both hold, differently. */
export interface StaleKey {
  readonly key: string;
  readonly expected: DumpedValue;
  readonly found: DumpedValue;
}

export interface Differences {
  /** The reference has it, the other has not. */
  readonly missing: readonly string[];
  /** The other has it, the reference has not. */
  readonly extra: readonly string[];
  /** Both have it, with another value or version. */
  readonly stale: readonly StaleKey[];
}

/** What `other` holds otherwise than `reference`, each list in key order. */
export function compareDumps(reference: Dump, other: Dump): Differences {
  const missing: string[] = [];
  const stale: StaleKey[] = [];
  for (const [key, expected] of Object.entries(reference)) {
    const found = Object.hasOwn(other, key) ? other[key] : undefined;
    if (found === undefined) missing.push(key);
    else if (!sameValue(expected, found)) stale.push({ key, expected, found });
  }
  const extra = Object.keys(other).filter((key) => !Object.hasOwn(reference, key));
  return {
    missing: missing.sort(),
    extra: extra.sort(),
    stale: stale.sort((a, b) => (a.key < b.key ? -1 : 1)),
  };
}

/** How many keys differ in all. */
export function countDifferences({ missing, extra, stale }: Differences): number {
  return missing.length + extra.length + stale.length;
}

function sameValue(a: DumpedValue, b: DumpedValue): boolean {
  return a.version === b.version && JSON.stringify(a.value) === JSON.stringify(b.value);
}
