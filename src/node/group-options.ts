/** What a group's replica is built from. */
import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import type { StoredGroup } from "../core/storage.ts";
import type { LabSettings } from "./group-leader.ts";
import type { Journal } from "./journal.ts";
import type { LinkPool } from "./link-pool.ts";
import type { HelloMessage } from "./messages.ts";
import type { Pace } from "./pace.ts";

export interface GroupOptions {
  readonly group: number;
  /** Own URL. */
  readonly address: string;
  /** The number of this copy, see Copy; 0 where nobody appoints. */
  readonly copy: number;
  /** Set where it is to begin the group; members: all URLs, the own one first. */
  readonly founding:
    | { readonly members: readonly string[]; readonly writeQuorum: number }
    | undefined;
  readonly stored: StoredGroup | undefined;
  /** What the storage has of this group is of an older copy, and counts for nothing. */
  readonly discards?: boolean;
  /** What it stores survives its process. */
  readonly durable: boolean;
  readonly lab: LabSettings;
  readonly replicationTimeoutMs: number;
  readonly linkQueueBytes: number;
  readonly pendingBytes: number;
  readonly hello: HelloMessage;
  readonly pool: LinkPool;
  readonly pace: Pace;
  /** It has begun or ceased to lead. */
  changed(): void;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}
