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

/** Those who wait for one beat. */
interface BeatWaits {
  readonly beat: number;
  waits: Wait[];
}

export class ReadWaits {
  readonly #timeout: () => KvError;
  readonly #commits = new Map<number, Wait[]>();
  /**
   * In the order of beats. No `Map`, which leaves garbage that lives long where it is filled and
   * emptied all the time (see core/sequence-window.ts).
   */
  #beats: BeatWaits[] = [];

  /** `timeout` makes what those are told whose time is over. */
  constructor(timeout: () => KvError) {
    this.#timeout = timeout;
  }

  /** Nobody waits. */
  get empty(): boolean {
    return this.#commits.size === 0 && this.#beats.length === 0;
  }

  /** Resolves when `committed` is called for this sequence. */
  forCommit(sequence: number, deadlineMs: number): Promise<void> {
    const waits = this.#commits.get(sequence) ?? [];
    this.#commits.set(sequence, waits);
    return enlist(waits, deadlineMs);
  }

  /** Resolves when `confirmed` is called for this beat or a later one; beats only grow. */
  forBeat(beat: number, deadlineMs: number): Promise<void> {
    let last = this.#beats[this.#beats.length - 1];
    if (last?.beat !== beat) {
      last = { beat, waits: [] };
      this.#beats.push(last);
    }
    return enlist(last.waits, deadlineMs);
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
    let over = 0;
    for (const { beat, waits } of this.#beats) {
      if (!isConfirmed(beat)) {
        break;
      }
      over += 1;
      for (const wait of waits) {
        wait.resolve();
      }
    }
    if (over > 0) {
      this.#beats = this.#beats.slice(over);
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
    for (const [sequence, waits] of this.#commits) {
      const left = stillWaiting(waits, nowMs, error);
      if (left.length === 0) {
        this.#commits.delete(sequence);
      } else {
        this.#commits.set(sequence, left);
      }
    }
    for (const at of this.#beats) {
      at.waits = stillWaiting(at.waits, nowMs, error);
    }
    this.#beats = this.#beats.filter(({ waits }) => waits.length > 0);
  }
}

/** Rejects those whose time is over and gives the others. */
function stillWaiting(waits: Wait[], nowMs: number, error: () => KvError): Wait[] {
  const left = waits.filter(({ deadlineMs }) => deadlineMs > nowMs);
  if (left.length === waits.length) {
    return waits;
  }
  for (const wait of waits) {
    if (wait.deadlineMs <= nowMs) {
      wait.reject(error());
    }
  }
  return left;
}

function enlist(waits: Wait[], deadlineMs: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  waits.push({ deadlineMs, resolve, reject });
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
