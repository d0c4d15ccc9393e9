/**
 * What people are told. Many partitions share a cause: what happened to several of them for one
 * worker in one plan is one event, so that a fallen worker does not push all else out of sight.
 */

export type PlanEventType =
  | "worker_joined"
  | "worker_moved"
  | "worker_restarted"
  | "worker_stopping"
  | "worker_down"
  | "worker_back"
  | "worker_draining"
  | "worker_undrained"
  | "placed"
  | "takeover"
  | "handover"
  | "opened"
  | "learning"
  | "replaced"
  | "lost"
  | "found"
  | "began_anew"
  | "possible_loss";

/** Something that people want to hear of; who publishes it adds the time of day. */
export interface PlanEvent {
  readonly type: PlanEventType;
  /** One sentence. */
  readonly message: string;
  /** The id of the worker that it is about. */
  readonly worker?: string;
  /** Where it is about only one. */
  readonly partition?: number;
}

/** One thing that happened, of one worker or partition. */
export interface Fact {
  readonly type: PlanEventType;
  readonly worker?: string | undefined;
  readonly partition?: number | undefined;
  /** What the sentence needs beside them: another worker, an address, who is missing. */
  readonly detail?: string | undefined;
}

const NAMED_MAX = 8;

/** In the order in which they happened, those of one kind and one worker as one. */
export function eventsOf(facts: readonly Fact[]): PlanEvent[] {
  const groups = new Map<string, { readonly fact: Fact; readonly partitions: number[] }>();
  for (const fact of facts) {
    const name = `${fact.type} ${fact.worker ?? ""} ${fact.detail ?? ""}`;
    const group = groups.get(name) ?? { fact, partitions: [] };
    groups.set(name, group);
    if (fact.partition !== undefined) {
      group.partitions.push(fact.partition);
    }
  }
  return [...groups.values()].map(({ fact, partitions }) => toEvent(fact, partitions));
}

function toEvent(fact: Fact, partitions: readonly number[]): PlanEvent {
  const [only, ...others] = partitions;
  return {
    type: fact.type,
    message: sentence(fact, partitions),
    ...(fact.worker === undefined ? {} : { worker: fact.worker }),
    ...(only === undefined || others.length > 0 ? {} : { partition: only }),
  };
}

function sentence(fact: Fact, partitions: readonly number[]): string {
  const worker = fact.worker ?? "";
  const which = named(partitions);
  switch (fact.type) {
    case "worker_joined":
      return `${worker} at ${fact.detail} joins.`;
    case "worker_moved":
      return `${worker} is at ${fact.detail} now.`;
    case "worker_restarted":
      return `${worker} was restarted.`;
    case "worker_stopping":
      return `${worker} is about to stop.`;
    case "worker_down":
      return `${worker} is silent: it is taken for down.`;
    case "worker_back":
      return `${worker} is back.`;
    case "worker_draining":
      return `${worker} is being drained.`;
    case "worker_undrained":
      return `${worker} is not drained any more: it may be given partitions.`;
    case "placed":
      return `Placed: ${fact.detail}.`;
    case "takeover":
      return `${worker} shall take over ${which} from ${fact.detail}.`;
    case "handover":
      return `${worker} shall be handed ${which} by ${fact.detail}.`;
    case "opened":
      return `${worker} is the primary of ${which} now.`;
    case "learning":
      return `${worker} is being brought up to date on ${which}.`;
    case "replaced":
      return `${worker} is up to date on ${which} and counts${fact.detail}.`;
    case "lost":
      return `${capital(which)} can't be taken over without ${fact.detail}: start what is missing.`;
    case "began_anew":
      return `${capital(which)} began anew at ${worker}: every member had lost what it held.`;
    case "possible_loss":
      return (
        `${worker} goes on with ${which} although acknowledged writes may be lost: its log and ` +
        "/status say why."
      );
    case "found":
      return `${capital(which)} can be served again.`;
  }
}

/** partition 3; partitions 3, 7, 12; partitions 1, 2, 3, 4, 5, 6, 7, 8 and 56 more */
function named(partitions: readonly number[]): string {
  if (partitions.length === 1) {
    return `partition ${partitions[0]}`;
  }
  const first = partitions.slice(0, NAMED_MAX).join(", ");
  const more = partitions.length - NAMED_MAX;
  return more > 0 ? `partitions ${first} and ${more} more` : `partitions ${first}`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
