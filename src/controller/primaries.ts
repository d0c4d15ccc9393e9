/** Who is a partition's primary: replaced when it can't be, given back when it can be again. */
import type { Copy } from "../core/assignment.ts";
import { isOverdue } from "./patience.ts";
import { appoint, type Step } from "./step.ts";
import {
  canPromise,
  inIdealOrder,
  isFit,
  isSynced,
  nextEarlier,
  remembers,
  saysBlank,
  type View,
  workerOf,
} from "./view.ts";

/**
 * down: it is silent. forgot: it is up and remembers nothing. idle: it is up and has not led for
 * too long. starved: it leads and has reached too few members for too long. leaving: it will stop.
 */
type Trouble = "down" | "forgot" | "idle" | "starved" | "leaving";

/** Another member as primary, where the appointed one is none or is about to go. */
export function replacePrimary(view: View): Step | "lost" | undefined {
  const trouble = troubleOf(view);
  if (trouble === undefined) {
    return undefined;
  }
  const successor = successorOf(view, trouble);
  if (successor === undefined || !isWorthwhile(view, trouble)) {
    const leads = trouble === "starved" || trouble === "leaving";
    return leads || isBeingFounded(view) || canTakeOver(view) ? undefined : "lost";
  }
  const { assignment, primary } = view;
  return {
    assignment: appoint(view, { primary: successor.worker }),
    fact: {
      type: trouble === "leaving" ? "handover" : "takeover",
      worker: successor.worker,
      partition: assignment.partition,
      detail: assignment.primary,
    },
    ...(trouble === "idle" || trouble === "starved" ? { failed: primary.record.slot } : {}),
  };
}

/** The primary that balance asks for, where all who should be members are. */
export function giveBack(view: View): Step | undefined {
  const { assignment, lead, primary, ideal } = view;
  if (lead?.open !== true || assignment.earlier.length > 0 || assignment.learners.length > 0) {
    return undefined;
  }
  const fit = inIdealOrder(view, assignment.members).filter((copy) => {
    return isFit(view, copy) && isSynced(view, copy);
  });
  const wanted = primary.record.draining
    ? fit[0]
    : fit.find((copy) => copy.slot === ideal[0] && copy.slot !== primary.record.slot);
  if (wanted === undefined || !canTakeOver(view)) {
    return undefined;
  }
  return {
    assignment: appoint(view, { primary: wanted.worker }),
    fact: {
      type: "handover",
      worker: wanted.worker,
      partition: assignment.partition,
      detail: assignment.primary,
    },
    bounded: "handover",
  };
}

/** Those of all sets that count and remember are enough for a takeover by the same members. */
export function canTakeOver(view: View): boolean {
  return canPromise(view, setsOf(view), (copy) => remembers(view, copy));
}

function setsOf(view: View): (readonly Copy[])[] {
  return [...nextEarlier(view).map((one) => one.members), view.assignment.members];
}

function troubleOf(view: View): Trouble | undefined {
  const { assignment, lead, partition, primary, state } = view;
  if (primary.life === "down") {
    return "down";
  }
  const own = assignment.members.find((copy) => copy.worker === assignment.primary);
  // A founder is blank at first, and its followers may be heard earlier than it.
  const remembered = partition.led || assignment.generation > 1;
  if (own !== undefined && lead === undefined && remembered && saysBlank(view, own)) {
    return "forgot";
  }
  if (isOverdue(state, partition)) {
    return lead === undefined ? "idle" : "starved";
  }
  return primary.stopping && lead !== undefined ? "leaving" : undefined;
}

/**
 * The best of the others: fit, up to date as the last leader saw it, wanted by balance. Somebody
 * who leads is followed only by somebody who has all of it.
 */
function successorOf(view: View, trouble: Trouble): Copy | undefined {
  const { assignment, partition } = view;
  const others = inIdealOrder(view, assignment.members).filter((copy) => {
    return copy.worker !== assignment.primary && remembers(view, copy);
  });
  if (trouble === "leaving") {
    return others.find((copy) => isFit(view, copy) && isSynced(view, copy));
  }
  const worth = (copy: Copy) => {
    const synced = partition.lastSynced.includes(copy.worker);
    return (isFit(view, copy) ? 2 : 0) + (synced ? 1 : 0);
  };
  // Stable: of equal ones the first.
  return others.sort((one, other) => worth(other) - worth(one))[0];
}

/** It can succeed, and is not the same again where the appointed one is up. */
function isWorthwhile(view: View, trouble: Trouble): boolean {
  const { assignment, state } = view;
  const others = (copy: Copy) => copy.worker !== assignment.primary && remembers(view, copy);
  if (trouble === "starved") {
    const reachable = assignment.members.filter(others).length;
    return reachable >= state.identity.writeQuorum && canPromise(view, setsOf(view), others);
  }
  if (trouble === "idle") {
    const living = assignment.members.filter((copy) => workerOf(view, copy).life === "up");
    return living.length >= state.identity.writeQuorum && canTakeOver(view);
  }
  return canTakeOver(view);
}

/** Its first primary is up, and nobody remembers anything: there is nothing to be lost yet. */
function isBeingFounded({ assignment, partition, primary }: View): boolean {
  return assignment.generation === 1 && !partition.led && primary.life === "up";
}
