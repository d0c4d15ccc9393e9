/**
 * Is a history linearizable? Each key is a register of its own, absent at first, and a history is
 * linearizable when each key's part of it is (Herlihy and Wing's locality). See search.ts for the
 * search and its sources.
 */
import { byKey, counts, describe, endOf, type Operation } from "./history.ts";
import { searchOrder } from "./search.ts";

export type Verdict =
  | { readonly linearizable: true }
  | Violation
  /** The bound on steps was reached: nothing is known of this key, and no other one is wrong. */
  | { readonly linearizable: undefined; readonly key: string; readonly explanation: string };

/** What a person needs to see why one key's operations have no order. */
export interface Violation {
  readonly linearizable: false;
  readonly key: string;
  /** Up to the return of this operation no order explains the history; before it, one did. */
  readonly culprit: Operation;
  /** The longest order found of what was called before the culprit returned. */
  readonly longest: readonly Operation[];
  /** What may come next behind that order, and does not fit. */
  readonly stuck: readonly Operation[];
  /** The above as lines for people. */
  readonly explanation: string;
}

export interface CheckOptions {
  /** Operations tried for each key before the check gives up; 10 million unless told. */
  readonly stepsMax?: number;
}

/** Checks every key; a violation of any of them outweighs one that stays undecided. */
export function checkLinearizable(
  history: readonly Operation[],
  { stepsMax = 10_000_000 }: CheckOptions = {},
): Verdict {
  let undecided: string | undefined;
  for (const [key, operations] of byKey(history)) {
    const result = searchOrder(operations, stepsMax);
    if (result.found === false) return explainViolation(key, operations, stepsMax);
    if (result.found === undefined) undecided ??= key;
  }
  if (undecided === undefined) return { linearizable: true };
  const explanation = `key ${undecided}: undecided after ${stepsMax} steps`;
  return { linearizable: undefined, key: undecided, explanation };
}

/** Finds the first return at which the history went wrong: a shorter story is easier to read. */
function explainViolation(
  key: string,
  operations: readonly Operation[],
  stepsMax: number,
): Violation {
  const answered = operations
    .filter((each) => counts(each) && each.outcome === "ok")
    .sort((one, other) => endOf(one) - endOf(other));
  // The prefix that ends with `wrong` has no order, the one that ends with `right` may have one.
  let right = -1;
  let wrong = answered.length - 1;
  while (wrong - right > 1) {
    const middle = (right + wrong) >> 1;
    const prefix = until(operations, endOf(answered[middle] as Operation));
    if (searchOrder(prefix, stepsMax).found === false) wrong = middle;
    else right = middle;
  }
  const culprit = answered[wrong] as Operation;
  const result = searchOrder(until(operations, endOf(culprit)), stepsMax);
  if (result.found !== false) throw new Error("the same search has found two answers");
  const { longest, stuck } = result;
  const explanation = [
    `key ${key}: no order explains ${describe(culprit)}`,
    `the longest order found has ${longest.length} operations and ends with:`,
    ...longest.slice(-LINES_MAX).map((each) => `  ${describe(each)}`),
    "behind it nothing of this can stand, since something still wants what it would overwrite,",
    "or since it reads something else:",
    ...stuck.slice(0, LINES_MAX).map((each) => `  ${describe(each)}`),
  ].join("\n");
  return { linearizable: false, key, culprit, longest, stuck, explanation };
}

const LINES_MAX = 12;

/** The history as it was known at this moment: what had no answer by then is unknown. */
function until(operations: readonly Operation[], atMs: number): Operation[] {
  return operations
    .filter((each) => each.invokedAtMs <= atMs)
    .map((each) => (endOf(each) <= atMs || each.outcome !== "ok" ? each : withoutAnswer(each)));
}

function withoutAnswer(operation: Operation): Operation {
  return { ...operation, outcome: "unknown", returnedAtMs: undefined };
}
