/** Sentences of a worker for what it does not do itself, or can't now. */
import { KvError } from "../base/errors.ts";
import type { Assignment } from "../core/assignment.ts";

/** What a worker that has asked the wrong one learns from its refusal. */
export interface Whereabouts {
  readonly partition: number;
  /** URL. */
  readonly primary?: string;
  readonly generation?: number;
}

/** Where to ask, as far as this worker knows. */
export function whereaboutsOf(partition: number, assignment: Assignment | undefined): Whereabouts {
  if (assignment === undefined) {
    return { partition };
  }
  const { generation, primary: worker, members } = assignment;
  const primary = members.find((member) => member.worker === worker)?.address;
  return { partition, generation, ...(primary === undefined ? {} : { primary }) };
}

/** Nobody is the partition's primary now, or this worker does not know who. */
export function noPrimary(where: Whereabouts, why: string): KvError {
  return new KvError({
    code: "recovering",
    message: `Partition ${where.partition} has no primary that answers now (${why}); try again.`,
    outcome: "refused",
    details: { ...where },
  });
}

/** It was asked as the primary and is not. */
export function notPrimary(where: Whereabouts): KvError {
  return new KvError({
    code: "recovering",
    message: `This worker is not the primary of partition ${where.partition}; try again soon.`,
    outcome: "refused",
    details: { ...where },
  });
}

/** No controller has taken this worker in yet; `reason` is a sentence. */
export function notRegistered(controller: string, reason: string | undefined): KvError {
  return new KvError({
    code: "recovering",
    message:
      reason ?? `This worker waits for its controller at ${controller} to take it in; try again.`,
    outcome: "refused",
  });
}

export function notMember(partition: number): KvError {
  return new KvError({
    code: "not_member",
    message:
      `This worker keeps no copy of partition ${partition}; ` +
      "the controller's /map says who does.",
    outcome: "refused",
    details: { partition },
  });
}

/** A write was sent on and its answer did not come. */
export function forwardLost(to: string, partition: number): KvError {
  return new KvError({
    code: "forward_lost",
    message:
      `${to} was sent the write and did not answer; it may survive, so read the key before you ` +
      "write it again.",
    outcome: "indeterminate",
    details: { partition, primary: to },
  });
}

/** A read was sent on and no answer came in time. */
export function readLost(to: string, partition: number): KvError {
  return new KvError({
    code: "forward_lost",
    message: `${to} was asked and did not answer in time; read again, or with level=local.`,
    details: { partition, primary: to },
  });
}
