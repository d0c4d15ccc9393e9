/**
 * How clients find the leader by themselves: each begins at some node, goes where a refusal sends
 * it (its connection does that), and turns to another node when the one that it asks is of no use.
 */
import { type Random, randomBelow } from "../../../src/base/random.ts";
import type { Answered } from "../../linearizability/recorder.ts";
import type { Route } from "./load.ts";

/** Bounds the load: a client makes at most one operation in so long. */
const PAUSE_MS = 4;
/** Of a client that is content: it comes from anywhere again, as a new one would. */
const STRAYS = 0.05;
/** Before it asks another node. */
const PAUSE_MS_AFTER_FAILURE = 25;

export class LeaderSearch implements Route {
  readonly #urls: readonly string[];
  readonly #random: Random;
  readonly #targets = new Map<number, string>();

  constructor(urls: readonly string[], random: Random) {
    this.#urls = urls;
    this.#random = random;
  }

  targetOf(client: number): string {
    const known = this.#targets.get(client);
    if (known !== undefined) return known;
    const target = this.#urls[randomBelow(this.#random, this.#urls.length)] as string;
    this.#targets.set(client, target);
    return target;
  }

  async answered({ operation: { client }, status }: Answered): Promise<void> {
    const useful = status === 200 || status === 404;
    if (!useful || this.#random.next() < STRAYS) this.#targets.delete(client);
    await Bun.sleep(useful ? PAUSE_MS : PAUSE_MS_AFTER_FAILURE);
  }
}
