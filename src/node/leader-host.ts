/** What a leader is given, and what it needs of the replica that it belongs to. */
import type { GroupIdentity, Note } from "../core/group-record.ts";
import type { QuorumState } from "../core/quorum-entry.ts";
import type { Replica } from "../core/replica.ts";

/** What a takeover, or the founding of a group, hands to its leader. */
export interface Leadership {
  readonly epoch: number;
  readonly identity: GroupIdentity;
  readonly slot: number;
  /** Slots of all members. */
  readonly members: readonly number[];
  /** By slot, the number of that member's copy; empty where nobody appoints. */
  readonly copies: ReadonlyMap<number, number>;
  readonly replica: Replica;
  /** The last sequence that the group has used. */
  readonly sequence: number;
  /** So many of the last ones are not committed, used or not. */
  readonly inherited: number;
  readonly quorum: QuorumState;
  /** See GroupRecord. */
  readonly severed: number;
  /** It has founded the group in this epoch. */
  readonly founder: boolean;
}

/** What a leader needs of the replica that it belongs to. */
export interface LeaderHost {
  /** Calls `takeChange` and `persisted` at the end of this turn. */
  schedule(): void;
  /** As `schedule`, and the turn goes on for a moment if more is gathered. */
  gather(): void;
  /** Resolves when all that this turn has brought is stored. */
  stored(): Promise<void>;
  readonly notes: readonly Note[];
  /** Keeps a note with the next transaction and calls back when that is done. */
  note(note: Note, kept: () => void): void;
  /** Something may have been lost: says so to people. */
  possibleLoss(sentence: string): void;
  /** Another follower, or one less, is synced. */
  changed(): void;
  /** Somebody has promised this higher epoch: the leadership is over. */
  fenced(promised: number): void;
  /** Why the disk takes nothing, if so. */
  readonly storageFailure: Error | undefined;
}
