/**
 * Crashes the node when something is false that can only be false through a bug: a wrong replica is
 * worse than none. Never for anything that a client, a peer or a setting can cause.
 */
export function invariant(condition: unknown, what: string): asserts condition {
  if (!condition) {
    throw new InvariantError(what);
  }
}

/** A broken invariant; nothing catches it. */
export class InvariantError extends Error {
  constructor(what: string) {
    super(`broken invariant: ${what}`);
    this.name = "InvariantError";
  }
}
