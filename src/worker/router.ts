/**
 * Brings a call to the primary of its partition: this worker itself, or another one over one step.
 *
 * Where there is none for a moment (a takeover, a handover, a worker that is down) the call waits
 * here and is tried again, so that its client sees a slow answer and no error. A write is tried
 * again only where it was certainly not carried out: it was refused, or never sent.
 */
import type { Clock } from "../base/clock.ts";
import { type ErrorCode, KvError } from "../base/errors.ts";
import { generationOf } from "../core/epoch.ts";
import type { GroupLeader } from "../node/group-leader.ts";
import type { Node } from "../node/node.ts";
import type { Sent } from "./forward-port.ts";
import { forwardLost, noPrimary, readLost, type Whereabouts, whereaboutsOf } from "./refusals.ts";
import type { WorkerMap } from "./worker-map.ts";

/** Between two attempts; each pause is twice the last one. */
const FIRST_PAUSE_MS = 4;
const PAUSE_MS_MAX = 100;

/** What passes when the primary changes or its followers come back. */
const PASSING: ReadonlySet<ErrorCode> = new Set([
  ...(["recovering", "not_leader", "not_enough_replicas", "stopping"] as const),
]);
/** After these a read may be asked again too. */
const PASSING_FOR_READS: ReadonlySet<ErrorCode> = new Set([...PASSING, "leader_changed"]);

/** A call that a partition's primary answers. */
export interface PrimaryCall<T> {
  /** It changes something. */
  readonly writes: boolean;
  /** This worker leads the partition. */
  here(leader: GroupLeader): Promise<T>;
  /** That worker does, by its URL. */
  there(to: string): Promise<Sent<T>>;
}

export interface RouterOptions {
  readonly node: Pick<Node, "groups" | "settings">;
  readonly map: WorkerMap;
  readonly clock: Clock;
  /** How long a call waits for a primary. */
  readonly timeoutMs: number;
  /** Called while calls wait: a newer map may be what they wait for. */
  readonly outdated: () => void;
}

type Attempt<T> =
  | { readonly done: true; readonly answer: T }
  | { readonly done: false; readonly error: KvError };

export class Router {
  readonly #options: RouterOptions;
  /** By partition, what a refusal has told that is newer than the own map. */
  readonly #hints = new Map<number, Whereabouts>();
  /** By partition, those who wait for it. */
  readonly #waiting = new Map<number, Set<() => void>>();
  #sentOn = 0;

  constructor(options: RouterOptions) {
    this.#options = options;
  }

  /** How many calls were sent on so far. */
  get sentOn(): number {
    return this.#sentOn;
  }

  /** Resolves with the primary's answer, or rejects with a KvError when the time is over. */
  async run<T>(partition: number, call: PrimaryCall<T>): Promise<T> {
    const { clock, timeoutMs } = this.#options;
    const deadlineMs = clock.nowMs() + timeoutMs;
    let elsewhere = false;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, PAUSE_MS_MAX)) {
      const attempt = await this.#attempt(partition, call, elsewhere);
      if (attempt.done) {
        return attempt.answer;
      }
      if (clock.nowMs() + pauseMs > deadlineMs) {
        throw attempt.error;
      }
      this.#options.outdated();
      await this.#pause(partition, pauseMs);
      // A primary that hears no follower may be one no longer, or may be just about to end.
      elsewhere = !elsewhere;
    }
  }

  /** URL of who leads the partition, as far as is known. */
  primaryOf(partition: number): string | undefined {
    return this.#whereabouts(partition).primary;
  }

  /** Something has changed for this partition: whoever waits for it tries again. */
  wake(partition: number): void {
    const waiting = this.#waiting.get(partition);
    if (waiting !== undefined) {
      this.#waiting.delete(partition);
      for (const go of waiting) {
        go();
      }
    }
  }

  /** Resolves after the pause, or before, when something changes. */
  #pause(partition: number, pauseMs: number): Promise<void> {
    return new Promise((resolve) => {
      const waiting = this.#waiting.get(partition) ?? new Set();
      this.#waiting.set(partition, waiting);
      const cancel = this.#options.clock.after(pauseMs, () => {
        waiting.delete(go);
        resolve();
      });
      const go = () => {
        cancel();
        resolve();
      };
      waiting.add(go);
    });
  }

  /** `elsewhere`: rather at another worker that leads a newer generation, if there is one. */
  async #attempt<T>(
    partition: number,
    call: PrimaryCall<T>,
    elsewhere: boolean,
  ): Promise<Attempt<T>> {
    const { node } = this.#options;
    const where = this.#whereabouts(partition);
    const { primary } = where;
    const leader = node.groups.get(partition)?.leader;
    const isOld = leader !== undefined && generationOf(leader.epoch) < (where.generation ?? 0);
    if (leader !== undefined && !(elsewhere && isOld && primary !== node.settings.address)) {
      try {
        return { done: true, answer: await call.here(leader) };
      } catch (error) {
        return again(error, call.writes);
      }
    }
    if (primary === undefined) {
      return { done: false, error: noPrimary(where, "the controller has named none yet") };
    }
    if (primary === node.settings.address) {
      return { done: false, error: noPrimary(where, "this worker is taking it over") };
    }
    this.#sentOn += 1;
    return this.#judge(where, primary, await call.there(primary), call.writes);
  }

  #judge<T>(where: Whereabouts, to: string, sent: Sent<T>, writes: boolean): Attempt<T> {
    switch (sent.kind) {
      case "answer":
        return { done: true, answer: sent.answer };
      case "unsent":
        return { done: false, error: noPrimary(where, `${to} can't be reached`) };
      case "error":
        this.#learn(where.partition, sent.error);
        return again(sent.error, writes);
      case "lost":
        if (writes) {
          throw forwardLost(to, where.partition);
        }
        return { done: false, error: readLost(to, where.partition) };
    }
  }

  #whereabouts(partition: number): Whereabouts {
    const known = whereaboutsOf(partition, this.#options.map.get(partition));
    const hint = this.#hints.get(partition);
    if (hint === undefined) {
      return known;
    }
    if ((hint.generation ?? 0) > (known.generation ?? 0)) {
      return hint;
    }
    this.#hints.delete(partition);
    return known;
  }

  /** Who was asked wrongly may know better whom to ask. */
  #learn(asked: number, { details }: KvError): void {
    const { partition, primary, generation } = details;
    if (
      partition === asked &&
      typeof primary === "string" &&
      typeof generation === "number" &&
      generation > (this.#whereabouts(asked).generation ?? 0)
    ) {
      this.#hints.set(asked, { partition, primary, generation });
    }
  }
}

/** Whether the call may be made again after this; else it fails with that. */
function again(error: unknown, writes: boolean): { done: false; error: KvError } {
  if (!(error instanceof KvError) || !mayPass(error, writes)) {
    throw error;
  }
  return { done: false, error };
}

/**
 * Whether a call that failed so may be made again, and may then succeed. A failed write says what
 * became of it; where nothing is said it had not come to a write yet: the removal of an absent key
 * is a read.
 */
export function mayPass(error: KvError, writes: boolean): boolean {
  return writes && error.outcome !== undefined
    ? PASSING.has(error.code) && error.outcome === "refused"
    : PASSING_FOR_READS.has(error.code);
}
