/**
 * What one write does to one key. An entry is made once, by the leader, and never changes: the same
 * object goes into the leader's replica, into the batch for the storage and into the frame.
 */
import type { Version } from "./version.ts";

export interface Entry extends Version {
  /** 1–1,024 bytes as UTF-8. */
  readonly key: string;
  /** The value as JSON text, byte for byte as the client sent it; undefined is a tombstone. */
  readonly value: string | undefined;
}
