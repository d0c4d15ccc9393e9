/**
 * The definition of linearizable, spelled out: try every order of a register's operations, with and
 * without each one of unknown outcome. Slow and obvious, to check the checker; for a handful of
 * operations only.
 */
import { byKey, type Operation } from "./history.ts";

/** Whether some order explains each key's operations. */
export function isLinearizableByBruteForce(history: readonly Operation[]): boolean {
  return [...byKey(history).values()].every((operations) => {
    const known = operations.filter(({ kind, outcome }) => kind !== "read" || outcome === "ok");
    return someOrder(
      undefined,
      known.filter(({ outcome }) => outcome !== "refused"),
    );
  });
}

/** Whether what is left can follow, the register holding `value`. */
function someOrder(value: string | undefined, left: readonly Operation[]): boolean {
  if (left.every(({ outcome }) => outcome === "unknown")) return true;
  return left.some((next) => {
    const others = left.filter((other) => other !== next);
    if (others.some((other) => cameBefore(other, next))) return false;
    if (next.kind === "read") return next.value === value && someOrder(value, others);
    return someOrder(next.kind === "delete" ? undefined : next.value, others);
  });
}

/** Whether one operation had ended before the other began. */
function cameBefore(one: Operation, other: Operation): boolean {
  if (one.outcome === "unknown" || one.returnedAtMs === undefined) return false;
  return one.returnedAtMs < other.invokedAtMs;
}
