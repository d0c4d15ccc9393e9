/**
 * What a controller needs of a disk: records by kind and id, each a plain JSON value. Few and small
 * (one for each worker, partition and event), they all stand in memory too and are read once.
 */

export type RecordKind = "cluster" | "worker" | "partition" | "event";

export interface StoredRecord {
  readonly kind: RecordKind;
  readonly id: string;
  /** Of JSON's kinds alone. */
  readonly value: unknown;
}

/** Replaces the record of that kind and id; undefined removes it. */
export type RecordChange = StoredRecord;

export interface ControllerStore {
  /** All records, in no order; to be called once, before the first commit. */
  load(): Iterable<StoredRecord>;
  /**
   * Keeps all changes or none; when it returns they have survived whatever this store can survive.
   * Throws StorageError when the disk fails: nothing was kept, and the same call may be made again.
   */
  commit(changes: readonly RecordChange[]): void;
  close(): void;
}

/** Keeps records as long as this object lives, for tests and the simulator. */
export class MemoryControllerStore implements ControllerStore {
  readonly #records = new Map<string, StoredRecord>();

  /** Each call gives copies, as a disk would. */
  load(): StoredRecord[] {
    return [...this.#records.values()].map((record) => structuredClone(record));
  }

  commit(changes: readonly RecordChange[]): void {
    for (const change of changes) {
      const name = `${change.kind} ${change.id}`;
      if (change.value === undefined) {
        this.#records.delete(name);
      } else {
        this.#records.set(name, structuredClone(change));
      }
    }
  }

  close(): void {}
}
