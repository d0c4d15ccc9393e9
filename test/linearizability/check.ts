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
  /**
   * Where it is that simple, two groups of operations: each stands together in any order, but
   * neither can come first. The other two fields are empty then.
   */
  readonly apart: readonly (readonly Operation[])[];
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
  const { apart, longest, stuck } = result;
  const heading = `key ${key}: no order explains ${describe(culprit)}`;
  const reasons = apart.length > 0 ? explainApart(apart) : explainStuck(longest, stuck);
  const explanation = [heading, ...reasons].join("\n");
  return { linearizable: false, key, culprit, apart, longest, stuck, explanation };
}

function explainApart([one = [], other = []]: readonly (readonly Operation[])[]): string[] {
  if (other.length === 0) return ["the value was read before anybody wrote it:", ...lines(one)];
  return [
    "these stand together in any order, with no other value between them:",
    ...lines(one),
    "and so do these, but each group has an operation that ended before one of the other began:",
    ...lines(other),
  ];
}

function explainStuck(longest: readonly Operation[], stuck: readonly Operation[]): string[] {
  return [
    `the longest order found has ${longest.length} operations and ends with:`,
    ...lines(longest.slice(-LINES_MAX)),
    "behind it none of these can stand, since it reads something else, or since what it would",
    "overwrite is still to be read:",
    ...lines(stuck),
  ];
}

function lines(operations: readonly Operation[]): string[] {
  return operations.slice(0, LINES_MAX).map((each) => `  ${describe(each)}`);
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
