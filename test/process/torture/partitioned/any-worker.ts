/** How clients of a cluster choose whom to ask: any worker, each time anew, dead ones too. */
import { type Random, randomBelow } from "../../../../src/base/random.ts";
import type { Answered } from "../../../linearizability/recorder.ts";
import type { Life } from "../life.ts";
import type { Route } from "../load.ts";

/** Bounds the load: a client makes at most one operation in so long. */
const PAUSE_MS = 4;
/** Before it asks again. */
const PAUSE_MS_AFTER_FAILURE = 25;

export interface AnyWorkerOptions {
  readonly random: Random;
  /** At least one. */
  readonly workers: () => readonly Life[];
  readonly answered: (answered: Answered, asked: Life) => void;
}

export class AnyWorker implements Route {
  readonly #options: AnyWorkerOptions;
  readonly #asked = new Map<number, Life>();
  readonly #avoided = new Set<Life>();

  constructor(options: AnyWorkerOptions) {
    this.#options = options;
  }

  /** As one who spreads calls does with a worker that will be taken away. */
  avoid(worker: Life): void {
    this.#avoided.add(worker);
  }

  seek(worker: Life): void {
    this.#avoided.delete(worker);
  }

  /** Whether a client waits for an answer of this worker. */
  isAsked(worker: Life): boolean {
    return [...this.#asked.values()].includes(worker);
  }

  targetOf(client: number): string {
    const { random, workers } = this.#options;
    const possible = workers().filter((worker) => !this.#avoided.has(worker));
    const target = possible[randomBelow(random, possible.length)] as Life;
    this.#asked.set(client, target);
    return target.url;
  }

  async answered(answered: Answered): Promise<void> {
    const { client } = answered.operation;
    const asked = this.#asked.get(client) as Life;
    this.#asked.delete(client);
    this.#options.answered(answered, asked);
    const useful = answered.status === 200 || answered.status === 404;
    await Bun.sleep(useful ? PAUSE_MS : PAUSE_MS_AFTER_FAILURE);
  }
}
