/**
 * The writes that a leader has accepted and that are not committed yet.
 *
 * A write is committed once the leader's own storage has it and `required` followers acknowledged
 * it. Acknowledgements come in any order and more than once (a follower that reconnects repeats
 * what it holds), so each write keeps a bit for every holder and counts each holder once.
 *
 * A write whose client was told `indeterminate` stays here, without a waiter, until it is
 * committed: the commit watermark must pass it in the end.
 *
 * Cost: one small object a write, one look-up an acknowledgement; no scan of all waiting writes
 * except when a follower is lost, or comes back without its memory.
 */
import { SequenceWindow } from "./sequence-window.ts";

/** Bit 0 is the leader's own storage, bit i + 1 follower i; bits of a 32-bit integer. */
export const FOLLOWERS_MAX = 30;

const OWN_STORAGE = 1;

/** `Waiter` is whatever the shell wants back when the write settles. */
export interface PendingWrite<Waiter> {
  readonly sequence: number;
  /** Followers that must acknowledge. */
  required: number;
  readonly acceptedAtMs: number;
  /** What it costs to keep, nearly. */
  readonly bytes: number;
  /** Followers that have acknowledged so far. */
  acks: number;
  /** Who holds it, a bit each. */
  holders: number;
  /** Undefined once the client was told that the outcome is not known. */
  waiter: Waiter | undefined;
}

export class PendingWrites<Waiter> {
  /** In the order of acceptance, which is the order of sequences and of deadlines. */
  readonly #writes: SequenceWindow<PendingWrite<Waiter>>;
  /** Nobody waits for any of them up to here: what is stuck for long is not looked at again. */
  #releasedUpTo: number;
  #persistedUpTo: number;
  #bytes = 0;
  /** Committed by a lowered quorum and not told yet. */
  #lowered: PendingWrite<Waiter>[] = [];

  /** Everything up to `sequence` is committed and in the leader's storage to begin with. */
  constructor(sequence: number) {
    this.#writes = new SequenceWindow(sequence);
    this.#persistedUpTo = sequence;
    this.#releasedUpTo = sequence;
  }

  /** How many accepted writes are not committed. */
  get count(): number {
    return this.#writes.size;
  }

  /** The sequence up to which every write is committed. */
  get commitWatermark(): number {
    return this.#writes.first - 1;
  }

  isCommitted(sequence: number): boolean {
    return this.#writes.get(sequence) === undefined;
  }

  /** Bytes, nearly, of all of them. */
  get bytes(): number {
    return this.#bytes;
  }

  add(write: Omit<PendingWrite<Waiter>, "acks" | "holders">): void {
    this.#bytes += write.bytes;
    this.#writes.add(write.sequence, { ...write, acks: 0, holders: 0 });
  }

  /**
   * More than this none of them needs any more: without it, a raise that can't be reached and was
   * taken back would hold the commit watermark for ever. `persisted` returns what that committed.
   */
  lower(required: number): void {
    for (const write of this.#writes.values()) {
      if (write.required > required) {
        write.required = required;
        this.#settle(write, this.#lowered);
      }
    }
  }

  /** The leader's own storage has everything up to `sequence`. Returns what that committed. */
  persisted(sequence: number): PendingWrite<Waiter>[] {
    const settled = this.#lowered;
    this.#lowered = [];
    while (this.#persistedUpTo < sequence) {
      this.#persistedUpTo += 1;
      this.#hold(this.#persistedUpTo, OWN_STORAGE, settled);
    }
    return settled;
  }

  /**
   * Follower `follower` (0 …) holds every sequence in (after, upTo] and those in `above`. Returns
   * what that committed.
   */
  acknowledged(
    follower: number,
    after: number,
    upTo: number,
    above: readonly number[],
  ): PendingWrite<Waiter>[] {
    const settled: PendingWrite<Waiter>[] = [];
    if (this.#writes.size === 0) {
      return settled;
    }
    const bit = 2 << follower;
    // A catch-up may raise a watermark by millions that were committed long ago.
    const first = Math.max(after + 1, this.#writes.first);
    for (let sequence = first; sequence <= upTo; sequence++) {
      this.#hold(sequence, bit, settled);
    }
    for (const sequence of above) {
      this.#hold(sequence, bit, settled);
    }
    return settled;
  }

  /** Follower `follower` has lost its memory: what it acknowledged before counts no more. */
  forget(follower: number): void {
    const bit = 2 << follower;
    for (const write of this.#writes.values()) {
      if ((write.holders & bit) !== 0) {
        write.holders &= ~bit;
        write.acks -= 1;
      }
    }
  }

  /** Takes the waiters of the writes accepted at or before `acceptedAtMs`: their time is over. */
  expired(acceptedAtMs: number): { write: PendingWrite<Waiter>; waiter: Waiter }[] {
    const over: { write: PendingWrite<Waiter>; waiter: Waiter }[] = [];
    let sequence = Math.max(this.#releasedUpTo, this.commitWatermark);
    for (; sequence < this.#writes.newest; sequence++) {
      const write = this.#writes.get(sequence + 1);
      if (write !== undefined && write.acceptedAtMs > acceptedAtMs) {
        break;
      }
      if (write !== undefined) {
        this.#release(write, over);
      }
    }
    this.#releasedUpTo = sequence;
    return over;
  }

  /**
   * Takes the waiters of the writes that can't reach their quorum: even if every follower in
   * `reachable` (bits as in `holders`) acknowledged, it would not be enough.
   */
  unreachable(reachable: number): { write: PendingWrite<Waiter>; waiter: Waiter }[] {
    const over: { write: PendingWrite<Waiter>; waiter: Waiter }[] = [];
    for (const write of this.#writes.values()) {
      if (countBits((write.holders | reachable) & ~OWN_STORAGE) < write.required) {
        this.#release(write, over);
      }
    }
    return over;
  }

  #release(
    write: PendingWrite<Waiter>,
    over: { write: PendingWrite<Waiter>; waiter: Waiter }[],
  ): void {
    if (write.waiter !== undefined) {
      over.push({ write, waiter: write.waiter });
      write.waiter = undefined;
    }
  }

  #hold(sequence: number, bit: number, settled: PendingWrite<Waiter>[]): void {
    const write = this.#writes.get(sequence);
    if (write === undefined || (write.holders & bit) !== 0) {
      return;
    }
    write.holders |= bit;
    if (bit !== OWN_STORAGE) {
      write.acks += 1;
    }
    this.#settle(write, settled);
  }

  #settle(write: PendingWrite<Waiter>, settled: PendingWrite<Waiter>[]): void {
    if (write.acks >= write.required && (write.holders & OWN_STORAGE) !== 0) {
      this.#writes.delete(write.sequence);
      this.#bytes -= write.bytes;
      settled.push(write);
    }
  }
}

function countBits(bits: number): number {
  let left = bits;
  let count = 0;
  while (left !== 0) {
    left &= left - 1;
    count += 1;
  }
  return count;
}
