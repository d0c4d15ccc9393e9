/**
 * A worker that is told to drop its copy keeps that and the deletion in one transaction: if it knew
 * that it has no copy, and a crash left it the data, it might take that for one that counts when it
 * is given a copy again; if it lost the data first, it would have forgotten what it promised.
 */
import { type Assignment, copiesOf } from "../../../../src/core/assignment.ts";
import type { Entry } from "../../../../src/core/entry.ts";
import { MAP_GROUP } from "../../../../src/worker/worker-map.ts";
import type { Disk } from "../../world/disk.ts";

/** What one worker's disk says. */
export class DroppedCopies {
  readonly #worker: string;
  readonly #partitions: number;
  /** By partition, the assignment that is stored and what it says of this worker. */
  readonly #known = new Map<number, { readonly entry: Entry; readonly has: boolean }>();

  constructor(worker: string, partitions: number) {
    this.#worker = worker;
    this.#partitions = partitions;
  }

  /** A partition whose copy is stored though it was dropped; undefined: none. */
  find(disk: Disk): number | undefined {
    for (let partition = 0; partition < this.#partitions; partition++) {
      const entry = disk.read(String(partition), MAP_GROUP);
      if (entry !== undefined && !this.#has(partition, entry)) {
        if (disk.recordOf(partition) !== undefined) {
          return partition;
        }
      }
    }
    return undefined;
  }

  #has(partition: number, entry: Entry): boolean {
    const known = this.#known.get(partition);
    if (known?.entry === entry) {
      return known.has;
    }
    const assignment = JSON.parse(entry.value as string) as Assignment;
    const has = copiesOf(assignment).some(({ worker }) => worker === this.#worker);
    this.#known.set(partition, { entry, has });
    return has;
  }
}
