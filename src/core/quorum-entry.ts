/**
 * The write quorum as an entry. R, the number of promises that a takeover needs, rests on how many
 * nodes hold each acknowledged write, so a change of the quorum must be as safe as a write itself.
 *
 * Two numbers are kept apart: how many followers a *write* needs now, and how many a *takeover* may
 * assume behind every acknowledged write. Always takeovers ≤ writes. So a change has two steps, an
 * entry each, like a joint configuration (Ongaro, Consensus: Bridging Theory and Practice, 2014,
 * section 4.3):
 *
 * - To a target of at least `takeovers`: writes need the target at once. When so many followers
 *   hold everything up to that entry, a second one lets takeovers assume the target too.
 * - To a lower target: takeovers assume it at once, while writes, this entry first, still need what
 *   takeovers assumed before. When it is committed, a second entry lets writes need the target.
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

/** The first step towards `target`. */
export function jointQuorum(from: QuorumState, target: number): QuorumState {
  return target >= from.takeovers
    ? { writes: target, takeovers: from.takeovers, target }
    : { writes: from.takeovers, takeovers: target, target };
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
