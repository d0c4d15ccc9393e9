/**
 * What a disk holds after some changes, done in the slowest and plainest way: two maps and a
 * record, as src/core/storage.ts describes them. A replica must always equal what stands here.
 */
import type { Entry } from "../../../src/core/entry.ts";
import type { GroupRecord } from "../../../src/core/group-record.ts";
import type { Replica } from "../../../src/core/replica.ts";
import type { GroupChange } from "../../../src/core/storage.ts";
import { compareVersions } from "../../../src/core/version.ts";

export class DiskModel {
  current = new Map<string, Entry>();
  incoming = new Map<string, Entry>();
  record: GroupRecord | undefined;

  commit(changes: readonly GroupChange[]): void {
    for (const change of changes) {
      this.#apply(change);
    }
  }

  /** The process begins anew: a state that was never adopted is nobody's. */
  reopen(): void {
    this.incoming = new Map();
  }

  /** Where the replica differs from the current side; undefined: nowhere. */
  differenceFrom(replica: Replica): string | undefined {
    const inMemory = new Map([...replica.all()].map((entry) => [entry.key, entry]));
    for (const key of new Set([...inMemory.keys(), ...this.current.keys()])) {
      const memory = text(inMemory.get(key));
      const disk = text(this.current.get(key));
      if (memory !== disk) {
        return `"${key}" is ${memory} in memory and ${disk} on disk`;
      }
    }
    return undefined;
  }

  #apply({ clearIncoming, incoming, adopt, forgotten, entries, record }: GroupChange): void {
    if (clearIncoming === true) {
      this.incoming = new Map();
    }
    for (const entry of incoming ?? []) {
      const standing = this.incoming.get(entry.key);
      if (standing === undefined || compareVersions(entry, standing) > 0) {
        this.incoming.set(entry.key, entry);
      }
    }
    if (adopt === true) {
      this.current = this.incoming;
      this.incoming = new Map();
    }
    for (const key of forgotten ?? []) {
      this.current.delete(key);
    }
    for (const entry of entries ?? []) {
      this.current.set(entry.key, entry);
    }
    this.record = record ?? this.record;
  }
}

function text(entry: Entry | undefined): string {
  return entry === undefined ? "absent" : `${entry.epoch}.${entry.sequence}=${entry.value}`;
}
