/**
 * What a partition needs next: the rules, in the order in which they are asked. Each step is safe
 * by itself; the next one waits until the workers have reported what this one led to.
 */
import type { Copy } from "../core/assignment.ts";
import type { ClusterState, Partition } from "./cluster-state.ts";
import { addLearner, promote, withoutLearners } from "./membership.ts";
import { isRetainedTooLong } from "./patience.ts";
import { giveBack, replacePrimary } from "./primaries.ts";
import { isWorthKeeping, revise, type Step } from "./step.ts";
import { type View, viewOf } from "./view.ts";

/** The next step of a partition, if any is due; `lost` where one is due and can't be made. */
export function nextStep(state: ClusterState, partition: Partition): Step | "lost" | undefined {
  const { assignment } = partition;
  if (assignment === undefined) {
    return undefined;
  }
  const view = viewOf(state, partition, assignment);
  return (
    replacePrimary(view) ??
    settle(view) ??
    withoutLearners(view) ??
    withoutRetained(view) ??
    promote(view) ??
    addLearner(view) ??
    giveBack(view)
  );
}

/**
 * The primary is open: earlier generations hold nothing that it lacks. Former members that are
 * wanted again, or are away, are kept for their return; the others may delete what they have.
 */
function settle(view: View): Step | undefined {
  const { assignment, lead } = view;
  const isSettled = assignment.earlier.length === 0 && assignment.begun;
  if (isSettled || lead?.open !== true) {
    return undefined;
  }
  const named = [...assignment.members, ...assignment.learners, ...assignment.retained];
  const former = new Map<string, Copy>();
  for (const copy of assignment.earlier.flatMap((one) => one.members)) {
    if (!named.some((other) => other.worker === copy.worker)) {
      former.set(copy.worker, copy);
    }
  }
  const kept = [...former.values()].filter((copy) => isWorthKeeping(view, copy));
  return {
    assignment: revise(view, {
      ...{ earlier: [], begun: true },
      retained: [...assignment.retained, ...kept],
    }),
  };
}

/** Those who have been away for too long, or are back and not wanted: both begin anew, if ever. */
function withoutRetained(view: View): Step | undefined {
  const { assignment, state } = view;
  const retained = assignment.retained.filter((copy) => {
    const tooLong = isRetainedTooLong(state, assignment.partition, copy.worker);
    return isWorthKeeping(view, copy) && !tooLong;
  });
  return retained.length === assignment.retained.length
    ? undefined
    : { assignment: revise(view, { retained }) };
}
