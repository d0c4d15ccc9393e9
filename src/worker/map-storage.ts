/**
 * Where a worker's map is stored: in the same file as its copies, as if it were a group of a number
 * that no partition has. So what the map says and what a copy has made of it are kept together.
 */
import type { Storage, StoredGroup } from "../core/storage.ts";

/** Above every partition's number. */
export const MAP_GROUP = 2 ** 31 - 1;

/** What a worker's storage holds: its map, and everything else for the node. */
export interface SplitStorage {
  readonly map: StoredGroup | undefined;
  readonly copies: Storage;
}

/** Reads the storage, once; the node is given what is not the map's. */
export function splitStorage(storage: Storage): SplitStorage {
  const stored = [...storage.load()];
  return {
    map: stored.find(({ group }) => group === MAP_GROUP),
    copies: {
      durable: storage.durable,
      load: () => stored.filter(({ group }) => group !== MAP_GROUP),
      commit: (changes) => storage.commit(changes),
      close: () => storage.close(),
    },
  };
}
