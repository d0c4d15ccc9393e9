/**
 * Linearizable reads at a leader: what is read is committed, and enough nodes have answered a beat
 * that was sent after the read was asked for, so that nobody can have taken over before. One beat
 * serves all reads that ask in one turn.
 */
import type { KvError } from "../base/errors.ts";
import type { Entry } from "../core/entry.ts";
import type { Leader } from "../core/leader.ts";
import type { Replica } from "../core/replica.ts";
import { SHORTCUT } from "../core/shortcut.ts";
import { notEnoughReplicas } from "./not-enough-replicas.ts";
import { ReadWaits, readTimeout } from "./read-waits.ts";

export interface ConfirmedReadsOptions {
  readonly leader: Leader<unknown>;
  readonly replica: Replica;
  /** Has every follower answer at the end of this turn. */
  beat(): void;
}

export class ConfirmedReads {
  readonly #options: ConfirmedReadsOptions;
  readonly #waits = new ReadWaits(readTimeout);
  #beat = 0;

  constructor(options: ConfirmedReadsOptions) {
    this.#options = options;
  }

  get busy(): boolean {
    return !this.#waits.empty;
  }

  /** The last beat that was sent. */
  get lastBeat(): number {
    return this.#beat;
  }

  /** Gives the number of a beat that is sent now. */
  nextBeat(): number {
    this.#beat += 1;
    return this.#beat;
  }

  /**
   * Resolves with what is committed at the key once the leadership is confirmed after this call.
   */
  async read(key: string, deadlineMs: number): Promise<Entry | undefined> {
    const { leader, replica } = this.#options;
    await this.#confirmation(deadlineMs);
    const entry = replica.get(key);
    if (entry !== undefined && !leader.isCommitted(entry)) {
      await this.#waits.forCommit(entry.sequence, deadlineMs);
    }
    return entry;
  }

  committed(sequence: number): void {
    this.#waits.committed(sequence);
  }

  /** To be called whenever a follower has answered a beat, or a beat was sent. */
  confirm(): void {
    if (this.busy) {
      const { leader } = this.#options;
      const needed = leader.confirmationsNeeded;
      this.#waits.confirmed((beat) => beat <= this.#beat && leader.confirmations(beat) >= needed);
    }
  }

  fail(error: () => KvError): void {
    this.#waits.fail(error);
  }

  expire(nowMs: number): void {
    this.#waits.expire(nowMs);
  }

  /** Resolves when enough nodes have answered a beat that was sent after this call. */
  #confirmation(deadlineMs: number): Promise<void> {
    if (SHORTCUT === "read-unconfirmed") {
      return Promise.resolve();
    }
    const { leader, beat } = this.#options;
    const able = leader.followers.filter(
      ({ learner, connected, synced }) => !learner && connected && synced,
    ).length;
    const needed = leader.confirmationsNeeded - 1;
    if (able < needed) {
      throw notEnoughReplicas(able, needed);
    }
    beat();
    return this.#waits.forBeat(this.#beat + 1, deadlineMs);
  }
}
