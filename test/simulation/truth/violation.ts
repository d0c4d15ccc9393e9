/** A promise that was broken: which one, and how it was seen. */

/** The promises that a run is held to. */
export const RULES = {
  formed: "a new group forms while nothing is wrong",
  crash: "no node dies of itself, and no answer is a fault",
  version: "no two entries have one version",
  invented: "no value is seen that nobody wrote",
  refused: "no refused write is ever visible",
  backwards: "no reader of a key at a node sees it go back to before an acknowledged write",
  held: "an acknowledged write is held by the leader and as many followers as it says",
  leaders: "at most one leader acknowledges in an epoch",
  bounds: "memory stays within its bounds",
  grows: "what only grows never shrinks",
  loss: "no node speaks of possible loss while no more is lost than the promise covers",
  lost: "no acknowledged write is lost",
  linearizable: "writes, removals and linearizable reads are linearizable",
  equal: "when all is over, all nodes are equal",
  progress: "when all has healed, writes go on",
  generation: "no generation is decided twice, and none is told of that is not stored",
  dropped: "a copy that was dropped is forgotten in the same transaction",
  placement: "when all is over, every partition is kept where it belongs, and nowhere else",
  moves: "no write fails because a partition moves as planned",
  alone: "reads and writes go on without the controller",
} as const;

export type Rule = keyof typeof RULES;

export interface Violation {
  readonly rule: Rule;
  /** What was seen, for people. */
  readonly message: string;
  /** The key that it is about, where it is about one. */
  readonly key?: string | undefined;
  readonly atMs: number;
}
