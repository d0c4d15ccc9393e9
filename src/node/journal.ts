/**
 * One storage transaction for all that one turn of the event loop brought, whichever group it
 * concerns, and the order of a turn: persist, then say so.
 *
 * When the disk fails nothing is said, and the same transaction is tried again until it succeeds;
 * what comes meanwhile joins it. Its participants take in next to nothing then, so it stays small.
 */
import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/log.ts";
import { SHORTCUT } from "../core/shortcut.ts";
import { type GroupChange, type Storage, StorageError } from "../core/storage.ts";
import type { Network } from "./network.ts";

const RETRY_AFTER_MS = 500;

/**
 * A turn that clients' writes gather in goes on for so many passes of the event loop at most, and
 * ends with the first that brings none. Each turn costs a message to and from each follower and
 * wakes each of them, which is more than all else that a write costs; a pass costs one look at the
 * sockets. More passes gain little: whoever waits for an answer has no more to bring.
 */
const GATHERING_PASSES_MAX = 3;

/** Something that has changed in this turn. */
export interface Participant {
  /** What to persist, if anything; called once at the end of the turn. */
  takeChanges(): readonly GroupChange[];
  /** All that was taken is on disk: now it may be spoken of. */
  persisted(): void;
  /** The disk has failed; what was taken is tried again, and `persisted` comes when it succeeds. */
  storageFailed(error: StorageError): void;
}

/** Told of each transaction, for the metrics. */
export interface JournalObserver {
  committed(elapsedMs: number, entries: number): void;
  failed(): void;
}

export interface JournalOptions {
  readonly storage: Storage;
  /** Participants speak within its `together`. */
  readonly network: Pick<Network, "together">;
  readonly clock: Clock;
  readonly logger: Logger;
}

export class Journal {
  readonly #options: JournalOptions;
  /** Each once, as in `#waiting`; lists, since a turn of few must not cost two sets. */
  #scheduled: Participant[] = [];
  /** Passes of the event loop that this turn has seen, and whether the present one brought more. */
  #passes = 0;
  #gathered = false;
  /** Whose changes wait for the disk. */
  #waiting: Participant[] = [];
  #backlog: GroupChange[] = [];
  #failure: StorageError | undefined;
  #stopped = false;
  observer: JournalObserver | undefined;

  constructor(options: JournalOptions) {
    this.#options = options;
  }

  /** Why nothing can be persisted at the moment, if that is so. */
  get failure(): StorageError | undefined {
    return this.#failure;
  }

  /** Calls the participant at the end of this turn. */
  schedule(participant: Participant): void {
    if (this.#scheduled.length === 0) {
      this.#passes = 0;
      this.#options.clock.endOfTurn(this.#endPass);
    }
    addOnce(this.#scheduled, participant);
  }

  /** As `schedule`, for something of which more is likely to come in a moment. */
  gather(participant: Participant): void {
    this.schedule(participant);
    this.#gathered = true;
  }

  stop(): void {
    this.#stopped = true;
  }

  readonly #endPass = (): void => {
    this.#passes += 1;
    if (this.#gathered && this.#passes < GATHERING_PASSES_MAX) {
      this.#gathered = false;
      this.#options.clock.endOfTurn(this.#endPass);
    } else {
      this.#gathered = false;
      this.#endTurn();
    }
  };

  #endTurn(): void {
    const scheduled = this.#scheduled;
    this.#scheduled = [];
    if (this.#stopped) {
      return;
    }
    this.#together(() => {
      for (const participant of scheduled) {
        this.#backlog.push(...participant.takeChanges());
        addOnce(this.#waiting, participant);
      }
    });
    if (this.#failure === undefined) {
      this.#commit();
    }
  }

  #commit(): void {
    if (SHORTCUT === "ack-before-commit") {
      this.#tell();
    }
    if (this.#backlog.length > 0) {
      try {
        this.#store(this.#backlog);
      } catch (error) {
        if (!(error instanceof StorageError)) {
          throw error;
        }
        this.#failed(error);
        return;
      }
      this.#backlog = [];
      this.#recovered();
    }
    this.#tell();
  }

  #store(changes: readonly GroupChange[]): void {
    const { storage, clock } = this.#options;
    if (this.observer === undefined) {
      storage.commit(changes);
      return;
    }
    const startedMs = clock.nowMs();
    storage.commit(changes);
    const entries = changes.reduce((sum, change) => sum + (change.entries?.length ?? 0), 0);
    this.observer.committed(clock.nowMs() - startedMs, entries);
  }

  #tell(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#together(() => {
      for (const participant of waiting) {
        participant.persisted();
      }
    });
  }

  /** Copies must have left before the own transaction begins: so a turn has two parts. */
  #together(say: () => void): void {
    const { network } = this.#options;
    if (network.together === undefined) {
      say();
    } else {
      network.together(say);
    }
  }

  #failed(error: StorageError): void {
    const { clock, logger } = this.#options;
    this.observer?.failed();
    if (this.#failure === undefined) {
      logger.error("storage.failed", { reason: error.message });
    }
    this.#failure = error;
    for (const participant of this.#waiting) {
      participant.storageFailed(error);
    }
    clock.after(RETRY_AFTER_MS, () => {
      if (!this.#stopped) {
        this.#commit();
      }
    });
  }

  #recovered(): void {
    if (this.#failure !== undefined) {
      this.#failure = undefined;
      this.#options.logger.info("storage.recovered");
    }
  }
}

function addOnce(participants: Participant[], participant: Participant): void {
  if (!participants.includes(participant)) {
    participants.push(participant);
  }
}
