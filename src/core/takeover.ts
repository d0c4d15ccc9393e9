/**
 * A candidate's counting: whom has it asked, whose promise counts, may it lead, and from whose
 * entries. It does no I/O; the shell sends the asks, stores its own promise first, and fetches the
 * entries of the sources.
 *
 * Why it is right (N members, C = writes + 1 copies behind an acknowledgement, R = N − takeovers):
 * - Any R nodes share one with the holders of any acknowledged write, and after its promise that
 *   one acknowledges nothing to an older leader. So the R know all that was acknowledged.
 * - The quorum of the sources may be used although it is learned from the very answers that it
 *   counts. A change is two entries (quorum-entry.ts). What may be acknowledged with fewer copies
 *   comes after the first of them was acknowledged by the higher quorum, so that whoever counts by
 *   the old one meets a holder of it, at this epoch or in a later leader's state. What is counted
 *   with fewer promises comes after the first entry *and all before it* have the higher quorum's
 *   copies. Sources that differ are at most one step apart, and the least of them holds for both.
 * - `writes` is at least the `takeovers` that any rival can be counting by, as neighbouring steps
 *   have it so and steps further apart are separated by a commit. Hence C nodes share one with any
 *   rival's R, now also without the one node that both can't rely on.
 * - An answer is in doubt when somebody noted another memory of its giver, unless it was asked for
 *   after that was heard: its giver may have forgotten the promise and acknowledge to another.
 */
import { generationOf } from "./epoch.ts";
import type { Note } from "./group-record.ts";
import { newestNotes } from "./promises.ts";
import type { QuorumState } from "./quorum-entry.ts";
import { SHORTCUT } from "./shortcut.ts";

/** What a giver says with its promise, from its record after the promise; a candidate of itself. */
export interface PromiseAnswer {
  readonly blank: boolean;
  readonly memory: string;
  /** Epochs, see GroupRecord. */
  readonly before: number;
  readonly led: number;
  readonly synced: number;
  readonly watermark: number;
  readonly commitWatermark: number;
  /** The highest sequence that it holds or ever saw used. */
  readonly sequence: number;
  /** See GroupRecord. */
  readonly severed: number;
  /** As its quorum entry says. */
  readonly quorum: QuorumState;
  readonly notes: readonly Note[];
}

/** What a leader starts with, beside the entries. */
export interface Inheritance {
  /** Everything up to here is committed and held by every source. */
  readonly commitWatermark: number;
  /** The highest sequence that anybody spoke of; the next one may be used. */
  readonly sequence: number;
  /**
   * For the new leader's record, in the transaction in which it becomes leader: those that it syncs
   * take their notes from it, and would otherwise not know what others noted and then forgot.
   */
  readonly notes: readonly Note[];
}

export type TakeoverDecision =
  | {
      readonly step: "wait";
      /** How many must count. */
      readonly needed: number;
      /** Slots. */
      readonly counted: readonly number[];
      /** Slots that have answered and remember nothing. */
      readonly blank: readonly number[];
      /** Slots that have not answered, or whose answer is in doubt. */
      readonly missing: readonly number[];
    }
  /** It led last and nobody has since: its own state is the group's. */
  | ({ readonly step: "again" } & Inheritance)
  | ({
      readonly step: "merge";
      /** The synced epoch of the sources. */
      readonly epoch: number;
      /** Slots; the own one may be among them. */
      readonly sources: readonly number[];
      /** Fewer count than the promise rests on: what may be lost is to be logged. */
      readonly beyondPromise: boolean;
      /** Slots that have not answered, or whose answer is in doubt. */
      readonly missing: readonly number[];
    } & Inheritance);

interface Received {
  readonly answer: PromiseAnswer;
  /** The number of the ask that it answers. */
  readonly number: number;
}

/** Somebody's memory as an answer told of it. */
interface Heard {
  readonly slot: number;
  readonly memory: string;
  /** How many asks had been sent when it was first heard of. */
  readonly asks: number;
}

/** How one electorate stands. */
interface Tally {
  /** Slots whose promise counts. */
  readonly counted: readonly number[];
  /** How many must. */
  readonly needed: number;
  /** How many must where its own state is the group's. */
  readonly forAgain: number;
}

export class Takeover {
  readonly #slot: number;
  readonly #electorates: readonly (readonly number[])[];
  readonly #own: PromiseAnswer;
  readonly #inMemory: boolean;
  readonly #appointed: boolean;
  #asks = 0;
  /** By slot, the number of the last ask. */
  readonly #lastAsk = new Map<number, number>();
  readonly #received = new Map<number, Received>();
  readonly #heard: Heard[] = [];
  #notes: readonly Note[];

  constructor(options: {
    readonly slot: number;
    /**
     * Slots of the members, where nobody appoints the only ones; else of each generation that may
     * hold acknowledged writes which later ones don't: enough of each must promise.
     */
    readonly electorates: readonly (readonly number[])[];
    /** May be blank; `before` as after its own promise. */
    readonly own: PromiseAnswer;
    /**
     * No member has a disk: where everybody has answered, nobody can come back with more, so it
     * goes on with what there is.
     */
    readonly inMemory?: boolean;
    /** A controller appoints: each generation's epochs are one node's alone. */
    readonly appointed?: boolean;
  }) {
    this.#slot = options.slot;
    this.#electorates = options.electorates;
    this.#own = options.own;
    this.#inMemory = options.inMemory ?? false;
    this.#appointed = options.appointed ?? false;
    this.#notes = options.own.notes;
  }

  /** Gives the number to send with an ask to this slot. Only the answer to the last ask counts. */
  ask(slot: number): number {
    this.#asks += 1;
    this.#lastAsk.set(slot, this.#asks);
    return this.#asks;
  }

  /** Takes a promise; returns the slots that must be asked again, as their answer is in doubt. */
  promised(slot: number, number: number, answer: PromiseAnswer): readonly number[] {
    if (slot === this.#slot || number !== this.#lastAsk.get(slot)) {
      return [];
    }
    this.#received.set(slot, { answer, number });
    this.#notes = newestNotes([...this.#notes, ...answer.notes]);
    for (const note of answer.notes) {
      this.#hear(note);
    }
    return [...this.#received]
      .filter(([giver, { answer: given }]) => {
        return (this.#lastAsk.get(giver) ?? 0) <= this.#doubtedUpTo(giver, given);
      })
      .map(([giver]) => giver);
  }

  /**
   * What this slot said does not hold any more: asked for its entries it turned out to have lost
   * the memory that promised. It is to be asked again.
   */
  forget(slot: number): void {
    this.#received.delete(slot);
    this.#lastAsk.delete(slot);
  }

  /** What this slot said last, whether it counts or not; undefined where nothing holds. */
  answerOf(slot: number): PromiseAnswer | undefined {
    return this.#received.get(slot)?.answer;
  }

  /** force: go on with what there is, as long as one remembers. */
  decide(options: { readonly force?: boolean } = {}): TakeoverDecision {
    const counted = this.#counted();
    const answers = [...counted.values()];
    const epoch = Math.max(0, ...answers.map((answer) => answer.synced));
    const newest = [...counted].filter(([, answer]) => answer.synced === epoch);
    const quorums = newest.map(([, answer]) => answer.quorum);
    const tallies = this.#electorates.map((slots) => this.#tally(slots, counted, quorums));
    if (
      this.#ledLast(answers) &&
      tallies.every((tally) => tally.counted.length >= tally.forAgain)
    ) {
      return { step: "again", ...this.#inheritance([this.#own]) };
    }
    const missing = this.#missing();
    const everybody = missing.length === 0;
    const short = tallies.find((tally) => tally.counted.length < tally.needed);
    const goesOn = options.force === true || (this.#inMemory && everybody);
    if (answers.length === 0 || (short !== undefined && !goesOn)) {
      const blank = [...this.#received]
        .filter(([slot, { answer }]) => answer.blank && !missing.includes(slot))
        .map(([slot]) => slot);
      const { needed, counted: givers } = short ?? { needed: 1, counted: [] };
      return { step: "wait", needed, counted: givers, blank, missing };
    }
    const sources = chooseSources(counted, newest);
    return {
      step: "merge",
      epoch,
      sources: sources.map(([slot]) => slot),
      beyondPromise: short !== undefined,
      missing,
      ...this.#inheritance(sources.map(([, answer]) => answer)),
    };
  }

  /** Whose promise counts, by slot. */
  #counted(): Map<number, PromiseAnswer> {
    const counted = new Map<number, PromiseAnswer>();
    if (remembers(this.#own)) {
      counted.set(this.#slot, this.#own);
    }
    for (const [slot, { answer }] of this.#received) {
      if (remembers(answer) && !this.#inDoubt(slot)) {
        counted.set(slot, answer);
      }
    }
    return counted;
  }

  #missing(): number[] {
    return [...new Set(this.#electorates.flat())].filter((slot) => {
      return slot !== this.#slot && (!this.#received.has(slot) || this.#inDoubt(slot));
    });
  }

  /** C and R in this electorate, by the quorums that those of the newest state tell of. */
  #tally(
    slots: readonly number[],
    counted: ReadonlyMap<number, PromiseAnswer>,
    quorums: readonly QuorumState[],
  ): Tally {
    const told = quorums.length === 0 ? [this.#own.quorum] : quorums;
    const least = slots.length - Math.min(...told.map((quorum) => quorum.takeovers));
    const promises = Math.max(1, SHORTCUT === "r-minus-1" ? least - 1 : least);
    const copies = Math.max(...told.map((quorum) => quorum.writes)) + 1;
    const notesNeeded = this.#own.blank && this.#missing().length > 0 && SHORTCUT !== "blank-votes";
    return {
      counted: slots.filter((slot) => counted.has(slot)),
      needed: notesNeeded ? Math.max(promises, copies) : promises,
      forAgain: Math.min(lessForAgain(copies), promises),
    };
  }

  /**
   * It led the epoch that its state comes from, and nobody who counts has promised a higher one
   * before. With C of them nobody can have led since; with R, nobody had a write acknowledged.
   *
   * Where a controller appoints, a higher one of the generation that it led in was its own, and in
   * vain: it would have led in that one else.
   */
  #ledLast(counted: readonly PromiseAnswer[]): boolean {
    const { blank, led, synced } = this.#own;
    const own = (epoch: number) => this.#appointed && generationOf(epoch) <= generationOf(led);
    return (
      !blank &&
      synced > 0 &&
      led === synced &&
      counted.every(({ before }) => before <= led || own(before))
    );
  }

  #inheritance(sources: readonly PromiseAnswer[]): Inheritance {
    const received = [...this.#received.values()].map(({ answer }) => answer.sequence);
    return {
      commitWatermark: Math.max(...sources.map((source) => source.commitWatermark)),
      sequence: Math.max(this.#own.sequence, ...received),
      notes: this.#notes,
    };
  }

  #hear(note: Note): void {
    const { slot, memory } = note;
    const known = this.#heard.some((heard) => heard.slot === slot && heard.memory === memory);
    if (!known) {
      this.#heard.push({ slot, memory, asks: this.#asks });
    }
  }

  #inDoubt(slot: number): boolean {
    const received = this.#received.get(slot);
    return received !== undefined && received.number <= this.#doubtedUpTo(slot, received.answer);
  }

  /** Answers of this memory to asks up to here are in doubt; 0 none. */
  #doubtedUpTo(slot: number, { memory }: PromiseAnswer): number {
    if (SHORTCUT === "notes-ignored") {
      return 0;
    }
    const others = this.#heard.filter((heard) => heard.slot === slot && heard.memory !== memory);
    return Math.max(0, ...others.map((heard) => heard.asks));
  }
}

/** Of a group that sees to itself: all its members elect. */
export function everybody(members: number): readonly (readonly number[])[] {
  return [Array.from({ length: members }, (_, slot) => slot)];
}

function remembers(answer: PromiseAnswer): boolean {
  return !answer.blank || SHORTCUT === "blank-votes";
}

function lessForAgain(copies: number): number {
  return SHORTCUT === "again-c-minus-1" ? Math.max(1, copies - 1) : copies;
}

type Source = readonly [slot: number, answer: PromiseAnswer];

/** All of the newest state: acknowledgements come out of order, so no single one is complete. */
function chooseSources(
  counted: ReadonlyMap<number, PromiseAnswer>,
  newest: readonly Source[],
): readonly Source[] {
  if (SHORTCUT === "merge-all") {
    return [...counted];
  }
  if (SHORTCUT === "most-advanced") {
    const sequence = Math.max(...newest.map(([, answer]) => answer.sequence));
    return newest.filter(([, answer]) => answer.sequence === sequence).slice(0, 1);
  }
  return newest;
}
