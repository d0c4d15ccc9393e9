/**
 * A leader's admission of blank nodes. A node that lost its memory may have forgotten a promise:
 * its giver's old word would still serve a candidate, while it already acknowledges to this leader.
 * So before it may acknowledge, others note the id of its new memory (design, "Blank nodes").
 *
 * C nodes that are not blank must have noted it, the leader among them: together with the R of any
 * candidate, from which the forgetful one is left out on both sides, they are more than N − 1, so
 * that one of them speaks to the candidate. Or every node must have answered: who has not noted it
 * then is blank, counts for nobody, and takes its own notes from whoever admits it.
 *
 * Nobody needs notes in two cases:
 * - The founder of a group, as long as it leads the epoch in which it founded it, meets a node for
 *   the first time: to have promised anything that counts, that node must have remembered something
 *   of this group, and so have been admitted: by this leader, which would know it, or by one that
 *   took over from this one. But then R nodes have promised, R of those that this leader knows, and
 *   of the other C − 1 the newcomer is one: nothing can be acknowledged here any more.
 * - W + 1 nodes are blank at once: more than the promise covers. What is lost is lost, and nobody
 *   should wait for what can't come. The log is to say so. "At once" takes proof, since a node that
 *   said that it is blank may follow somebody else by now: when one comes, those that came before
 *   it and answer its note that they are blank *still* were so when it came.
 *
 * A leader that ends takes its admissions with it; only the count of memories and notes grow.
 */
import type { Note } from "./group-record.ts";
import { SHORTCUT } from "./shortcut.ts";

/** A node that may be brought up to date and then acknowledge. */
export interface Admitted {
  readonly slot: number;
  readonly memory: string;
  /** `loss`: more nodes are blank than the promise covers; what is lost is to be logged. */
  readonly because: "noted" | "first" | "loss";
  /** Slots that have not answered. */
  readonly unheard: readonly number[];
}

/** What a node answers when it is asked to note a memory. */
export interface Noted {
  /** Its slot. */
  readonly by: number;
  /** Whose memory it was asked to note. */
  readonly slot: number;
  readonly memory: string;
  /** It is blank itself and has noted nothing. */
  readonly blank: boolean;
}

interface Newcomer {
  readonly memory: string;
  readonly note: Note;
  /** Slots that have noted it; the leader first of all. */
  readonly noters: Set<number>;
  /** Slots that have answered that they are blank. */
  readonly blank: Set<number>;
  connected: boolean;
  /** It follows by now: it remembers. */
  synced: boolean;
  because: Admitted["because"] | undefined;
  /** `take` has told of it since it came. */
  told: boolean;
}

export class Admissions {
  readonly #slot: number;
  readonly #members: readonly number[];
  readonly #epoch: number;
  readonly #founded: boolean;
  /** By slot; of each the newest memory alone. */
  readonly #newcomers = new Map<number, Newcomer>();
  /** Memories that a newer one of the same slot has followed. */
  readonly #past = new Set<string>();
  #begun = 0;

  constructor(options: {
    /** The leader's. */
    readonly slot: number;
    /** Slots of all members. */
    readonly members: readonly number[];
    readonly epoch: number;
    /** It founded the group with this epoch, in this life of its process. */
    readonly founded: boolean;
  }) {
    this.#slot = options.slot;
    this.#members = options.members;
    this.#epoch = options.epoch;
    this.#founded = options.founded;
  }

  /**
   * A blank node is connected, with this memory. Returns the note that the leader puts into its own
   * record and asks the others for (`wanted` says whom); undefined where that node has shown a
   * newer memory before.
   */
  begin(slot: number, memory: string): Note | undefined {
    if (this.#past.has(memory)) {
      return undefined;
    }
    const known = this.#newcomers.get(slot);
    if (known?.memory === memory) {
      known.connected = true;
      known.told = false;
      return known.note;
    }
    if (known !== undefined) {
      this.#past.add(known.memory);
    }
    this.#begun += 1;
    const note = { slot, memory, epoch: this.#epoch, sequence: this.#begun };
    this.#newcomers.set(slot, {
      memory,
      note,
      noters: new Set([this.#slot]),
      blank: new Set([slot]),
      connected: true,
      synced: false,
      because: this.#founded && known === undefined ? "first" : undefined,
      told: false,
    });
    return note;
  }

  /** A node has answered; one that was blank when it was asked before may have noted it now. */
  noted({ by, slot, memory, blank }: Noted): void {
    const newcomer = this.#newcomers.get(slot);
    if (newcomer?.memory !== memory || by === slot) {
      return;
    }
    if (!blank) {
      newcomer.noters.add(by);
      newcomer.blank.delete(by);
    } else if (!newcomer.noters.has(by)) {
      newcomer.blank.add(by);
    }
  }

  /** The node with this memory follows now and remembers: it may be asked for notes. */
  synced(slot: number, memory: string): void {
    const newcomer = this.#newcomers.get(slot);
    if (newcomer?.memory === memory) {
      newcomer.synced = true;
    }
  }

  /** The connection to this node is gone. */
  left(slot: number): void {
    const newcomer = this.#newcomers.get(slot);
    if (newcomer !== undefined) {
      newcomer.connected = false;
    }
  }

  /** What this node should be asked to note, now or again. */
  wanted(by: number): Note[] {
    if (SHORTCUT === "no-notes") {
      return [];
    }
    return [...this.#newcomers]
      .filter(([slot, { because, noters }]) => {
        return slot !== by && because === undefined && !noters.has(by);
      })
      .map(([, { note }]) => note);
  }

  /** Has the node with this memory been admitted? */
  has(slot: number, memory: string): boolean {
    const newcomer = this.#newcomers.get(slot);
    return newcomer?.memory === memory && newcomer.because !== undefined;
  }

  /** Which connected nodes may be brought up to date; each is told of once, while it stays. */
  take(
    /** Followers that must acknowledge a write: the higher quorum while it is being changed. */
    writes: number,
  ): Admitted[] {
    const admitted: Admitted[] = [];
    this.#countLost(writes);
    for (const [slot, newcomer] of this.#newcomers) {
      if (newcomer.told || !newcomer.connected) {
        continue;
      }
      newcomer.because ??= this.#isNoted(newcomer, writes + 1) ? "noted" : undefined;
      const { because, memory } = newcomer;
      if (because !== undefined) {
        newcomer.told = true;
        admitted.push({ slot, memory, because, unheard: this.#unheard(newcomer) });
      }
    }
    return admitted;
  }

  #isNoted({ noters, blank }: Newcomer, copies: number): boolean {
    const all = noters.size + blank.size === this.#members.length;
    return noters.size >= copies || all || SHORTCUT === "no-notes";
  }

  /** Where more were blank at once than the promise covers, nobody of them waits for notes. */
  #countLost(writes: number): void {
    const waiting = [...this.#newcomers.values()].filter(
      ({ because, connected, synced }) => because === undefined && connected && !synced,
    );
    for (const last of waiting) {
      const blank = [...last.blank].flatMap((slot) => this.#newcomers.get(slot) ?? []);
      const atOnce = blank.filter(({ connected, synced, note }) => {
        return connected && !synced && note.sequence <= last.note.sequence;
      });
      if (atOnce.length > writes) {
        for (const newcomer of atOnce) {
          newcomer.because ??= "loss";
        }
      }
    }
  }

  #unheard({ noters, blank }: Newcomer): number[] {
    return this.#members.filter((slot) => !noters.has(slot) && !blank.has(slot));
  }
}
