/**
 * A node's disk, and the store on it. What a commit has returned from is kept for good; what is not
 * committed is gone with its process. The disk can be full for a while, take its time, or be lost;
 * and a process can die right before a commit, within it (the transaction is lost), or right after.
 */
import type { Entry } from "../../../src/core/entry.ts";
import type { GroupRecord } from "../../../src/core/group-record.ts";
import {
  type GroupChange,
  type Storage,
  StorageError,
  type StoredGroup,
} from "../../../src/core/storage.ts";
import { ProcessKilled } from "./process-gate.ts";

/** When the process dies at its next commit. */
export type CommitCrash = "before" | "after";

/** What the disk is like now; whoever makes trouble changes it. */
export interface DiskConditions {
  full: boolean;
  /** How long a commit takes. */
  syncMs: number;
  crash: CommitCrash | undefined;
}

/** What a store needs of the process that uses it. */
export interface DiskUser {
  readonly alive: boolean;
  spend(ms: number): void;
  /** Ends the process at once. */
  kill(): void;
}

interface KeptGroup {
  record: GroupRecord | undefined;
  current: Map<string, Entry>;
  incoming: Map<string, Entry>;
}

export class Disk {
  readonly conditions: DiskConditions = { full: false, syncMs: 0, crash: undefined };
  readonly #groups = new Map<number, KeptGroup>();
  #commits = 0;

  /** Transactions that it has kept. */
  get commits(): number {
    return this.#commits;
  }

  /** What the node on it would remember: nothing, as long as it never was synced. */
  get blank(): boolean {
    return ![...this.#groups.values()].some(({ record }) => (record?.synced ?? 0) > 0);
  }

  /** What it has kept at a key of this group. */
  read(key: string, group = 0): Entry | undefined {
    return this.#groups.get(group)?.current.get(key);
  }

  /** The record that it keeps of this group, if one that was synced once. */
  recordOf(group: number): GroupRecord | undefined {
    const record = this.#groups.get(group)?.record;
    return record !== undefined && record.synced > 0 ? record : undefined;
  }

  /** The store of one process; the disk outlives it. */
  open(user: DiskUser): Storage {
    return {
      durable: true,
      load: () => this.#load(),
      commit: (changes) => this.#commit(user, changes),
      close() {},
    };
  }

  #load(): StoredGroup[] {
    return [...this.#groups].flatMap(([group, { record, current, incoming }]) => {
      incoming.clear();
      return record === undefined ? [] : [{ group, record, entries: [...current.values()] }];
    });
  }

  #commit(user: DiskUser, changes: readonly GroupChange[]): void {
    const { conditions } = this;
    if (!user.alive) {
      throw new ProcessKilled();
    }
    if (conditions.full) {
      throw new StorageError("the disk is full; make room and it goes on by itself");
    }
    const { crash } = conditions;
    conditions.crash = undefined;
    if (crash !== "before") {
      this.#keep(changes);
    }
    if (crash !== undefined) {
      user.kill();
      throw new ProcessKilled();
    }
    if (conditions.syncMs > 0) {
      user.spend(conditions.syncMs);
    }
  }

  #keep(changes: readonly GroupChange[]): void {
    this.#commits += 1;
    for (const change of changes) {
      const kept = this.#group(change.group);
      if (change.clearIncoming === true) {
        kept.incoming.clear();
      }
      for (const entry of change.incoming ?? []) {
        const standing = kept.incoming.get(entry.key);
        if (standing === undefined || !isNewer(standing, entry)) {
          kept.incoming.set(entry.key, entry);
        }
      }
      if (change.adopt === true) {
        kept.current = kept.incoming;
        kept.incoming = new Map();
      }
      for (const key of change.forgotten ?? []) {
        kept.current.delete(key);
      }
      for (const entry of change.entries ?? []) {
        kept.current.set(entry.key, entry);
      }
      kept.record = change.record ?? kept.record;
    }
  }

  #group(group: number): KeptGroup {
    let kept = this.#groups.get(group);
    if (kept === undefined) {
      kept = { record: undefined, current: new Map(), incoming: new Map() };
      this.#groups.set(group, kept);
    }
    return kept;
  }
}

function isNewer(one: Entry, other: Entry): boolean {
  return one.epoch > other.epoch || (one.epoch === other.epoch && one.sequence > other.sequence);
}
