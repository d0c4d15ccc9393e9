/**
 * Storages that survive their nodes, for a group in one process: real files in directories of a
 * file system in memory where there is one, and disks that fail on demand.
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { type Storage, StorageError } from "../../src/core/storage.ts";
import { openSqliteStorage } from "../../src/storage/sqlite.ts";

export class KeptStorages {
  readonly #root: string;
  readonly #open = new Map<string, Storage>();
  readonly #failing = new Set<string>();

  constructor(root: string) {
    this.#root = root;
  }

  /** What the node's predecessor has kept; that one must have ended. */
  readonly create = (nodeId: string): Storage => {
    this.#open.get(nodeId)?.close();
    const storage = openSqliteStorage({ directory: join(this.#root, nodeId), nodeId });
    this.#open.set(nodeId, storage);
    return {
      durable: storage.durable,
      load: () => storage.load(),
      commit: (changes) => {
        if (this.#failing.has(nodeId)) {
          throw new StorageError("the disk is full; make room on it.");
        }
        storage.commit(changes);
      },
      close: () => storage.close(),
    };
  };

  /** This node's disk takes nothing until `mend`. */
  fail(nodeId: string): void {
    this.#failing.add(nodeId);
  }

  mend(nodeId: string): void {
    this.#failing.delete(nodeId);
  }

  /** Its directory is gone; the node must have ended. */
  lose(nodeId: string): void {
    this.#open.get(nodeId)?.close();
    this.#open.delete(nodeId);
    rmSync(join(this.#root, nodeId), { recursive: true });
  }

  closeAll(): void {
    for (const storage of this.#open.values()) {
      storage.close();
    }
    this.#open.clear();
  }
}
