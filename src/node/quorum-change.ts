/** The shell around a change of the write quorum, see core/quorum-entry.ts. */
import type { Clock } from "../base/clock.ts";
import type { KvError } from "../base/errors.ts";
import type { Entry } from "../core/entry.ts";
import type { Leader } from "../core/leader.ts";
import { isSettled } from "../core/quorum-entry.ts";
import { SHORTCUT } from "../core/shortcut.ts";
import type { LeaderHost } from "./leader-host.ts";
import { tooFewCanConfirm } from "./not-enough-replicas.ts";
import type { PeerLinks } from "./peer-links.ts";
import { quorumTimeout, ReadWaits } from "./read-waits.ts";

export interface QuorumChangeOptions {
  readonly leader: Leader<unknown>;
  readonly links: PeerLinks;
  readonly host: LeaderHost;
  readonly clock: Clock;
  /** Stores this entry and sends it to the followers. */
  send(entry: Entry): void;
}

export class QuorumChange {
  readonly #options: QuorumChangeOptions;
  /** By the sequence of the entry that asks for the quorum. */
  readonly #waits = new ReadWaits(quorumTimeout);
  #asked = 0;

  constructor(options: QuorumChangeOptions) {
    this.#options = options;
  }

  /** Somebody waits for a lower quorum to hold. */
  get busy(): boolean {
    return !this.#waits.empty;
  }

  /**
   * Asks for another write quorum and resolves when it holds for writes. Throws
   * `not_enough_replicas` or `overloaded` where a lower one can't be committed and `force` is not
   * set.
   */
  async ask(wanted: { target: number; force: boolean; deadlineMs: number }): Promise<void> {
    const { leader, clock, host, send } = this.#options;
    const { target, force, deadlineMs } = wanted;
    if (target === leader.quorum.target && (isSettled(leader.quorum) || !force)) {
      return;
    }
    const { writes } = leader.quorumTowards(target);
    const lower = writes > target;
    if (lower && force) {
      host.possibleLoss(
        `The write quorum was forced down to ${target}: a node that takes over without having ` +
          "heard of it may miss acknowledged writes.",
      );
    } else if (lower && SHORTCUT !== "quorum-early" && leader.availableCount < writes) {
      throw this.#refusal(writes);
    }
    const entry = leader.changeQuorum({ target, force, nowMs: clock.nowMs() });
    this.#asked = entry.sequence;
    send(entry);
    if (lower && !isSettled(leader.quorum)) {
      await this.#waits.forCommit(entry.sequence, deadlineMs);
    } else {
      await host.stored();
    }
  }

  /** Ends the change when it is time; to be called whenever a follower has spoken. */
  settle(): void {
    const { leader, clock, send } = this.#options;
    if (isSettled(leader.quorum)) {
      return;
    }
    const entry = leader.settleQuorum(clock.nowMs());
    if (entry !== undefined) {
      send(entry);
      this.#waits.committed(this.#asked);
    }
  }

  fail(error: () => KvError): void {
    this.#waits.fail(error);
  }

  expire(nowMs: number): void {
    this.#waits.expire(nowMs);
  }

  #refusal(writes: number): KvError {
    const { leader, links } = this.#options;
    const missing = links.peers.filter((_, index) => {
      const progress = leader.followers[index];
      return !(progress?.connected && progress.synced);
    });
    return tooFewCanConfirm(
      leader,
      writes,
      missing.map(({ address }) => address),
    );
  }
}
