/**
 * A worker's heartbeats: one every so often, and one at once when there is something worth telling
 * (a copy began to lead, became open, is up to date): a takeover goes as fast as its parts talk.
 *
 * One is under way at a time. Only reports that have changed since the last one that was answered
 * are told; when an answer is lost nobody knows what arrived, so the next one tells them all.
 */
import type { Cancel, Clock } from "../base/clock.ts";
import { KvError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import {
  type ControllerPort,
  type CopyReport,
  HEARTBEAT_PROTOCOL,
  type Heartbeat,
  type HeartbeatAnswer,
} from "../node/heartbeat.ts";

/** Nearer than this two heartbeats never follow each other, whatever there is to tell. */
const SPACING_MS = 50;
/**
 * So often a worker asks whose calls wait for a newer map, one that has no map yet, one with a copy
 * that no primary tends (it may be the next), and one that has just heard of a change: where
 * partitions move, one step follows the other, and each would else wait for a beat.
 */
const IMPATIENT_MS = 200;

export interface HeartbeatsOptions {
  readonly controller: ControllerPort;
  readonly intervalMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Everything but the reports. */
  readonly introduce: () => Omit<Heartbeat, "protocol" | "copies" | "complete">;
  readonly reports: () => Iterable<CopyReport>;
  /** One of its copies has lost its primary. */
  readonly orphaned: () => boolean;
  /** Takes an answer in; a KvError that it throws counts as the controller's refusal. */
  readonly heard: (answer: HeartbeatAnswer) => void;
}

/** How it stands with the controller; `reason` is a sentence for people. */
export type Contact =
  | { readonly state: "none" }
  | { readonly state: "heard" }
  | { readonly state: "lost" | "refused"; readonly reason: string };

export class Heartbeats {
  readonly #options: HeartbeatsOptions;
  /** By partition, what the controller has confirmed to know; undefined: tell all. */
  #told: ReadonlyMap<number, string> | undefined;
  #contact: Contact = { state: "none" };
  #underWay = false;
  #hasNews = false;
  #lastSentMs = Number.NEGATIVE_INFINITY;
  /** When an answer last told of a change. */
  #changeHeardMs = Number.NEGATIVE_INFINITY;
  #plannedMs = Number.POSITIVE_INFINITY;
  #cancel: Cancel = () => {};
  #stopped = false;

  constructor(options: HeartbeatsOptions) {
    this.#options = options;
  }

  get contact(): Contact {
    return this.#contact;
  }

  start(): void {
    this.#plan(this.#options.clock.nowMs());
  }

  /** There may be something worth hearing. */
  soonish(): void {
    if (!this.#underWay && Number.isFinite(this.#lastSentMs)) {
      this.#plan(this.#lastSentMs + IMPATIENT_MS);
    }
  }

  /** There is something worth telling. */
  soon(): void {
    this.#hasNews = true;
    if (!this.#underWay && Number.isFinite(this.#lastSentMs)) {
      this.#plan(this.#lastSentMs + SPACING_MS);
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel();
  }

  #plan(atMs: number): void {
    if (this.#stopped || atMs >= this.#plannedMs) {
      return;
    }
    this.#cancel();
    this.#plannedMs = atMs;
    const { clock } = this.#options;
    this.#cancel = clock.after(Math.max(0, atMs - clock.nowMs()), () => void this.#send());
  }

  async #send(): Promise<void> {
    const { clock, controller, introduce, intervalMs, heard } = this.#options;
    this.#plannedMs = Number.POSITIVE_INFINITY;
    this.#underWay = true;
    this.#hasNews = false;
    this.#lastSentMs = clock.nowMs();
    const { copies, complete, telling } = this.#collect();
    let waitMs = intervalMs;
    try {
      const answer = await controller.heartbeat({
        protocol: HEARTBEAT_PROTOCOL,
        ...introduce(),
        copies,
        complete,
      });
      if (!this.#stopped) {
        this.#told = answer.wantsAll ? undefined : telling;
        this.#hasNews ||= answer.wantsAll;
        heard(answer);
        this.#heardAgain();
        waitMs = this.#isPatient(answer) ? intervalMs : Math.min(IMPATIENT_MS, intervalMs);
      }
    } catch (error) {
      this.#told = undefined;
      this.#failed(error);
    }
    this.#underWay = false;
    this.#plan(this.#lastSentMs + (this.#hasNews ? SPACING_MS : waitMs));
  }

  #isPatient({ mapVersion, assignments }: HeartbeatAnswer): boolean {
    const { clock, intervalMs, orphaned } = this.#options;
    const nowMs = clock.nowMs();
    if (assignments.length > 0) {
      this.#changeHeardMs = nowMs;
    }
    return mapVersion > 0 && !orphaned() && nowMs - this.#changeHeardMs >= intervalMs;
  }

  #collect() {
    const told = this.#told;
    const telling = new Map<number, string>();
    const all: CopyReport[] = [];
    const changed: CopyReport[] = [];
    for (const report of this.#options.reports()) {
      const text = essenceOf(report);
      telling.set(report.partition, text);
      all.push(report);
      if (told?.get(report.partition) !== text) {
        changed.push(report);
      }
    }
    // That a copy is gone can only be told by naming those that are left.
    const complete = told === undefined || [...told.keys()].some((one) => !telling.has(one));
    return { copies: complete ? all : changed, complete, telling };
  }

  #heardAgain(): void {
    const { state } = this.#contact;
    this.#contact = { state: "heard" };
    if (state === "none") {
      this.#options.logger.info("controller.heard");
    } else if (state !== "heard") {
      this.#options.logger.info("controller.back");
    }
  }

  #failed(error: unknown): void {
    if (this.#stopped) {
      return;
    }
    const reason = error instanceof Error ? error.message : String(error);
    const before = this.#contact;
    if (error instanceof KvError) {
      this.#contact = { state: "refused", reason };
      if (before.state !== "refused" || before.reason !== reason) {
        this.#options.logger.error("controller.refuses", { reason });
      }
    } else {
      this.#contact = { state: "lost", reason };
      if (before.state !== "lost") {
        this.#options.logger.warn("controller.lost", { reason });
      }
    }
  }
}

/** What of a report is worth telling again: of a lag only its magnitude. */
function essenceOf(report: CopyReport): string {
  const { leads } = report;
  if (leads === undefined) {
    return JSON.stringify(report);
  }
  const followers = leads.followers.map((follower) => ({
    ...follower,
    lagEntries: Math.ceil(Math.log2(follower.lagEntries + 1)),
  }));
  return JSON.stringify({ ...report, leads: { ...leads, followers } });
}
