/** The clients of one round, with every answer in the ledger and in the counts. */
import { type Random, randomBelow } from "../../../src/base/random.ts";
import type { Operation } from "../../linearizability/history.ts";
import type { Answered } from "../../linearizability/recorder.ts";
import { startRecording } from "../../linearizability/recorder.ts";
import { waitUntil } from "../../support/wait-until.ts";
import type { Counts } from "./counts.ts";
import type { Ledger } from "./ledger.ts";

const CLIENTS = 8;
const KEYS = 10;
/** Longer than the nodes' own REPLICATION_TIMEOUT. */
const TIMEOUT_MS = 1_000;

/** Whom the clients ask. */
export interface Route {
  /** URL of whom this client asks next. */
  targetOf(client: number): string;
  /** Takes in how it was answered; resolves when the client may ask again. */
  answered(answered: Answered): Promise<void>;
}

export interface LoadOptions {
  /** Begins the name of every key, so that each round has its own. */
  readonly label: string;
  readonly route: Route;
  readonly random: Random;
  readonly ledger: Ledger;
  readonly tally: Counts;
  /** How many keys; 10 unless told. */
  readonly keys?: number;
  /** How long a client waits for an answer, in ms; 1 s unless told. */
  readonly timeoutMs?: number;
}

export class Load {
  readonly keys: readonly string[];
  /** What should never be answered, as sentences. */
  readonly faults: string[] = [];
  readonly #recording: ReturnType<typeof startRecording>;
  /** Keys with an acknowledged write since `everywhere` was called. */
  readonly #written = new Set<string>();
  #acknowledged = 0;
  #confirmedReads = 0;

  constructor({ label, route, random, ledger, tally, ...options }: LoadOptions) {
    const { keys = KEYS, timeoutMs = TIMEOUT_MS } = options;
    this.keys = Array.from({ length: keys }, (_, index) => `${label}-${index}`);
    this.#recording = startRecording({
      targetOf: (_, client) => route.targetOf(client),
      clients: CLIENTS,
      operations: Number.MAX_SAFE_INTEGER,
      keys: this.keys,
      random,
      timeoutMs,
      label,
      answered: (answered) => {
        const { operation, status, body } = answered;
        ledger.note(operation, body);
        tally.count(operation);
        if (operation.outcome === "ok") this.#count(operation);
        if (body.includes('"storage_failed"')) tally.refusedByFullDisks += 1;
        if (status >= 500 && status !== 503 && status !== 504) {
          this.faults.push(`${operation.kind} of ${operation.key} was answered ${status}: ${body}`);
        }
        return route.answered(answered);
      },
    });
  }

  /** Resolves when so many more writes were acknowledged and as many reads were answered. */
  async progress(operations: number, timeoutMs: number): Promise<void> {
    const writes = this.#acknowledged + operations;
    const reads = this.#confirmedReads + operations;
    const what = `${operations} more acknowledged writes and as many reads`;
    await waitUntil(() => this.#acknowledged >= writes && this.#confirmedReads >= reads, {
      what,
      timeoutMs,
      intervalMs: 5,
    });
  }

  /** Resolves when each key was written, or deleted, once more. */
  async everywhere(timeoutMs: number): Promise<void> {
    this.#written.clear();
    await waitUntil(() => this.#written.size === this.keys.length, {
      what: "a write of every key",
      timeoutMs,
      intervalMs: 5,
    }).catch((error: Error) => {
      const without = this.keys.filter((key) => !this.#written.has(key));
      throw new Error(`${error.message} (none of ${without.join(", ")})`);
    });
  }

  /** Ends it; resolves with all operations. */
  stop(): Promise<readonly Operation[]> {
    this.#recording.stop();
    return this.#recording.history;
  }

  #count({ kind, key }: Operation): void {
    if (kind === "read") this.#confirmedReads += 1;
    else {
      this.#acknowledged += 1;
      this.#written.add(key);
    }
  }
}

/** A pause of up to so many ms, so that what comes next may come at any moment. */
export async function anyMoment(random: Random, msMax: number): Promise<void> {
  await Bun.sleep(randomBelow(random, msMax + 1));
}
