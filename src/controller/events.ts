/** What happened lately, for people: the last few events, in memory and in the store. */
import type { PlanEvent } from "./plan-events.ts";
import type { RecordChange } from "./store.ts";

/** So many are kept. */
export const EVENTS_KEPT = 200;

export interface ClusterEvent extends PlanEvent {
  /** 1, 2, 3 … as long as the cluster lives. */
  readonly number: number;
  /** ISO 8601, by the controller's clock. */
  readonly at: string;
}

export class EventLog {
  #events: readonly ClusterEvent[];

  constructor(stored: readonly ClusterEvent[]) {
    this.#events = stored.toSorted((one, other) => one.number - other.number).slice(-EVENTS_KEPT);
  }

  /** Oldest first. */
  get all(): readonly ClusterEvent[] {
    return this.#events;
  }

  /** The next numbers and a time for these; they are not in the log until `add`. */
  number(events: readonly PlanEvent[], at: string): readonly ClusterEvent[] {
    const last = this.#events.at(-1)?.number ?? 0;
    return events.map((event, index) => ({ number: last + 1 + index, at, ...event }));
  }

  /** What to store so that these are kept, and as many of the others as there is room for. */
  changesFor(added: readonly ClusterEvent[]): readonly RecordChange[] {
    const kept = [...this.#events, ...added];
    const dropped = this.#events.slice(0, Math.max(0, kept.length - EVENTS_KEPT));
    return [
      ...added.slice(-EVENTS_KEPT).map((event) => toChange(event.number, event)),
      ...dropped.map(({ number }) => toChange(number, undefined)),
    ];
  }

  add(events: readonly ClusterEvent[]): void {
    this.#events = [...this.#events, ...events].slice(-EVENTS_KEPT);
  }
}

function toChange(number: number, value: ClusterEvent | undefined): RecordChange {
  return { kind: "event", id: String(number), value };
}
