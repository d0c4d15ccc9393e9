/**
 * When a controller decides: one *round* for all that a turn of the event loop brought. Who asks
 * waits until the round is stored. When the disk fails, all who wait are told, and so is everybody
 * who asks until the round, tried again by itself, is stored.
 */
import type { Clock } from "../base/clock.ts";
import type { KvError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import { StorageError } from "../core/storage.ts";
import { stopping, storageFailed } from "./refused.ts";

/** How soon a round is tried again that could not be stored. */
const RETRY_AFTER_MS = 500;

export interface RoundsOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Decides and stores; throws StorageError when nothing was stored, and is called again then. */
  readonly run: () => void;
}

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: KvError) => void;
}

export class Rounds {
  readonly #options: RoundsOptions;
  #failure: StorageError | undefined;
  #waiting: Waiting[] = [];
  #scheduled = false;
  #stopped = false;

  constructor(options: RoundsOptions) {
    this.#options = options;
  }

  /** Why nothing can be stored at the moment, if that is so. */
  get failure(): StorageError | undefined {
    return this.#failure;
  }

  /** There is a round at the end of this turn. */
  soon(): void {
    if (this.#scheduled || this.#stopped) {
      return;
    }
    this.#scheduled = true;
    const { clock } = this.#options;
    if (this.#failure === undefined) {
      clock.endOfTurn(() => this.#run());
    } else {
      clock.after(RETRY_AFTER_MS, () => this.#run());
    }
  }

  /** Resolves when that round is stored; rejects with `storage_failed` or `stopping`. */
  next(): Promise<void> {
    this.soon();
    if (this.#stopped) {
      return Promise.reject(stopping());
    }
    if (this.#failure !== undefined) {
      return Promise.reject(storageFailed(this.#failure));
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
    });
  }

  stop(): void {
    this.#stopped = true;
    for (const one of this.#takeWaiting()) {
      one.reject(stopping());
    }
  }

  #run(): void {
    this.#scheduled = false;
    if (this.#stopped) {
      return;
    }
    try {
      this.#options.run();
    } catch (error) {
      if (!(error instanceof StorageError)) {
        throw error;
      }
      this.#failed(error);
      return;
    }
    if (this.#failure !== undefined) {
      this.#failure = undefined;
      this.#options.logger.info("storage.recovered");
    }
    for (const one of this.#takeWaiting()) {
      one.resolve();
    }
  }

  #failed(error: StorageError): void {
    if (this.#failure === undefined) {
      this.#options.logger.error("storage.failed", { reason: error.message });
    }
    this.#failure = error;
    for (const one of this.#takeWaiting()) {
      one.reject(storageFailed(error));
    }
    this.soon();
  }

  #takeWaiting(): readonly Waiting[] {
    const waiting = this.#waiting;
    this.#waiting = [];
    return waiting;
  }
}
