/**
 * The write quorum as an entry. R, the number of promises that a takeover needs, rests on how many
 * nodes hold each acknowledged write, so a change of the quorum must be as safe as a write itself.
 *
 * Two numbers are kept apart: how many followers a *write* needs now, and how many a *takeover* may
 * assume behind every acknowledged write. Always takeovers ≤ writes. So a change has two steps, an
 * entry each, like a joint configuration (Ongaro, Consensus: Bridging Theory and Practice, 2014,
 * section 4.3):
 *
 * - To a higher target: writes need it at once. When so many followers hold everything up to that
 *   entry, a second one lets takeovers assume the target too.
 * - To a lower target: takeovers assume it at once, while writes, this entry first, still need what
 *   a takeover by somebody who has not seen it assumes. When so many followers hold everything up
 *   to the entry, a second one lets writes need the target.
 *
 * A change may follow another that is not through, but writes never need less than what a takeover
 * may assume that has not seen it. A raise may go back at once where its own leader thinks better
 * of it before the second step. Who inherits a change can't know whether that step was taken
 * somewhere.
 */
import type { Entry } from "./entry.ts";

/** No client can name it: keys have at least one byte. It is in no listing, count or digest. */
export const QUORUM_KEY = "";

export interface QuorumState {
  /** Followers that must acknowledge a write that is accepted now. */
  readonly writes: number;
  /** Every acknowledged write has been acknowledged by at least so many; ≤ writes. */
  readonly takeovers: number;
  /** What was asked for; writes = takeovers = target once the change is through. */
  readonly target: number;
}

/** A quorum that is not being changed. */
export function settledQuorum(followers: number): QuorumState {
  return { writes: followers, takeovers: followers, target: followers };
}

/**
 * The first step towards `target`. `assumed`: more than that no takeover assumes behind every
 * acknowledged write. A leader that inherits a state knows no better than its `writes`; from then
 * on it is the target of the last change that it saw through.
 */
export function jointQuorum(
  from: QuorumState,
  target: number,
  assumed: number = from.writes,
): QuorumState {
  return {
    writes: Math.max(assumed, target),
    takeovers: Math.min(from.takeovers, target),
    target,
  };
}

/** Is the change through? */
export function isSettled({ writes, takeovers, target }: QuorumState): boolean {
  return writes === target && takeovers === target;
}

/** The value of the entry at QUORUM_KEY, as JSON text. */
export function quorumToValue({ writes, takeovers, target }: QuorumState): string {
  return JSON.stringify({ writes, takeovers, target });
}

/** What the entry says, or the quorum with which the group began where there is none. */
export function quorumOf(entry: Entry | undefined, firstQuorum: number): QuorumState {
  if (entry?.value === undefined) {
    return settledQuorum(firstQuorum);
  }
  const { writes, takeovers, target } = JSON.parse(entry.value) as QuorumState;
  return { writes, takeovers, target };
}
