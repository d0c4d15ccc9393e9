/**
 * One write's wait: a promise that the k-th acknowledgement settles, or the time-out, or the
 * certainty that the quorum can't be reached any more, whichever comes first.
 *
 * It holds no timer: one sweep over the writes in order of acceptance serves them all.
 */
import { KvError } from "../base/errors.ts";
import type { Entry } from "../core/entry.ts";
import { formatVersion } from "../core/version.ts";

export interface Acknowledged {
  readonly entry: Entry;
  readonly acks: number;
  readonly required: number;
}

export class QuorumRace {
  readonly #wait = Promise.withResolvers<Acknowledged>();
  /** Given by the leader as it accepts the write. */
  entry: Entry | undefined;

  get settled(): Promise<Acknowledged> {
    return this.#wait.promise;
  }

  acknowledged(acks: number, required: number): void {
    this.#wait.resolve({ entry: this.entry as Entry, acks, required });
  }

  timedOut(acks: number, required: number, timeoutMs: number): void {
    this.#fail(
      "quorum_timeout",
      `${acks} of ${required} followers confirmed within ${timeoutMs} ms; the write may survive, ` +
        "so read the key before you write it again.",
      { acks, required },
    );
  }

  unreachable(acks: number, required: number): void {
    this.#fail(
      "quorum_unreachable",
      `Followers were lost and ${required} confirmations can't be reached any more, ` +
        `${acks} came; the write may survive, so read the key before you write it again.`,
      { acks, required },
    );
  }

  /** The leader stops before the outcome is known. */
  abandoned(acks: number, required: number): void {
    this.#fail(
      "quorum_unreachable",
      `This leader stops, ${acks} of ${required} followers had confirmed; ` +
        "the write may survive, so read the key before you write it again.",
      { acks, required },
    );
  }

  /** Another node leads, or wants to. */
  leaderChanged(acks: number, required: number): void {
    this.#fail(
      "leader_changed",
      `This node leads no more, ${acks} of ${required} followers had confirmed; ` +
        "the write may survive, so read the key at the new leader before you write it again.",
      { acks, required },
    );
  }

  /** The leader's own disk has failed. */
  storageFailed(acks: number, required: number): void {
    this.#fail(
      "storage_failed",
      "This leader's disk has failed before the write was stored; it is tried again, so the " +
        "write may survive: read the key before you write it again.",
      { acks, required },
    );
  }

  #fail(
    code: "quorum_timeout" | "quorum_unreachable" | "leader_changed" | "storage_failed",
    message: string,
    counts: { acks: number; required: number },
  ): void {
    const version = formatVersion(this.entry as Entry);
    this.#wait.reject(
      new KvError({ code, message, outcome: "indeterminate", details: { ...counts, version } }),
    );
  }
}
