/**
 * Times of planned changes, when every call has to succeed: it may only wait. Where this machine
 * was so busy that this process itself stood still for a moment, or that the controller missed
 * heartbeats of a worker which nobody touched, nothing can be said.
 */
import type { Answered } from "../../../linearizability/recorder.ts";
import type { Life } from "../life.ts";
import type { Crew } from "./crew.ts";
import type { ClusterTally } from "./tally.ts";

const LOOK_EVERY_MS = 20;
/** So late a timer of this process may be. */
const LATE_MS_MAX = 150;

interface Period {
  readonly sinceMs: number;
  /** The number of the last event before it. */
  readonly event: number;
  readonly failures: string[];
  writes: number;
  /** How late a timer was at most. */
  lateMs: number;
  readonly timer: Timer;
}

export class Calm {
  readonly #crew: Crew;
  readonly #tally: ClusterTally;
  /** Those whose heartbeats may be missed. */
  readonly #gone = new Set<string>();
  #period: Period | undefined;

  constructor(crew: Crew, tally: ClusterTally) {
    this.#crew = crew;
    this.#tally = tally;
  }

  /** This worker ends or comes in this time. */
  excuse({ id }: Life): void {
    this.#gone.add(id);
  }

  async begin(): Promise<void> {
    if (this.#period !== undefined) throw new Error("it is calm already");
    const events = await this.#crew.eventsAfter(0);
    const event = events.at(-1)?.number ?? 0;
    let lookedMs = performance.now();
    const timer = setInterval(() => {
      const nowMs = performance.now();
      period.lateMs = Math.max(period.lateMs, nowMs - lookedMs - LOOK_EVERY_MS);
      lookedMs = nowMs;
    }, LOOK_EVERY_MS);
    timer.unref();
    const period: Period = {
      ...{ sinceMs: lookedMs, event, failures: [], writes: 0, lateMs: 0 },
      timer,
    };
    this.#period = period;
  }

  /** Takes in what a client was answered. */
  note({ operation, status, body }: Answered, asked: Life): void {
    const period = this.#period;
    if (period === undefined || operation.invokedAtMs < period.sinceMs) return;
    const { kind, key, outcome } = operation;
    if (outcome !== "ok") {
      const tookMs = (performance.now() - operation.invokedAtMs).toFixed(0);
      const answer = status === 0 ? "not at all" : `${status} ${body.slice(0, 300)}`;
      period.failures.push(
        `in a planned change a ${kind} of ${key} at ${asked.id} was answered ${answer} ` +
          `after ${tookMs} ms`,
      );
    } else if (kind !== "read") period.writes += 1;
  }

  /** Ends it; sentences on what failed in this time. */
  async end(): Promise<readonly string[]> {
    const period = this.#period;
    this.#period = undefined;
    if (period === undefined) return [];
    clearInterval(period.timer);
    const tally = this.#tally;
    if (period.failures.length === 0) {
      tally.calmRounds += 1;
      tally.calmWrites += period.writes;
      return [];
    }
    const events = await this.#crew.eventsAfter(period.event);
    const missed = events.some(({ type, worker }) => {
      return type === "worker_down" && !this.#gone.has(worker ?? "");
    });
    const disturbed = missed || period.lateMs > LATE_MS_MAX;
    if (disturbed) tally.disturbedRounds += 1;
    return disturbed ? [] : period.failures;
  }
}
