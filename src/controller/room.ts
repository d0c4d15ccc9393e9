/**
 * How much is under way at once. Repairs are urgent and spread over the cluster by themselves, so
 * only what one worker takes in is bounded; what merely serves balance is bounded as a whole, and
 * waits for the repairs.
 */
import type { Bounded, ClusterState, Partition } from "./cluster-state.ts";
import { nameOf } from "./cluster-state.ts";
import { isShort } from "./membership.ts";
import type { Step } from "./step.ts";
import { viewOf } from "./view.ts";

export class Room {
  readonly #state: ClusterState;
  /** Repairs under way, by the slot that they go into. */
  readonly #into = new Map<number, number>();
  #rebalances = 0;
  #handovers: number;

  constructor(state: ClusterState) {
    this.#state = state;
    this.#handovers = state.handingOver.size;
    for (const number of state.learning) {
      this.#count(state.partitions[number] as Partition);
    }
  }

  /** Whether anything at all of this kind may begin. */
  has(kind: Bounded, into: number | undefined): boolean {
    const { movesAtOnce } = this.#state.settings;
    switch (kind) {
      case "repair":
        return (this.#into.get(into ?? -1) ?? 0) < movesAtOnce;
      case "rebalance":
        return this.#rebalances < movesAtOnce && this.#state.waiting.repair.size === 0;
      case "handover":
        return this.#handovers < movesAtOnce;
    }
  }

  /** Uses room for a step that is about to be made. */
  take(step: Step): void {
    switch (step.bounded) {
      case "repair":
        this.#into.set(step.into ?? -1, (this.#into.get(step.into ?? -1) ?? 0) + 1);
        break;
      case "rebalance":
        this.#rebalances += 1;
        break;
      case "handover":
        this.#handovers += 1;
        break;
      case undefined:
        break;
    }
  }

  /** A learner that its primary does not reach uses nothing, and does not keep others waiting. */
  #count(partition: Partition): void {
    const { assignment, lead } = partition;
    if (assignment === undefined) {
      return;
    }
    const { nowMs, settings, startedMs, sinceMs } = this.#state;
    const short = isShort(viewOf(this.#state, partition, assignment));
    for (const { worker, slot } of assignment.learners) {
      const since = sinceMs.get(nameOf(assignment.partition, worker)) ?? startedMs;
      const reached = lead?.followers.some((one) => one.worker === worker && one.connected);
      if (!reached && nowMs - since >= settings.heartbeatTimeoutMs) {
        continue;
      }
      if (short) {
        this.#into.set(slot, (this.#into.get(slot) ?? 0) + 1);
      } else {
        this.#rebalances += 1;
      }
    }
  }
}
