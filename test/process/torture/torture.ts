/** A whole run: one group after the other, each through some rounds. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSeededRandom } from "../../../src/base/random.ts";
import type { Counts } from "./counts.ts";
import { FillableDisk } from "./fillable-disk.ts";
import type { TortureOptions } from "./options.ts";
import { describePlan, drawPlans, type RoundPlan } from "./plan.ts";
import { Tally } from "./tally.ts";
import { TorturedGroup } from "./tortured-group.ts";

/** Even, so that half of a group's rounds kill the leader. */
const ROUNDS_PER_GROUP_MAX = 20;
/** So many groups at least, as far as there are rounds: every fourth one is in memory mode. */
const GROUPS_MIN = 4;
/** Apart from each other as seeds. */
const SEED_STEP = 1_000_003;

export interface TortureEvents {
  /** A round begins: `done` are over. */
  round(done: number, story: string): void;
  /** Something can't be done on this machine. */
  skipped(what: string): void;
}

export interface Verdict {
  readonly tally: Counts;
  /** Sentences on what is wrong, of the round that ended the run; none if all is well. */
  readonly wrong: readonly string[];
  /** What that round was, and where everything of it lies. */
  readonly story: string | undefined;
  readonly kept: string | undefined;
}

/** Runs until a round goes wrong, all are over, or `stop` is aborted. */
export function torture(
  options: TortureOptions,
  events: TortureEvents,
  stop: AbortSignal,
): Promise<Verdict> {
  return new Torture(options, events, stop).run();
}

class Torture {
  readonly #options: TortureOptions;
  readonly #events: TortureEvents;
  readonly #stop: AbortSignal;
  readonly #tally = new Tally();
  readonly #draws = new Map<string, () => RoundPlan>();
  #fillable = true;
  #story = "";

  constructor(options: TortureOptions, events: TortureEvents, stop: AbortSignal) {
    this.#options = options;
    this.#events = events;
    this.#stop = stop;
  }

  async run(): Promise<Verdict> {
    const tally = this.#tally;
    for (let number = 0; this.#goesOn; number++) {
      const directory = mkdtempSync(join(tmpdir(), "kvnode-torture-"));
      const wrong = await this.#group(number, directory);
      // Who interrupts this run may have told the nodes to stop, too.
      if (wrong.length > 0 && !this.#stop.aborted)
        return { tally, wrong, story: this.#story, kept: directory };
    }
    return { tally, wrong: [], story: undefined, kept: undefined };
  }

  get #goesOn(): boolean {
    return this.#tally.rounds < this.#options.rounds && !this.#stop.aborted;
  }

  /** Sentences on what is wrong, if so; the directory is gone otherwise. */
  async #group(number: number, directory: string): Promise<readonly string[]> {
    const { mode, rounds, seed } = this.#options;
    const inMemory = mode === "memory" || (mode === "both" && number % GROUPS_MIN === 3);
    const durable = !inMemory;
    const disk = durable ? this.#mount() : undefined;
    const random = createSeededRandom((seed + (number + 1) * SEED_STEP) | 0);
    const group = new TorturedGroup({ directory, durable, random, tally: this.#tally, disk });
    const draw = this.#drawFor(durable);
    const half = Math.ceil(rounds / GROUPS_MIN / 2);
    this.#story = "the start of a group";
    let wrong: readonly string[] = [];
    try {
      await group.start();
      for (let left = Math.min(ROUNDS_PER_GROUP_MAX, half * 2); left > 0; left--) {
        if (!this.#goesOn) break;
        const plan = draw();
        this.#story = `${durable ? "disk" : "memory"}: ${describePlan(plan)}`;
        this.#events.round(this.#tally.rounds, this.#story);
        wrong = await group.round(plan);
        if (wrong.length > 0) break;
        this.#tally.rounds += 1;
      }
    } catch (error) {
      wrong = [error instanceof Error ? error.message : String(error)];
    } finally {
      await group.end(wrong.length > 0 && !this.#stop.aborted);
    }
    return wrong;
  }

  #mount(): FillableDisk | undefined {
    if (!this.#fillable) return undefined;
    const disk = FillableDisk.mount();
    if (typeof disk !== "string") return disk;
    this.#fillable = false;
    this.#events.skipped(`full disks: no small one can be mounted (${disk})`);
    return undefined;
  }

  /** One for all groups of a kind, so that everything comes before anything comes again. */
  #drawFor(durable: boolean): () => RoundPlan {
    const kind = durable ? "disk" : "memory";
    const known = this.#draws.get(kind);
    if (known !== undefined) return known;
    const random = createSeededRandom(this.#options.seed + (durable ? 0 : 1));
    const draw = drawPlans(random, { durable, fillable: durable && this.#fillable });
    this.#draws.set(kind, draw);
    return draw;
  }
}
