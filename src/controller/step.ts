/** One step of one partition, and what the rules that make it have in common. */
import type { Assignment, Copy } from "../core/assignment.ts";
import type { Bounded } from "./cluster-state.ts";
import type { Fact } from "./plan-events.ts";
import { nextEarlier, type View, workerOf } from "./view.ts";

export interface Step {
  readonly assignment: Assignment;
  /** For people; none where there is nothing to tell. */
  readonly fact?: Fact;
  /** It takes room of this kind, and may have to wait for it. */
  readonly bounded?: Bounded;
  /** The slot that a learner is brought up to date at. */
  readonly into?: number;
  /** The slot of a primary that was up and yet did not do. */
  readonly failed?: number;
}

/** What the rules leave as it is or change; each step is a revision. */
export function revise(
  { assignment }: View,
  change: Partial<Pick<Assignment, "earlier" | "learners" | "retained">>,
): Assignment {
  return { ...assignment, ...change, revision: assignment.revision + 1 };
}

/** A new generation; what the one before may have acknowledged is kept in `earlier`. */
export function appoint(
  view: View,
  change: Partial<Pick<Assignment, "primary" | "members" | "learners">>,
): Assignment {
  const { assignment } = view;
  return {
    ...assignment,
    ...change,
    generation: assignment.generation + 1,
    revision: assignment.revision + 1,
    earlier: nextEarlier(view),
  };
}

/** Whether a copy that does not count may be of use when its worker is back. */
export function isWorthKeeping(view: View, copy: Copy): boolean {
  const worker = workerOf(view, copy);
  return !worker.record.draining && (worker.life === "down" || view.ideal.includes(copy.slot));
}
