/** Sizes as people write them: `1MiB`, `64KiB`, `500kB`, or a bare number of bytes. */

const UNIT_BYTES: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1_000,
  mb: 1_000_000,
  gb: 1_000_000_000,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
};

const PATTERN = /^(\d+(?:\.\d+)?|\.\d+)\s?([a-z]+)?$/i;

/** Whole bytes, or undefined for what is no size (negative, unknown unit, half a byte). */
export function readBytes(text: string): number | undefined {
  const match = PATTERN.exec(text.trim());
  if (!match) return undefined;
  const unit = UNIT_BYTES[(match[2] ?? "b").toLowerCase()];
  if (unit === undefined) return undefined;
  const bytes = Number(match[1]) * unit;
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** Bytes in the largest binary unit that leaves at most two decimals: 1048576 → `1MiB`. */
export function formatBytes(bytes: number): string {
  for (const [name, size] of [
    ["GiB", 1024 ** 3],
    ["MiB", 1024 ** 2],
    ["KiB", 1024],
  ] as const) {
    const amount = bytes / size;
    if (amount >= 1 && Number(amount.toFixed(2)) === amount) return `${amount}${name}`;
  }
  return `${bytes}B`;
}
