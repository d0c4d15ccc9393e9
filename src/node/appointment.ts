/** What an assignment means for the worker that is to lead: whom it asks, and whose word counts. */
import type { Assignment, ClusterIdentity, Copy } from "../core/assignment.ts";
import { SHORTCUT } from "../core/shortcut.ts";
import type { Member } from "./member.ts";

/** What the controller has decided for a group, as one of its workers knows it. */
export interface Appointment {
  readonly assignment: Assignment;
  /** Followers that must acknowledge a write. */
  readonly writeQuorum: number;
  /** The life of the group, see GroupIdentity. */
  readonly life: string;
}

export function appointmentOf(assignment: Assignment, cluster: ClusterIdentity): Appointment {
  const life = `${cluster.id}/${assignment.partition}`;
  return { assignment, writeQuorum: cluster.writeQuorum - 1, life };
}

/** Where a candidate of this assignment stands. */
export interface Constituency {
  readonly slot: number;
  /** All that may promise, the candidate among them. */
  readonly members: readonly Member[];
  /** See Takeover. */
  readonly electorates: readonly (readonly number[])[];
  /** By slot, the number of that copy. */
  readonly copies: ReadonlyMap<number, number>;
}

/** `worker`: the id of the candidate. Undefined where it is no member. */
export function constituencyOf(assignment: Assignment, worker: string): Constituency | undefined {
  const own = assignment.members.find((member) => member.worker === worker);
  if (own === undefined) {
    return undefined;
  }
  const earlier = SHORTCUT === "earlier-forgotten" ? [] : assignment.earlier;
  const configurations = [...earlier, assignment];
  const everyone = new Map<number, Copy>();
  for (const copy of configurations.flatMap(({ members }) => members)) {
    everyone.set(copy.slot, copy);
  }
  return {
    slot: own.slot,
    members: [...everyone.values()].map(({ slot, address }) => ({ slot, address })),
    electorates: configurations.map(({ members }) => members.map(({ slot }) => slot)),
    copies: new Map([...everyone].map(([slot, { copy }]) => [slot, copy])),
  };
}
