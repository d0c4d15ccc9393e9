/**
 * The bound on writes that wait for their quorum, over all partitions that a worker leads: each of
 * them keeps to the same bound alone, but there may be hundreds.
 */
import type { Clock } from "../base/clock.ts";
import { KvError } from "../base/errors.ts";
import type { Node } from "../node/node.ts";

/** So long a sum counts: adding up hundreds of partitions for every write would cost too much. */
const SUM_LASTS_MS = 5;

export class PendingBudget {
  readonly #node: Pick<Node, "groups" | "settings">;
  readonly #clock: Clock;
  #sum = 0;
  #summedMs = Number.NEGATIVE_INFINITY;

  constructor(node: Pick<Node, "groups" | "settings">, clock: Clock) {
    this.#node = node;
    this.#clock = clock;
  }

  /** Throws `overloaded` where no write may be accepted now. */
  check(): void {
    const nowMs = this.#clock.nowMs();
    if (nowMs - this.#summedMs >= SUM_LASTS_MS) {
      this.#summedMs = nowMs;
      this.#sum = 0;
      for (const { leader } of this.#node.groups.values()) {
        this.#sum += leader?.pendingBytes ?? 0;
      }
    }
    if (this.#sum >= this.#node.settings.pendingBytes) {
      throw new KvError({
        code: "overloaded",
        message:
          "Too many writes wait for their other copies; write again in a moment, or raise " +
          "PENDING_BYTES.",
        outcome: "refused",
      });
    }
  }
}
