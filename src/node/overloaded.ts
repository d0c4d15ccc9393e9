/** The refusal of a leader that has taken in as much as it may. */
import { KvError } from "../base/errors.ts";

/** `why` begins the sentence; `setting` is what bounds it. */
export function overloaded(why: string, setting: string): KvError {
  const message = `${why}; write again in a moment, or raise ${setting}.`;
  return new KvError({ code: "overloaded", message, outcome: "refused" });
}
