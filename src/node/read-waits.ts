/**
 * What linearizable reads wait for: that a write is committed, and that enough nodes have answered
 * a beat. One beat serves all reads that asked in one turn.
 */
import { KvError } from "../base/errors.ts";

interface Wait {
  readonly deadlineMs: number;
  resolve(): void;
  reject(error: KvError): void;
}

export class ReadWaits {
  readonly #timeout: () => KvError;
  readonly #commits = new Map<number, Wait[]>();
  /** In the order of beats. */
  readonly #beats = new Map<number, Wait[]>();

  /** `timeout` makes what those are told whose time is over. */
  constructor(timeout: () => KvError) {
    this.#timeout = timeout;
  }

  /** Nobody waits. */
  get empty(): boolean {
    return this.#commits.size === 0 && this.#beats.size === 0;
  }

  /** Resolves when `committed` is called for this sequence. */
  forCommit(sequence: number, deadlineMs: number): Promise<void> {
    return enlist(this.#commits, sequence, deadlineMs);
  }

  /** Resolves when `confirmed` is called for this beat or a later one. */
  forBeat(beat: number, deadlineMs: number): Promise<void> {
    return enlist(this.#beats, beat, deadlineMs);
  }

  committed(sequence: number): void {
    const waits = this.#commits.get(sequence);
    if (waits !== undefined) {
      this.#commits.delete(sequence);
      for (const wait of waits) {
        wait.resolve();
      }
    }
  }

  /** `isConfirmed` says of a beat whether enough nodes have answered it. */
  confirmed(isConfirmed: (beat: number) => boolean): void {
    for (const [beat, waits] of this.#beats) {
      if (!isConfirmed(beat)) {
        break;
      }
      this.#beats.delete(beat);
      for (const wait of waits) {
        wait.resolve();
      }
    }
  }

  /** Rejects every wait. */
  fail(error: () => KvError): void {
    this.#reject(Number.POSITIVE_INFINITY, error);
  }

  /** Rejects the waits whose time is over. */
  expire(nowMs: number): void {
    this.#reject(nowMs, this.#timeout);
  }

  #reject(nowMs: number, error: () => KvError): void {
    for (const lists of [this.#commits, this.#beats]) {
      for (const [at, waits] of lists) {
        const left = waits.filter((wait) => wait.deadlineMs > nowMs);
        if (left.length === waits.length) {
          continue;
        }
        for (const wait of waits) {
          if (wait.deadlineMs <= nowMs) {
            wait.reject(error());
          }
        }
        if (left.length === 0) {
          lists.delete(at);
        } else {
          lists.set(at, left);
        }
      }
    }
  }
}

function enlist(lists: Map<number, Wait[]>, at: number, deadlineMs: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const wait = { deadlineMs, resolve, reject };
  const waits = lists.get(at);
  if (waits === undefined) {
    lists.set(at, [wait]);
  } else {
    waits.push(wait);
  }
  return promise;
}

export function readTimeout(): KvError {
  return new KvError({
    code: "quorum_timeout",
    message:
      "Too few followers answered in time for a linearizable read; try again, or read with " +
      "level=local.",
  });
}

export function quorumTimeout(): KvError {
  return new KvError({
    code: "quorum_timeout",
    message:
      "Too few followers confirmed the new quorum in time; it is still asked for and holds when " +
      "they do. GET /config says what holds now.",
    outcome: "indeterminate",
  });
}
