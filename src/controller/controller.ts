/**
 * The controller of a partitioned cluster: it takes in heartbeats and time, lets the pure plan
 * decide, stores what was decided, and only then tells anybody.
 *
 * A *round* is one plan, at most one a turn of the event loop, after a heartbeat or a look at the
 * clock. When the disk fails the round changes nothing, heartbeats are refused (they still count as
 * signs of life), and the round is tried again; workers go on with the map that they have.
 *
 * It is built from a clock, randomness and a store, so that the simulator builds the same one.
 */
import type { Cancel, Clock } from "../base/clock.ts";
import { KvError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import { isoTime } from "../base/time-of-day.ts";
import type { ClusterIdentity } from "../core/assignment.ts";
import { SHORTCUT } from "../core/shortcut.ts";
import { StorageError } from "../core/storage.ts";
import type { ControllerPort, Heartbeat, HeartbeatAnswer } from "../node/heartbeat.ts";
import { assignmentsSince } from "./assignments-since.ts";
import type { ClusterState, PlanSettings } from "./cluster-state.ts";
import { createCluster } from "./create-cluster.ts";
import { type ClusterEvent, EventLog } from "./events.ts";
import { heard, setDraining } from "./hear.ts";
import {
  type ClusterSettings,
  checkSettings,
  identityOfFirst,
  identityOfSettings,
} from "./identity.ts";
import { pass } from "./pass.ts";
import { apply, isEmpty, plan } from "./plan.ts";
import { decisionRecords, fromRecords, identityRecord, type StoredCluster } from "./records.ts";
import { Refusals } from "./refusals.ts";
import { refused, stopping, storageFailed, unknownWorker } from "./refused.ts";
import { Rounds } from "./rounds.ts";
import type { ControllerStore, RecordChange } from "./store.ts";

/** A member that is away longer is forgotten: it comes back blank. */
const RETAIN_MS = 3_600_000;

export interface ControllerOptions extends ClusterSettings {
  readonly nodeId: string;
  /** Addresses of the workers that are expected at the first start. */
  readonly workers: readonly string[];
  readonly heartbeatTimeoutMs: number;
  readonly checkIntervalMs: number;
  /** How many partitions may be moving at once in the whole cluster. */
  readonly rebalancePartitions: number;
  /** How long tombstones are kept for a former member that is away; default: an hour. */
  readonly retainMs?: number;
}

export interface ControllerParts {
  readonly settings: ControllerOptions;
  readonly clock: Clock;
  readonly random: Random;
  /** The controller does not close it. */
  readonly store: ControllerStore;
  readonly logger: Logger;
  /** Milliseconds since 1970, for the events. */
  readonly timeOfDayMs: () => number;
}

/** Of the mistake `generation-reissued`: so much too late it stores. */
const LATE_MS = 20;

/** How often what has happened, since this controller started. */
export interface ControllerCounters {
  /** Heartbeats by the code of their refusal; `taken` for the others. */
  readonly heartbeats: Record<string, number>;
  /** Events by type. */
  readonly events: Record<string, number>;
  /** Assignments that were decided. */
  assignments: number;
  /** Transactions that were stored. */
  commits: number;
  /** Transactions that could not be stored. */
  failures: number;
}

/** One controller. `start` begins to judge; `stop` ends it. */
export class Controller implements ControllerPort {
  readonly settings: ControllerOptions;
  readonly refusals = new Refusals();
  readonly counters: ControllerCounters = {
    heartbeats: {},
    events: {},
    assignments: 0,
    commits: 0,
    failures: 0,
  };
  readonly #parts: ControllerParts;
  readonly #stored: StoredCluster;
  readonly #events: EventLog;
  #startedMs: number;
  #state: ClusterState | undefined;
  readonly #rounds: Rounds;
  #stopped = false;
  #cancelTimer: Cancel = () => {};

  /**
   * Reads the store. Throws ClusterSettingError where the settings are not those of the stored
   * cluster, and StorageError where the store can't be read.
   */
  constructor(parts: ControllerParts) {
    const { settings, store, clock, logger } = parts;
    this.#parts = parts;
    this.settings = settings;
    this.#stored = fromRecords(store.load());
    this.#events = new EventLog(this.#stored.events);
    this.#rounds = new Rounds({ clock, logger, run: () => this.#decide() });
    this.#startedMs = clock.nowMs();
    if (this.#stored.identity !== undefined) {
      checkSettings(this.#stored.identity, settings);
    }
  }

  /** Begins; throws StorageError where a new cluster can't be stored. */
  start(): void {
    const { clock, settings, random } = this.#parts;
    this.#startedMs = clock.nowMs();
    const { identity } = this.#stored;
    if (identity !== undefined) {
      this.#state = this.#stateOf(identity);
    } else {
      const own = identityOfSettings(settings, random);
      if (own !== undefined) {
        this.#found(own);
      }
    }
    this.#cancelTimer = clock.every(settings.checkIntervalMs, () => this.#look());
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelTimer();
    this.#rounds.stop();
  }

  /** What is known, as it is stored and heard; undefined before the first worker registers. */
  get state(): ClusterState | undefined {
    return this.#state;
  }

  /** Why nothing can be stored at the moment, if that is so. */
  get failure(): StorageError | undefined {
    return this.#rounds.failure;
  }

  /** Why nothing can be decided at the moment, as a sentence for people, if that is so. */
  get problem(): string | undefined {
    const { failure } = this;
    return failure === undefined
      ? this.#state?.behind
      : `It can't store what it decides: ${failure.message}`;
  }

  /** The last events, oldest first. */
  get events(): readonly ClusterEvent[] {
    return this.#events.all;
  }

  get uptimeMs(): number {
    return this.nowMs - this.#startedMs;
  }

  get nowMs(): number {
    return this.#parts.clock.nowMs();
  }

  /** The time of day of a moment of the clock, as ISO 8601. */
  timeOf(momentMs: number): string {
    const { timeOfDayMs } = this.#parts;
    return isoTime(timeOfDayMs() - (this.nowMs - momentMs));
  }

  /**
   * Takes a heartbeat in and answers with what is stored once its consequences are. Rejects with
   * `invalid_request`, `not_member`, `id_taken` or `storage_failed`.
   */
  async heartbeat(heartbeat: Heartbeat): Promise<HeartbeatAnswer> {
    try {
      const { state, wantsAll } = this.#hear(heartbeat);
      await this.#rounds.next();
      this.#count("taken");
      this.refusals.forget(heartbeat.id, heartbeat.address);
      return {
        cluster: state.identity,
        mapVersion: state.mapVersion,
        assignments: assignmentsSince(state, heartbeat.mapVersion),
        wantsAll,
      };
    } catch (error) {
      if (error instanceof KvError) {
        this.#refused(heartbeat, error);
      }
      throw error;
    }
  }

  /** Empties a worker, or stops doing so; resolves when stored. Rejects: `not_found`, `unsafe`. */
  async drain(worker: string, draining: boolean): Promise<void> {
    const message = this.#state?.behind;
    if (message !== undefined) {
      throw refused({ code: "controller_behind", message });
    }
    if (this.#state === undefined || !setDraining(this.#state, worker, draining)) {
      throw unknownWorker(worker, [...(this.#state?.byId.keys() ?? [])]);
    }
    await this.#rounds.next();
  }

  #hear(heartbeat: Heartbeat): { state: ClusterState; wantsAll: boolean } {
    if (this.#stopped) {
      throw stopping();
    }
    const state = this.#state ?? this.#foundBy(heartbeat);
    const answer = heard(state, heartbeat, this.nowMs);
    if (answer.refused !== undefined) {
      throw refused(answer.refused);
    }
    return { state, wantsAll: answer.wantsAll };
  }

  #foundBy(heartbeat: Heartbeat): ClusterState {
    try {
      return this.#found(identityOfFirst(this.settings, heartbeat, this.#parts.random));
    } catch (error) {
      if (error instanceof StorageError) {
        throw storageFailed(error);
      }
      throw error;
    }
  }

  /** Begins a cluster; stored before anybody hears its id. */
  #found(identity: ClusterIdentity): ClusterState {
    this.#commit([identityRecord(identity)]);
    const { name, partitions, replicas, writeQuorum } = identity;
    this.#parts.logger.info("cluster.founded", { name, partitions, replicas, writeQuorum });
    this.#state = this.#stateOf(identity);
    return this.#state;
  }

  #stateOf(identity: ClusterIdentity): ClusterState {
    const { settings } = this.#parts;
    const planSettings: PlanSettings = {
      heartbeatTimeoutMs: settings.heartbeatTimeoutMs,
      checkIntervalMs: settings.checkIntervalMs,
      movesAtOnce: settings.rebalancePartitions,
      retainMs: settings.retainMs ?? RETAIN_MS,
      expected: settings.workers,
    };
    const { workers, assignments } = this.#stored;
    const nowMs = this.nowMs;
    return createCluster({ identity, settings: planSettings, workers, assignments, nowMs });
  }

  #look(): void {
    if (this.#state !== undefined) {
      pass(this.#state, this.nowMs);
      this.#rounds.soon();
    }
  }

  /** One round; throws StorageError where its decisions could not be stored, and do not hold. */
  #decide(): void {
    const state = this.#state;
    if (state === undefined) {
      return;
    }
    const decisions = plan(state, this.nowMs);
    const at = isoTime(this.#parts.timeOfDayMs());
    const events = this.#events.number(decisions.events, at);
    if (!isEmpty(decisions)) {
      const changes = [...decisionRecords(decisions), ...this.#events.changesFor(events)];
      if (SHORTCUT === "generation-reissued") {
        this.#parts.clock.after(LATE_MS, () => this.#commit(changes));
      } else {
        this.#commit(changes);
      }
      this.counters.assignments += decisions.assignments.length;
    }
    apply(state, decisions, this.nowMs);
    this.#events.add(events);
    for (const { number: _number, at: _at, type, ...fields } of events) {
      this.counters.events[type] = (this.counters.events[type] ?? 0) + 1;
      this.#parts.logger.info(`cluster.${type}`, fields);
    }
  }

  #commit(changes: readonly RecordChange[]): void {
    try {
      this.#parts.store.commit(changes);
    } catch (error) {
      this.counters.failures += 1;
      throw error;
    }
    this.counters.commits += 1;
  }

  #refused(heartbeat: Heartbeat, error: KvError): void {
    this.#count(error.code);
    const { id, address } = heartbeat;
    const at = this.timeOf(this.nowMs);
    if (this.refusals.add({ id, address, error: error.code, message: error.message, at })) {
      this.#parts.logger.warn("heartbeat.refused", { worker: id, address, reason: error.message });
    }
  }

  #count(outcome: string): void {
    const { heartbeats } = this.counters;
    heartbeats[outcome] = (heartbeats[outcome] ?? 0) + 1;
  }
}
