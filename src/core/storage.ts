/**
 * What the engine needs of a disk. Declared here because the order *persist, send, apply, reply* is
 * the engine's; src/storage implements it.
 *
 * For each group a storage keeps a record and the entries of two *sides*. The current side is what
 * the record speaks of. The incoming side is a state that is being built from nothing; `adopt`
 * makes it the current one and drops the other, in the same transaction as everything else in that
 * change. An incoming side that was never adopted is dropped when the storage is opened.
 */
import type { Entry } from "./entry.ts";
import type { GroupRecord } from "./group-record.ts";

/** What one turn of the event loop brought for one group; its parts apply in this order. */
export interface GroupChange {
  readonly group: number;
  /** Empties the incoming side first. */
  readonly clearIncoming?: boolean;
  /** Each replaces what stands at its key on the incoming side, unless that is newer. */
  readonly incoming?: readonly Entry[];
  /** The incoming side becomes the current one. */
  readonly adopt?: boolean;
  /** Keys of the current side that are no longer there, with no tombstone either. */
  readonly forgotten?: readonly string[];
  /** Each replaces what stands at its key on the current side, in this order. */
  readonly entries?: readonly Entry[];
  readonly record?: GroupRecord;
}

export interface StoredGroup {
  readonly group: number;
  readonly record: GroupRecord;
  /** The current side, in no order. */
  readonly entries: Iterable<Entry>;
}

export interface Storage {
  /** What it keeps survives the end of this process. */
  readonly durable: boolean;
  /** Every group that was kept; to be called once, before the first commit. */
  load(): Iterable<StoredGroup>;
  /**
   * Keeps all changes or none; when it returns, they have survived whatever this storage can
   * survive. Throws StorageError when the disk fails: nothing was kept, and the same call may be
   * made again later.
   */
  commit(changes: readonly GroupChange[]): void;
  close(): void;
}

/** The disk is full or fails; says what a person can do. */
export class StorageError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "StorageError";
  }
}
