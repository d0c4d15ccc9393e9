/**
 * The order of keys: by Unicode code points, which is also the order of their UTF-8 bytes, as etcd,
 * Redis and SQLite sort them.
 *
 * JavaScript compares strings by UTF-16 units, and the two differ in one place: a surrogate
 * (D800–DFFF, half of a code point above FFFF) is a smaller unit than E000–FFFF although its code
 * point is larger. Moving surrogates behind E000–FFFF mends that (Unicode, "UTF-8 order on
 * UTF-16").
 */
export function compareKeys(a: string, b: string): number {
  if (a === b) {
    return 0;
  }
  const shorter = Math.min(a.length, b.length);
  for (let at = 0; at < shorter; at++) {
    const unitOfA = a.charCodeAt(at);
    const unitOfB = b.charCodeAt(at);
    if (unitOfA !== unitOfB) {
      return rank(unitOfA) - rank(unitOfB);
    }
  }
  return a.length - b.length;
}

function rank(unit: number): number {
  if (unit < 0xd800) {
    return unit;
  }
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}
