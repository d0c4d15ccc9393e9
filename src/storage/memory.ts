/** Storage that survives nothing: a node without a directory, which is blank after a restart. */
import type { Storage } from "../core/storage.ts";

export function createMemoryStorage(): Storage {
  return { durable: false, load: () => [], commit() {}, close() {} };
}
