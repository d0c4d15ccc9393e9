/**
 * One whole run: every campaign in turn, several laps of them, so that the memory of the last lap
 * can be held against that of the second.
 */
import fc from "fast-check";
import { Arena } from "./arena.ts";
import { type Campaign, type Failure, runCampaign, Tally } from "./campaign.ts";
import { hostileFollowers, insiders, strangers } from "./frame-campaign.ts";
import { hasGrown, type MemoryCourse, MemoryRecord } from "./memory-course.ts";
import type { FuzzOptions } from "./options.ts";
import { requests } from "./request-campaign.ts";
import { arbitrarySettings, refusalOf } from "./settings-property.ts";

export interface RunOptions extends FuzzOptions {
  /** How often the campaigns take turns. */
  readonly laps: number;
  /** For the shrinking of a finding. */
  readonly shrinkMsMax: number;
}

export interface FuzzResult {
  readonly failures: readonly Failure[];
  readonly requests: number;
  readonly frames: number;
  readonly settings: number;
  readonly outcomes: ReadonlyMap<string, number>;
  readonly memory: readonly MemoryCourse[];
}

export interface FuzzEvents {
  /** From 0 to 1, and what is under way. */
  progress(share: number, campaign: string): void;
}

/** Shares of the frames: the leader dials its hostile follower again only after a while. */
const FRAME_SHARES = [
  { make: strangers, share: 0.45 },
  { make: insiders, share: 0.45 },
  { make: hostileFollowers, share: 0.1 },
] as const;

const MEMORY_EVERY_MS = 250;

/** Sends it all; throws only if the nodes can't even be started. */
export async function fuzz(options: RunOptions, events: FuzzEvents): Promise<FuzzResult> {
  const run = new FuzzRun(options, events);
  return await run.toEnd();
}

class FuzzRun {
  readonly #options: RunOptions;
  readonly #events: FuzzEvents;
  /** Set when the nodes are there. */
  #deadlineMs = Number.POSITIVE_INFINITY;
  readonly #memory = new MemoryRecord();
  readonly #tally = new Tally(() => this.#moved());
  readonly #failures: Failure[] = [];
  #campaign = "";
  #settings = 0;

  constructor(options: RunOptions, events: FuzzEvents) {
    this.#options = options;
    this.#events = events;
  }

  async toEnd(): Promise<FuzzResult> {
    this.#readSettings();
    const arena = await Arena.start();
    this.#deadlineMs = performance.now() + this.#options.minutes * 60_000;
    try {
      for (let lap = 0; lap < this.#options.laps && this.#failures.length === 0; lap++) {
        await this.#lap(arena, lap);
      }
      if (this.#failures.length === 0) await arena.checkRestart();
      arena.checkLogs();
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const { seed } = this.#options;
      this.#failures.push({ campaign: "the nodes", seed, path: "", message, counterexample: "" });
    } finally {
      await arena.stop();
    }
    return this.#result();
  }

  async #lap(arena: Arena, lap: number): Promise<void> {
    const { laps, requests: allRequests, frames: allFrames } = this.#options;
    const tally = this.#tally;
    const requestGoal = (allRequests * (lap + 1)) / laps;
    const steps = [{ campaign: requests(arena, tally), done: () => tally.requests >= requestGoal }];
    let frameGoal = (allFrames * lap) / laps;
    for (const { make, share } of FRAME_SHARES) {
      frameGoal += (allFrames * share) / laps;
      const goal = Math.min(frameGoal, allFrames);
      steps.push({ campaign: make(arena, tally), done: () => tally.frames >= goal });
    }
    for (const [index, step] of steps.entries()) {
      // None takes the time of those that come after it.
      const leftMs = this.#deadlineMs - performance.now();
      const deadlineMs = performance.now() + leftMs / (steps.length - index);
      await this.#run(arena, { ...step, lap, deadlineMs });
    }
  }

  async #run(
    arena: Arena,
    step: {
      readonly campaign: Campaign;
      readonly done: () => boolean;
      readonly lap: number;
      readonly deadlineMs: number;
    },
  ): Promise<void> {
    if (this.#failures.length > 0) return;
    const { campaign, done, lap, deadlineMs } = step;
    this.#campaign = campaign.name;
    let measured = 0;
    const measuring: Campaign = {
      ...campaign,
      check: async (sent) => {
        await campaign.check(sent);
        if (performance.now() - measured < MEMORY_EVERY_MS) return;
        measured = performance.now();
        this.#memory.add(lap, await arena.memory());
      },
    };
    const failure = await runCampaign(measuring, arena, {
      seed: (this.#options.seed + lap * 1_000_003) | 0,
      enough: done,
      deadlineMs,
      shrinkMsMax: this.#options.shrinkMsMax,
    });
    if (failure !== undefined) this.#failures.push(failure);
  }

  #readSettings(): void {
    this.#campaign = "settings";
    const { settings, seed } = this.#options;
    const property = fc.property(arbitrarySettings, (given) => {
      this.#settings += 1;
      this.#tally.ended(refusalOf(given) === undefined ? "setting taken" : "setting refused");
    });
    const result = fc.check(property, { numRuns: settings, seed });
    if (!result.failed) return;
    this.#failures.push({
      ...{ campaign: "settings", seed, path: result.counterexamplePath ?? "" },
      message: String(result.errorInstance),
      counterexample: fc.stringify(result.counterexample),
    });
  }

  #moved(): void {
    const { requests: requestGoal, frames: frameGoal } = this.#options;
    const sent = this.#tally.requests + this.#tally.frames;
    const goal = Math.max(1, requestGoal + frameGoal);
    this.#events.progress(Math.min(1, sent / goal), this.#campaign);
  }

  #result(): FuzzResult {
    const memory = this.#memory.courses();
    for (const course of memory.filter(hasGrown)) {
      const megabytes = (bytes: number) => `${Math.round(bytes / 1024 ** 2)} MiB`;
      const { node, what, early, late } = course;
      const message = `${what} of ${node} grew from ${megabytes(early)} to ${megabytes(late)}`;
      const { seed } = this.#options;
      this.#failures.push({ campaign: "memory", seed, path: "", message, counterexample: "" });
    }
    return {
      failures: this.#failures,
      requests: this.#tally.requests,
      frames: this.#tally.frames,
      settings: this.#settings,
      outcomes: this.#tally.outcomes,
      memory,
    };
  }
}
