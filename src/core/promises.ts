/**
 * The giver's side of a takeover: what a node promises, sees and notes. Pure functions on its
 * record; the shell stores what they give before it answers.
 *
 * A promise binds as long as the memory lives, a blank node's too: a leader below it is refused,
 * whatever it asks. So the shell looks at the epoch first and at everything else afterwards.
 *
 * Of each slot the newest note is kept, wherever it comes from: noted for a leader, with a sync, or
 * from the promises of a takeover. Older ones are not needed, since any note of another memory puts
 * a promise in doubt, and only completed admissions matter: whoever led when the newer one began
 * had R promises behind it, one of them from somebody who noted each admission completed before.
 */
import type { GroupRecord, Note } from "./group-record.ts";
import { compareVersions } from "./version.ts";

/** A candidate's ask, as its giver sees it. */
export interface Ask {
  readonly epoch: number;
  /** Set where the candidate has lost its memory: its slot, and the id of its new memory. */
  readonly blank?: { readonly slot: number; readonly memory: string } | undefined;
}

/**
 * The record with this promise in it; undefined where a higher one was given (the candidate is
 * fenced). Asked again for the same epoch it says the same.
 */
export function promise(record: GroupRecord, ask: Ask): GroupRecord | undefined {
  if (ask.epoch < record.promised) {
    return undefined;
  }
  const promised = see(record, ask.epoch);
  return ask.blank === undefined
    ? promised
    : withNotes(promised, [{ ...ask.blank, epoch: ask.epoch, sequence: 0 }]);
}

/**
 * This epoch was heard of; nothing below it is taken from now on. Whoever tells of it, `before`
 * must go on saying what came before: a candidate that is known before it asks (because it fenced
 * somebody) would else take the last leader's epoch for its own and lead again in spite of it.
 */
export function see(record: GroupRecord, epoch: number): GroupRecord {
  return epoch > record.promised ? { ...record, promised: epoch, before: record.promised } : record;
}

/**
 * The record with what these tell that is newer. A blank one notes nothing: a note says "whoever
 * counts my promise must know this", and its promises don't count.
 */
export function withNotes(record: GroupRecord, notes: readonly Note[]): GroupRecord {
  if (record.synced === 0) {
    return record;
  }
  const merged = newestNotes([...record.notes, ...notes]);
  const same =
    merged.length === record.notes.length && merged.every((note) => record.notes.includes(note));
  return same ? record : { ...record, notes: merged };
}

/** The newest note of each slot, by slot. */
export function newestNotes(notes: Iterable<Note>): Note[] {
  const newest = new Map<number, Note>();
  for (const note of notes) {
    const known = newest.get(note.slot);
    if (known === undefined || compareVersions(known, note) < 0) {
      newest.set(note.slot, note);
    }
  }
  return [...newest.values()].sort((one, other) => one.slot - other.slot);
}
