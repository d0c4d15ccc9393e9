/**
 * May a leader without memory begin a new group? Only if it overwrites nobody's data: every
 * follower that answers must be blank, and with this node at least W + 1 must be there, so that no
 * acknowledged write of an earlier life can be missing from those that did not answer without more
 * nodes having been lost than the promise covers.
 */

/** What is known of a follower at the start. */
export type Answer = "none" | "blank" | "remembers";

export type Formation =
  | { readonly step: "start" }
  | { readonly step: "wait"; readonly connected: number }
  | { readonly step: "stay"; readonly remembering: readonly number[] };

/** `patient`: still worth waiting for those that have not answered yet. */
export function decideFormation(options: {
  readonly answers: readonly Answer[];
  readonly writeQuorum: number;
  readonly patient: boolean;
}): Formation {
  const { answers, writeQuorum, patient } = options;
  const remembering = answers.flatMap((answer, index) => (answer === "remembers" ? [index] : []));
  if (remembering.length > 0) {
    return { step: "stay", remembering };
  }
  const blank = answers.filter((answer) => answer === "blank").length;
  if (blank < writeQuorum || (patient && blank < answers.length)) {
    return { step: "wait", connected: blank };
  }
  return { step: "start" };
}
