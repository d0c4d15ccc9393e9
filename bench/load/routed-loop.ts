/**
 * The closed loop over several targets: N clients, each of which sends its next request when the
 * answer to its last one has come, over its own connection to the target that the request is for.
 *
 * What happens for each request is what the driver costs, and it shares its cores with what it
 * measures: no promise, no timer, no closure, one look at the clock, which ends one request and
 * begins the next.
 */
import { Connection } from "./connection.ts";
import { type LoadOptions, openAll, startSweep, TIMEOUT_MS_DEFAULT } from "./load.ts";
import type { Target } from "./load-spec.ts";
import type { Settlement } from "./protocol.ts";
import { type LoadRecord, LoadRecorder } from "./record.ts";

export interface RoutedLoopOptions extends Omit<LoadOptions, keyof Target> {
  readonly targets: readonly Target[];
  readonly clients: number;
  /** The place of the target that a request is for, by its number and client; default the first. */
  readonly route?: (index: number, client: number) => number;
  /** Starts nothing more after this time. */
  readonly seconds?: number;
  /** Goes before it, over the same connections, and leaves no rows; default 0. */
  readonly warmUpSeconds?: number;
}

export interface RoutedLoopRecord extends LoadRecord {
  /** The number of the request in the first row, after those of the warm-up. */
  readonly firstIndex: number;
}

/** Belongs to the warm-up, which is over: its settlement is nobody's. */
const NO_ROW = -1;

/** Runs the load to its end (or to the signal) and gives back a row for every request. */
export function runRoutedLoop(options: RoutedLoopOptions): Promise<RoutedLoopRecord> {
  return new RoutedLoop(options).run();
}

class RoutedLoop {
  readonly #options: RoutedLoopOptions;
  /** Of client c to target t at c * targets + t. */
  readonly #connections: readonly Connection[];
  readonly #rows: Int32Array;
  readonly #sentAt: Float64Array;
  readonly #done = Promise.withResolvers<void>();
  #recorder: LoadRecorder | undefined;
  #warmUpEndsAt = 0;
  #endsAt = Number.POSITIVE_INFINITY;
  #index = 0;
  #firstIndex = 0;
  #underWay = 0;
  #stopped = false;

  constructor(options: RoutedLoopOptions) {
    const { targets, clients } = options;
    this.#options = options;
    this.#rows = new Int32Array(clients).fill(NO_ROW);
    this.#sentAt = new Float64Array(clients);
    const settled = (connection: Connection, settlement: Settlement) =>
      this.#settled(connection.id, settlement);
    this.#connections = Array.from({ length: clients * targets.length }, (_, place) => {
      const target = targets[place % targets.length] as Target;
      const connectionOptions = {
        ...target,
        timeoutMs: options.timeoutMs ?? TIMEOUT_MS_DEFAULT,
        keepBodies: options.keepBodies ?? false,
        followLeader: options.followLeader ?? true,
        ...(options.dialogue === undefined ? {} : { dialogue: options.dialogue }),
      };
      return new Connection(Math.floor(place / targets.length), connectionOptions, settled);
    });
  }

  async run(): Promise<RoutedLoopRecord> {
    const { clients, seconds, warmUpSeconds = 0, signal, onProgress } = this.#options;
    const stop = () => {
      this.#stopped = true;
    };
    signal?.addEventListener("abort", stop);
    if (signal?.aborted) stop();
    await openAll(this.#connections);
    this.#recorder = this.#newRecorder();
    this.#warmUpEndsAt = this.#recorder.startedAt + warmUpSeconds * 1000;
    if (seconds !== undefined) this.#endsAt = this.#warmUpEndsAt + seconds * 1000;
    const tell = () => onProgress?.(this.#recorder?.settled ?? 0);
    const sweep = startSweep(this.#connections, tell);
    for (let client = 0; client < clients; client++) this.#next(client, performance.now());
    await this.#done.promise;
    sweep.stop();
    signal?.removeEventListener("abort", stop);
    tell();
    const record = this.#recorder.finish();
    this.#recorder = undefined;
    for (const connection of this.#connections) connection.close();
    return { ...record, firstIndex: this.#firstIndex };
  }

  #newRecorder(): LoadRecorder {
    return new LoadRecorder({ keepBodies: this.#options.keepBodies ?? false });
  }

  #settled(client: number, settlement: Settlement): void {
    const recorder = this.#recorder;
    if (recorder === undefined) return;
    this.#underWay -= 1;
    const row = this.#rows[client] ?? NO_ROW;
    const at = this.#sentAt[client] ?? 0;
    const now =
      row === NO_ROW
        ? performance.now()
        : recorder.settle(row, { dueAt: at, sentAt: at }, settlement);
    this.#next(client, now);
  }

  #next(client: number, now: number): void {
    if (this.#warmUpEndsAt > 0 && now >= this.#warmUpEndsAt) this.#beginToCount();
    const recorder = this.#recorder as LoadRecorder;
    const { requests, request, route, targets } = this.#options;
    if (this.#stopped || now >= this.#endsAt || recorder.started >= requests) {
      if (this.#underWay === 0) this.#done.resolve();
      return;
    }
    const index = this.#index;
    this.#index += 1;
    this.#underWay += 1;
    this.#rows[client] = recorder.start();
    this.#sentAt[client] = now;
    const target = route === undefined ? 0 : route(index, client);
    const connection = this.#connections[client * targets.length + target];
    if (connection === undefined) throw new RangeError(`there is no target ${target}`);
    connection.send(request(index, client), now);
  }

  #beginToCount(): void {
    this.#warmUpEndsAt = 0;
    if (this.#index === 0) return;
    this.#recorder = this.#newRecorder();
    this.#rows.fill(NO_ROW);
    this.#firstIndex = this.#index;
  }
}
