/**
 * Who keeps a copy of a partition: a newcomer first learns, counts once the primary holds it up to
 * date, and takes the place of one who should not be there. There are never fewer members than
 * before.
 */
import { type Copy, copiesOf } from "../core/assignment.ts";
import { appoint, isWorthKeeping, revise, type Step } from "./step.ts";
import {
  canPromise,
  inIdealOrder,
  isFit,
  isSynced,
  nextEarlier,
  remembers,
  type View,
  workerOf,
} from "./view.ts";

/** Those who learn in vain stop: they are down, or balance wants others by now. */
export function withoutLearners(view: View): Step | undefined {
  const { assignment } = view;
  const learners = assignment.learners.filter((copy) => isWanted(view, copy));
  if (learners.length === assignment.learners.length) {
    return undefined;
  }
  const gone = assignment.learners.filter((copy) => !learners.includes(copy));
  const kept = gone.filter((copy) => isWorthKeeping(view, copy));
  return {
    assignment: revise(view, { learners, retained: [...assignment.retained, ...kept] }),
  };
}

/** Learners that are up to date become members, in a new generation. */
export function promote(view: View): Step | undefined {
  const { assignment, state } = view;
  const ready = inIdealOrder(view, assignment.learners).filter((copy) => isSynced(view, copy));
  if (ready.length === 0 || !mayChangeMembers(view)) {
    return undefined;
  }
  const members = [...assignment.members];
  const joined: Copy[] = [];
  const left: Copy[] = [];
  for (const copy of ready) {
    if (members.length >= state.identity.replicas) {
      const leaver = leaverOf(view, members);
      if (leaver === undefined) {
        break;
      }
      members.splice(members.indexOf(leaver), 1);
      left.push(leaver);
    }
    members.push(copy);
    joined.push(copy);
  }
  const primary = primaryOf(view, members);
  if (joined.length === 0 || primary === undefined || !canServe(view, members)) {
    return undefined;
  }
  const learners = assignment.learners.filter((copy) => !joined.includes(copy));
  const instead = left.length === 0 ? "" : ` instead of ${left.map((one) => one.worker).join()}`;
  return {
    assignment: appoint(view, { members, learners, primary: primary.worker }),
    fact: {
      type: "replaced",
      worker: joined.map((copy) => copy.worker).join(),
      partition: assignment.partition,
      detail: instead,
    },
  };
}

/**
 * A copy at a worker where one should be. What it holds already keeps its number: of a retained one
 * it is of use, and one of an earlier generation may be needed for a takeover still.
 */
export function addLearner(view: View): Step | undefined {
  const { assignment, state } = view;
  const slot = view.ideal.find((candidate) => isMissing(view, candidate));
  if (slot === undefined || !mayChangeMembers(view)) {
    return undefined;
  }
  const living = assignment.members.filter((copy) => workerOf(view, copy).life !== "down").length;
  const repair = living + assignment.learners.length < state.identity.replicas;
  if (!repair && assignment.learners.length > 0) {
    return undefined;
  }
  const { id, address } = state.workers[slot]?.record ?? { id: "", address: "" };
  const former = copiesOf(assignment).find((copy) => copy.worker === id);
  const number = former?.copy ?? assignment.revision + 1;
  const learner = { worker: id, address, slot, copy: number };
  return {
    assignment: revise(view, {
      learners: [...assignment.learners, learner],
      retained: assignment.retained.filter((copy) => copy.worker !== id),
    }),
    fact: { type: "learning", worker: id, partition: assignment.partition },
    bounded: repair ? "repair" : "rebalance",
    into: slot,
  };
}

/** Fewer members live than are meant to: what is brought there is a repair, not balance. */
export function isShort(view: View): boolean {
  const living = view.assignment.members.filter((copy) => workerOf(view, copy).life !== "down");
  return living.length < view.state.identity.replicas;
}

function isWanted(view: View, copy: Copy): boolean {
  return workerOf(view, copy).life !== "down" && view.ideal.includes(copy.slot);
}

function isMissing({ assignment, state }: View, slot: number): boolean {
  return (
    state.workers[slot]?.life !== "down" &&
    ![...assignment.members, ...assignment.learners].some((copy) => copy.slot === slot)
  );
}

/**
 * Somebody leads, and nothing of earlier generations is needed any more. Where so few members live
 * that it can't get there, new members are the only way: the earlier ones then stay in `earlier`.
 */
function mayChangeMembers({ assignment, lead, state }: View): boolean {
  if (lead === undefined) {
    return false;
  }
  const living = assignment.members.filter((copy) => state.workers[copy.slot]?.life === "up");
  const stuck = living.length < state.identity.writeQuorum;
  return stuck || (lead.open && assignment.earlier.length === 0);
}

/** The one who is to make room: down, else draining, else not wanted; the primary last. */
function leaverOf(view: View, members: readonly Copy[]): Copy | undefined {
  const unwanted = members.filter((copy) => !view.ideal.includes(copy.slot));
  const weight = (copy: Copy) => {
    const { life, record } = workerOf(view, copy);
    const own = copy.worker === view.assignment.primary ? -4 : 0;
    return own + (life === "down" ? 2 : 0) + (record.draining ? 1 : 0);
  };
  return unwanted.sort((one, other) => weight(other) - weight(one))[0];
}

/** Balance's first choice where it is up to date, else the same as before, else who can. */
function primaryOf(view: View, members: readonly Copy[]): Copy | undefined {
  const able = inIdealOrder(view, members).filter((copy) => isSynced(view, copy));
  const fit = able.filter((copy) => isFit(view, copy));
  const first = fit.find((copy) => copy.slot === view.ideal[0]);
  const same = able.find((copy) => copy.worker === view.assignment.primary);
  return first ?? (same !== undefined && isFit(view, same) ? same : fit[0]) ?? same;
}

/** A takeover can succeed, and enough of the new members are up to date to acknowledge writes. */
function canServe(view: View, members: readonly Copy[]): boolean {
  const sets = [...nextEarlier(view).map((one) => one.members), members];
  const synced = members.filter((copy) => isSynced(view, copy));
  return (
    synced.length >= view.state.identity.writeQuorum &&
    canPromise(view, sets, (copy) => remembers(view, copy))
  );
}
