/**
 * The way of most commits: into the log, which takes one write and one fdatasync, and into a map in
 * memory; the tables get them later, a few rows at a time and in order. A key that is written often
 * is folded once for many times.
 *
 * Two spans are there at most, the one that is written and the one before it, which is folded
 * meanwhile. What is folded of it is not noted until all of it is: after a crash it is folded once
 * more, from the log, which changes nothing. A row that the later span has too need not be folded.
 */
import { randomBytes } from "node:crypto";
import { StorageError } from "../core/storage.ts";
import { CommitLog, readLog, removeLog } from "./commit-log.ts";
import { toStorageError } from "./disk-error.ts";
import { type FoldStep, foldSteps, foldWeight } from "./fold-steps.ts";
import type { LoggedChange } from "./log-record.ts";
import type { Tables } from "./tables.ts";
import { Unfolded } from "./unfolded.ts";

/** A span is half as large as the database, within these bounds: see `#spanBytesMax`. */
const SPAN_BYTES_MIN = 8 * 1024 * 1024;
export const SPAN_BYTES_MAX = 32 * 1024 * 1024;
/** Folding is to be done when the span that is written is full to this share. */
const DONE_AT = 0.75;

/** The span before the one that is written. */
interface Folding {
  readonly unfolded: Unfolded;
  readonly steps: Iterator<FoldStep>;
  /** How much of `foldWeight` each byte of the later span owes. */
  readonly weightPerByte: number;
  weightDone: number;
}

export interface LoggedCommitsOptions {
  readonly tables: Tables;
  readonly databasePath: string;
  /** A span is not larger than this; 0: nothing is logged. */
  readonly spanBytesMax: number;
}

export class LoggedCommits {
  readonly #options: LoggedCommitsOptions;
  readonly #tables: Tables;
  /** Made at the first commit. */
  #log: CommitLog | undefined;
  #spanBytesMax = 0;
  /** Of the span that is written. */
  #unfolded = new Unfolded();
  #folding: Folding | undefined;
  /**
   * An append, or a transaction of the tables, has failed, and may be on the disk all the same: the
   * next commit goes into the tables, over it or with all that is in the log, which begins anew
   * behind it. Appended to the log, it would follow on a state that a crash may bring back.
   */
  #failed = false;

  /** Brings into the tables what a crash has left in the log. */
  constructor(options: LoggedCommitsOptions) {
    this.#options = options;
    this.#tables = options.tables;
    const { tables, databasePath } = options;
    const start = tables.log;
    if (start !== undefined) {
      const found = new Unfolded();
      for (const change of readLog(databasePath, start)) found.takeIn(change);
      const all = () => {
        this.#fold(found);
        tables.log = undefined;
      };
      tables.transaction(all, { synced: true });
    }
    removeLog(databasePath);
  }

  /** False where the commit has to go into the tables: too large, or they are to be asked. */
  append(changes: readonly LoggedChange[]): boolean {
    const { spanBytesMax } = this.#options;
    if (spanBytesMax === 0 || this.#failed) return false;
    this.#log ??= this.#begin();
    const log = this.#log;
    let record = log.encode(changes);
    if (record.length > this.#spanBytesMax) return false;
    if (log.spanBytes + record.length > this.#spanBytesMax) {
      this.#turn(log);
      record = log.encode(changes);
    }
    log.reserve(record.length);
    this.#failed = true;
    log.append(record);
    this.#failed = false;
    for (const change of changes) this.#unfolded.takeIn(change);
    this.#foldSome(log);
    return true;
  }

  /** The tables have everything. */
  get folded(): boolean {
    return this.#unfolded.empty && this.#folding === undefined;
  }

  /** A transaction of the tables, synced, that begins with everything that is in the log. */
  transaction(work: () => void): void {
    const log = this.#log;
    const all = () => {
      if (log !== undefined) {
        this.#foldAll();
        // Also what an append that failed may have left there must never be read again.
        this.#tables.log = log.next;
      }
      work();
    };
    this.#failed = true;
    this.#tables.transaction(all, { synced: true });
    this.#failed = false;
    log?.skip();
    this.#folding = undefined;
    this.#unfolded = new Unfolded();
  }

  /** Leaves all in the tables and no log; where the disk refuses that, the log stays. */
  close(): void {
    const log = this.#log;
    if (log === undefined) return;
    const { databasePath } = this.#options;
    this.#log = undefined;
    const all = () => {
      this.#foldAll();
      this.#tables.log = undefined;
    };
    try {
      this.#tables.transaction(all, { synced: true });
      removeLog(databasePath);
    } finally {
      log.close();
    }
  }

  #begin(): CommitLog {
    const { tables, databasePath } = this.#options;
    const log = new CommitLog(databasePath, randomBytes(4).readUInt32LE());
    try {
      const note = () => {
        tables.log = log.start;
      };
      tables.transaction(note, { synced: true });
    } catch (error) {
      log.close();
      throw error;
    }
    this.#measure();
    return log;
  }

  /** Begins another span; this one is folded from now on. */
  #turn(log: CommitLog): void {
    this.#foldTo(log, Number.POSITIVE_INFINITY);
    const unfolded = this.#unfolded;
    log.turn();
    this.#unfolded = new Unfolded();
    this.#measure();
    const weightPerByte = foldWeight(unfolded) / (this.#spanBytesMax * DONE_AT);
    this.#folding = { unfolded, steps: foldSteps(unfolded), weightPerByte, weightDone: 0 };
  }

  /**
   * The larger a span, the more of its rows share a page or are replaced before they are folded;
   * the smaller, the sooner a node starts after a crash and ends when it is told to.
   */
  #measure(): void {
    const bytes = Math.max(SPAN_BYTES_MIN, this.#tables.bytes / 2);
    this.#spanBytesMax = Math.min(bytes, this.#options.spanBytesMax);
  }

  /** As much as this commit owes; it is on the disk whatever comes of that. */
  #foldSome(log: CommitLog): void {
    try {
      this.#foldTo(log, log.spanBytes);
    } catch (error) {
      if (!(toStorageError(error, "") instanceof StorageError)) throw error;
    }
  }

  /** So far as is owed when the span that is written has so many bytes. */
  #foldTo(log: CommitLog, spanBytes: number): void {
    const folding = this.#folding;
    if (folding === undefined) return;
    // Unless it comes through, a step is missing, and only `transaction` makes up for it.
    this.#failed = true;
    while (folding.weightDone <= spanBytes * folding.weightPerByte) {
      const step = folding.steps.next();
      if (step.done === true) {
        this.#finish(log, folding.unfolded);
        break;
      }
      folding.weightDone += step.value.weight;
      this.#foldStep(folding.unfolded, step.value);
    }
    this.#failed = false;
  }

  #foldStep({ rows }: Unfolded, { side, keys }: FoldStep): void {
    const bySide = rows.get(side);
    const later = this.#unfolded.rows.get(side);
    const due = later === undefined ? keys : keys.filter((key) => !later.has(key));
    if (due.length === 0) return;
    const some = () => {
      for (const key of due) this.#foldRow(side, key, bySide?.get(key));
    };
    this.#tables.transaction(some, { synced: false });
  }

  /** The log begins with the span that is written. */
  #finish(log: CommitLog, { records }: Unfolded): void {
    const rest = () => {
      for (const [group, text] of records) this.#tables.putRecord(group, text);
      this.#tables.log = log.start;
    };
    this.#tables.transaction(rest, { synced: true });
    this.#folding = undefined;
  }

  #foldAll(): void {
    if (this.#folding !== undefined) this.#fold(this.#folding.unfolded, this.#unfolded);
    this.#fold(this.#unfolded);
  }

  /** All of it, but for the rows that are there later. */
  #fold({ rows, records }: Unfolded, later?: Unfolded): void {
    for (const [side, bySide] of rows) {
      const laterBySide = later?.rows.get(side);
      for (const key of [...bySide.keys()].sort()) {
        if (!laterBySide?.has(key)) this.#foldRow(side, key, bySide.get(key));
      }
    }
    for (const [group, text] of records) this.#tables.putRecord(group, text);
  }

  #foldRow(side: number, key: string, entry: Parameters<Tables["put"]>[1] | undefined): void {
    if (entry === undefined) {
      this.#tables.remove(side, key);
    } else {
      this.#tables.put(side, entry);
    }
  }
}
