/**
 * What a load has seen, one row a request, in the order in which they were started. Nothing is
 * rounded, sampled or put into buckets: at a few million rows the exact numbers cost less memory
 * than the nodes under test, and percentiles are then simply true.
 */
import { type Failure, NO_FAILURES, type Settlement } from "./protocol.ts";

export interface LoadRecord {
  /** Requests that were started. */
  readonly requests: number;
  /**
   * Milliseconds from the moment at which the request was due to its answer or failure; in a closed
   * loop a request is due when it is sent.
   */
  readonly latencyMs: Float64Array;
  /** Milliseconds from the send to the answer or failure. */
  readonly serviceMs: Float64Array;
  /** The answer's status, 0 where there was none or it says that the request failed. */
  readonly status: Uint16Array;
  /** The answers' bodies; empty texts where they were not kept. */
  readonly bodies: readonly string[];
  readonly failures: Readonly<Record<Failure, number>>;
  /** What the first failed request was told, where it was told something. */
  readonly complaint: string | undefined;
  /** From the first request's start to the last one's end. */
  readonly durationMs: number;
  /** User and system time of this process meanwhile. */
  readonly cpuSeconds: number;
}

const ROWS_FIRST = 1024;
/** Characters of what a server says that are worth showing. */
const COMPLAINT_MAX = 300;

/** Collects the rows of one load. */
export class LoadRecorder {
  #latencyMs = new Float64Array(ROWS_FIRST);
  #serviceMs = new Float64Array(ROWS_FIRST);
  #status = new Uint16Array(ROWS_FIRST);
  readonly #bodies: string[] = [];
  readonly #failures: Record<Failure, number> = { ...NO_FAILURES };
  #complaint: string | undefined;
  readonly #startedAt = performance.now();
  readonly #cpuAtStart = process.cpuUsage();
  #endedAt = this.#startedAt;
  #started = 0;
  #settled = 0;
  readonly #keepBodies: boolean;

  constructor(options: { keepBodies: boolean }) {
    this.#keepBodies = options.keepBodies;
  }

  /** The moment, as performance.now(), from which the load counts. */
  get startedAt(): number {
    return this.#startedAt;
  }

  get started(): number {
    return this.#started;
  }

  get settled(): number {
    return this.#settled;
  }

  /** The row of the next request. */
  start(): number {
    const row = this.#started;
    this.#started += 1;
    if (row === this.#status.length) this.#grow();
    return row;
  }

  /**
   * Fills a row: when the request was due, when it was sent, and what became of it. Gives back the
   * time, as performance.now().
   */
  settle(row: number, times: { dueAt: number; sentAt: number }, settlement: Settlement): number {
    const now = performance.now();
    this.#latencyMs[row] = now - times.dueAt;
    this.#serviceMs[row] = now - times.sentAt;
    this.#status[row] = settlement.failure === undefined ? settlement.status : 0;
    if (this.#keepBodies) this.#bodies[row] = settlement.body;
    if (settlement.failure !== undefined) this.#fail(settlement.failure, settlement);
    this.#settled += 1;
    this.#endedAt = now;
    return now;
  }

  /** The rows so far; every started request must be settled. */
  finish(): LoadRecord {
    const { user, system } = process.cpuUsage(this.#cpuAtStart);
    return {
      requests: this.#started,
      latencyMs: this.#latencyMs.slice(0, this.#started),
      serviceMs: this.#serviceMs.slice(0, this.#started),
      status: this.#status.slice(0, this.#started),
      bodies: this.#bodies,
      failures: this.#failures,
      complaint: this.#complaint,
      durationMs: this.#endedAt - this.#startedAt,
      cpuSeconds: (user + system) / 1e6,
    };
  }

  #fail(failure: Failure, { status, body }: Settlement): void {
    this.#failures[failure] += 1;
    if (this.#complaint !== undefined || (status === 0 && body === "")) return;
    const told = body.length > COMPLAINT_MAX ? `${body.slice(0, COMPLAINT_MAX)} …` : body;
    this.#complaint = status === 0 ? told : `${status} ${told}`.trim();
  }

  #grow(): void {
    const rows = this.#status.length * 2;
    this.#latencyMs = grown(this.#latencyMs, new Float64Array(rows));
    this.#serviceMs = grown(this.#serviceMs, new Float64Array(rows));
    this.#status = grown(this.#status, new Uint16Array(rows));
  }
}

function grown<Column extends Float64Array | Uint16Array>(from: Column, to: Column): Column {
  to.set(from);
  return to;
}
