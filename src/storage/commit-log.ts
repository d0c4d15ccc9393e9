/**
 * The files of the log. A log is a row of stretches, its spans, which lie in two files by turns; a
 * span's file is overwritten by the next but one. A file has its size before it is written to, and
 * is only ever overwritten, so that the disk has nothing to confirm but the bytes of one commit.
 */
import { existsSync, readFileSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { StorageError } from "../core/storage.ts";
import { logPathsOf, syncDirectory } from "./data-directory.ts";
import { allocateAligned, BLOCK_BYTES, DirectFile } from "./direct-file.ts";
import { DamagedRow, MEND } from "./disk-error.ts";
import {
  findRecord,
  type LoggedChange,
  type LogStart,
  RecordWriter,
  readChanges,
  type Stretch,
  stretchAt,
} from "./log-record.ts";

/** A file begins with so much and doubles, by at most the second of the two at a time. */
const FIRST_BYTES = 64 * 1024;
const GROWTH_BYTES_MAX = 1024 * 1024;

interface LogFile {
  readonly disk: DirectFile;
  /** All of it has been written before. */
  bytes: number;
}

export class CommitLog {
  readonly salt: number;
  readonly #files: readonly LogFile[];
  readonly #writer = new RecordWriter();
  #span = 0;
  /** Of the last record. */
  #number = 0;
  /** Of the first record of the span. */
  #spanNumber = 1;
  #position = 0;

  /** Makes the files, or makes them anew. `salt` must differ from that of any log before. */
  constructor(databasePath: string, salt: number) {
    this.salt = salt;
    this.#files = createAll(logPathsOf(databasePath));
    syncDirectory(dirname(databasePath));
  }

  /** Where the log begins for who has everything up to the beginning of this span. */
  get start(): LogStart {
    return { salt: this.salt, span: this.#span, number: this.#spanNumber };
  }

  /**
   * Where it will begin for who has everything that was appended, and what `skip` stands for. There
   * is a gap in the numbers before it, which tells an older copy of the tables that they lack that.
   */
  get next(): LogStart {
    return { salt: this.salt, span: this.#span + 1, number: this.#number + 2 };
  }

  /** Bytes of the span so far. */
  get spanBytes(): number {
    return this.#position;
  }

  /** The record of a commit that is to be appended next; it holds until the next is asked for. */
  encode(changes: readonly LoggedChange[]): Uint8Array {
    return this.#writer.write(changes, { salt: this.salt, span: this.#span }, this.#number + 1);
  }

  /** Lets the file have so many bytes more; until then there is nothing in them. */
  reserve(bytes: number): void {
    const file = this.#file;
    while (this.#position + bytes > file.bytes) grow(file);
  }

  /**
   * The record, for which there is room, is on the disk when this returns. When it throws, it may
   * be there or not: until the log begins elsewhere (`next`), a crash may bring it back, and
   * nothing must be appended.
   */
  append(record: Uint8Array): void {
    this.#file.disk.write(record, this.#position);
    this.#position += record.length;
    this.#number += 1;
  }

  /** Begins the next span; the last but one must be in the tables by now. */
  turn(): void {
    this.#span += 1;
    this.#spanNumber = this.#number + 1;
    this.#position = 0;
  }

  /** Begins the next span at `next`: the tables have all before it, and more. */
  skip(): void {
    this.#number += 1;
    this.turn();
  }

  /** The files stay. */
  close(): void {
    closeAll(this.#files);
  }

  /** Of the span. */
  get #file(): LogFile {
    return this.#files[this.#span % 2] as LogFile;
  }
}

/**
 * What a log holds from there on, in order. Throws StorageError where a file of it is missing or
 * belongs to another log or a later moment, and DamagedRow where something in its middle is gone.
 */
export function* readLog(databasePath: string, start: LogStart): Generator<LoggedChange> {
  const paths = logPathsOf(databasePath);
  const missing = paths.find((path) => !existsSync(path));
  if (missing !== undefined) {
    throw new StorageError(
      `${missing} is missing, which has the newest of what is in ${databasePath}; ${MEND}.`,
    );
  }
  let { number } = start;
  for (const span of [start.span, start.span + 1]) {
    const stretch = { ...start, span };
    const path = paths[span % 2] as string;
    const bytes = readFileSync(path);
    checkMoment(bytes, stretch, `${path} is of another moment than ${databasePath}`);
    let at = 0;
    for (;;) {
      const found = findRecord(bytes, at, stretch);
      if (found === undefined) break;
      if (found.number !== number) throw new DamagedRow("the log");
      yield* readChanges(bytes, at);
      number += 1;
      at = found.end;
    }
    checkEnd(bytes, at, stretch);
  }
}

/** Before a file has this span there is the last but one in it, or nothing that can be read. */
function checkMoment(bytes: Buffer, { salt, span }: Stretch, otherwise: string): void {
  const first = stretchAt(bytes, 0);
  if (first === undefined || findRecord(bytes, 0, first) === undefined) return;
  if (first.salt !== salt || first.span > span) throw new StorageError(`${otherwise}; ${MEND}.`);
}

/** A commit that was cut off is the last: behind what can't be read there must be none. */
function checkEnd(bytes: Buffer, end: number, stretch: Stretch): void {
  for (let at = end + BLOCK_BYTES; at < bytes.length; at += BLOCK_BYTES) {
    if (findRecord(bytes, at, stretch) !== undefined) throw new DamagedRow("the log");
  }
}

/** Once nothing in them is needed. */
export function removeLog(databasePath: string): void {
  for (const path of logPathsOf(databasePath)) rmSync(path, { force: true });
}

function createAll(paths: readonly string[]): LogFile[] {
  const files: LogFile[] = [];
  try {
    for (const path of paths) {
      const file = { disk: new DirectFile(path), bytes: 0 };
      files.push(file);
      grow(file);
    }
    return files;
  } catch (error) {
    closeAll(files);
    throw error;
  }
}

function closeAll(files: readonly LogFile[]): void {
  for (const { disk } of files) disk.close();
}

function grow(file: LogFile): void {
  const bytes = Math.min(Math.max(FIRST_BYTES, file.bytes), GROWTH_BYTES_MAX);
  file.disk.write(allocateAligned(bytes), file.bytes);
  file.bytes += bytes;
}
