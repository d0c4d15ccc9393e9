/**
 * What the engine needs of a disk. Declared here because the order *persist, send, apply, reply* is
 * the engine's; src/storage implements it.
 */
import type { Entry } from "./entry.ts";

export interface Storage {
  /**
   * Keeps entries of a group, whole or not at all; when it returns they have survived whatever this
   * storage can survive. One call carries all that one turn of the event loop brought.
   */
  commit(group: number, entries: readonly Entry[]): void;
}
